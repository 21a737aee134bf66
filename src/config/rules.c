/* config/rules.c - see rules.h. */
#include "config/rules.h"

#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/suggest.h"
#include "config/values.h"
#include "mail/domain.h"
#include "mail/path.h"

#define MAX_PATH 200

/* A rule while its keys are read. */
struct draft {
	struct policy_rule rule;
	bool has_action, has_why, has_match;
};

struct rule_key {
	const char *name;
	enum key_entry_type type;
	/* ENTRY has the type, and PLACE its line and path. */
	void (*set)(const struct key_place *place,
	    const struct key_entry *entry, struct draft *draft);
};

static void
refuse(const struct key_place *place, const struct key_text *text,
    const char *instead)
{
	problems_add(place->problems, text->line, "%s cannot be \"%s\": %s",
	    place->path, problems_show(place->problems, text->text), instead);
}

/* ---- match --------------------------------------------------------------- */

static void
take_domains(const struct key_place *place, const struct key_entry *entry,
    struct policy_list *list)
{
	struct arena *arena = place->config->arena;
	struct slice *items = arena_alloc_array(arena, entry->n,
	    sizeof(*items));

	if (items == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < entry->n; i++)
		if (!policy_parse_pattern(arena, entry->texts[i].text,
		    &items[i]))
			refuse(place, &entry->texts[i], "write a domain, "
			    "\"example.org\", or \"*.example.org\" for all "
			    "below it");
	*list = (struct policy_list){ items, entry->n };
}

static void
set_author_domain(const struct key_place *place,
    const struct key_entry *entry, struct draft *draft)
{
	take_domains(place, entry, &draft->rule.match.author_domains);
}

static void
set_dkim_domain(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	take_domains(place, entry, &draft->rule.match.dkim_domains);
}

static void
set_sealer(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	take_domains(place, entry, &draft->rule.match.sealers);
}

static void
set_listener(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	struct slice *items = arena_alloc_array(place->config->arena,
	    entry->n, sizeof(*items));

	if (items == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < entry->n; i++) {
		items[i] = entry->texts[i].text;
		if (items[i].len == 0)
			refuse(place, &entry->texts[i], "write the name that "
			    "the MTA has in its macro {daemon_name}");
	}
	draft->rule.match.listeners = (struct policy_list){ items, entry->n };
}

static void
set_client(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	draft->rule.match.clients = values_take_networks(place, entry->texts,
	    entry->n);
	draft->rule.match.n_clients = entry->n;
}

/* "local@domain", "@domain", "local@". */
static bool
take_recipient(struct arena *arena, struct slice text,
    struct policy_recipient *recipient)
{
	size_t at = slice_find_last(text, '@');
	struct slice domain;

	if (at == SIZE_MAX || text.len == 1)
		return false;
	domain = slice_from(text, at + 1);
	recipient->local = slice_head(text, at);
	return domain.len == 0 ||
	    policy_parse_pattern(arena, domain, &recipient->domain);
}

static void
set_recipient(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	struct policy_recipient *recipients = arena_alloc_array(
	    place->config->arena, entry->n, sizeof(*recipients));

	if (recipients == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < entry->n; i++)
		if (!take_recipient(place->config->arena,
		    entry->texts[i].text, &recipients[i]))
			refuse(place, &entry->texts[i], "write "
			    "\"user@example.org\", \"@example.org\" for all "
			    "of a domain, or \"user@\" at any domain");
	draft->rule.match.recipients = recipients;
	draft->rule.match.n_recipients = entry->n;
}

/* ---- the rest of a rule -------------------------------------------------- */

static const struct key_word action_words[] = {
	{ "accept", POLICY_RULE_ACCEPT },
	{ "none", POLICY_RULE_NONE },
	{ "quarantine", POLICY_RULE_QUARANTINE },
	{ "reject", POLICY_RULE_REJECT },
	{ NULL, 0 },
};

static void
set_action(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	unsigned action;

	draft->has_action = true;
	if (key_find_word(action_words, entry->texts[0].text, &action))
		draft->rule.action = (enum policy_rule_action)action;
	else if (slice_eq(entry->texts[0].text, SLICE("shadow")))
		refuse(place, &entry->texts[0], "write the action that is to "
		    "be tried, and shadow = true; beside it");
	else
		key_refuse_word(place, entry->texts[0].text, action_words);
}

static const struct key_word when_words[] = {
	{ "not-pass", false },
	{ "always", true },
	{ NULL, 0 },
};

static void
set_when(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	unsigned is_always;

	if (key_find_word(when_words, entry->texts[0].text, &is_always))
		draft->rule.is_always = is_always != 0;
	else
		key_refuse_word(place, entry->texts[0].text, when_words);
}

static void
set_shadow(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	(void)place;
	draft->rule.is_shadow = entry->flag;
}

static void
set_why(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	struct slice why = slice_trim(entry->texts[0].text);

	draft->has_why = true;
	if (why.len == 0 || why.len > POLICY_RULE_WHY_MAX ||
	    !slice_is_ascii(why))
		refuse(place, &entry->texts[0], "write one to 200 characters "
		    "of ASCII: senders may see them in the reply");
	draft->rule.why = why;
}

static bool
is_name_octet(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* Numbers are the names of the rules that have none. */
static void
set_name(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	struct slice name = entry->texts[0].text;
	struct cursor cur = cursor_of(name);

	if (!ascii_is_alpha((char)cursor_peek(&cur)) ||
	    cursor_take_while(&cur, is_name_octet).len != name.len ||
	    name.len > POLICY_RULE_NAME_MAX)
		refuse(place, &entry->texts[0], "write a letter, then "
		    "letters, digits, \"-\", \"_\" and \".\", at most 64");
	draft->rule.name = name;
}

/* N_DIGITS of them as a number. */
static bool
take_number(struct cursor *cur, size_t n_digits, int *value_out)
{
	struct slice digits = cursor_take_while(cur, ascii_is_digit);
	uint64_t value;

	if (digits.len != n_digits || !slice_parse_uint(digits, 9999, &value))
		return false;
	*value_out = (int)value;
	return true;
}

/* "2027-01-31"; the second in which that day begins (UTC). */
static bool
parse_date(struct slice text, int64_t *start_out)
{
	struct cursor cur = cursor_of(text);
	struct tm date = { .tm_isdst = 0 };
	int day, month;
	time_t start;

	if (!take_number(&cur, 4, &date.tm_year) ||
	    !cursor_take_char(&cur, '-') || !take_number(&cur, 2, &month) ||
	    !cursor_take_char(&cur, '-') || !take_number(&cur, 2, &day) ||
	    !cursor_at_end(&cur) || date.tm_year < 1970)
		return false;
	date.tm_year -= 1900;
	date.tm_mon = month - 1;
	date.tm_mday = day;
	start = timegm(&date);	/* it makes February 30 a day of March */
	*start_out = start;
	return start != (time_t)-1 && date.tm_mon == month - 1 &&
	    date.tm_mday == day;
}

static void
set_until(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	int64_t start_s;

	draft->rule.until = entry->texts[0].text;
	if (!parse_date(entry->texts[0].text, &start_s))
		refuse(place, &entry->texts[0], "write the last day on which "
		    "it is to hold, \"2027-01-31\"");
	else
		draft->rule.end_s = start_s + CLOCK_DAY_S;
}

static const struct rule_key rule_keys[] = {
	{ "match.author_domain", KEY_ENTRY_LIST, set_author_domain },
	{ "match.dkim_domain", KEY_ENTRY_LIST, set_dkim_domain },
	{ "match.client", KEY_ENTRY_LIST, set_client },
	{ "match.sealer", KEY_ENTRY_LIST, set_sealer },
	{ "match.recipient", KEY_ENTRY_LIST, set_recipient },
	{ "match.listener", KEY_ENTRY_LIST, set_listener },
	{ "when", KEY_ENTRY_TEXT, set_when },
	{ "action", KEY_ENTRY_TEXT, set_action },
	{ "shadow", KEY_ENTRY_BOOL, set_shadow },
	{ "name", KEY_ENTRY_TEXT, set_name },
	{ "why", KEY_ENTRY_TEXT, set_why },
	{ "until", KEY_ENTRY_TEXT, set_until },
};

/* ---- a rule -------------------------------------------------------------- */

/* The key's name, or one without its group, or one that is near. */
static const char *
suggest(struct slice name)
{
	const char *nearest = NULL;
	unsigned least = 0;

	for (size_t i = 0; i < N_ELEMENTS(rule_keys); i++) {
		struct slice key = slice_from_cstr(rule_keys[i].name);
		unsigned distance = suggest_distance(name, key);

		if (slice_ends_with_nocase(key, name) &&
		    slice_starts_with(key, SLICE("match.")))
			return rule_keys[i].name;
		if (nearest == NULL || distance < least) {
			nearest = rule_keys[i].name;
			least = distance;
		}
	}
	return suggest_is_near(name, least) ? nearest : NULL;
}

static void
refuse_unknown(const struct key_place *place, const struct key_entry *entry)
{
	struct slice name = slice_from_cstr(entry->name);
	const char *meant = suggest(name);

	problems_add(place->problems, entry->line, "%s: rules have no key %s: "
	    "%s%s%s", place->path, problems_show(place->problems, name),
	    meant != NULL ? "did you mean " : "assayd.conf(5) lists all keys",
	    meant != NULL ? meant : "", meant != NULL ? "?" : "");
}

static void
refuse_type(const struct key_place *place, const struct rule_key *key)
{
	switch (key->type) {
	case KEY_ENTRY_BOOL:
		problems_add(place->problems, place->line, "%s: write true or "
		    "false, without quotes", place->path);
		return;
	case KEY_ENTRY_TEXT:
		problems_add(place->problems, place->line, "%s: write a text "
		    "in double quotes", place->path);
		return;
	case KEY_ENTRY_LIST:
	case KEY_ENTRY_OTHER:
		problems_add(place->problems, place->line, "%s: write a list "
		    "of texts, [\"...\", \"...\"]", place->path);
		return;
	}
}

static void
take_entry(const struct key_place *place, const struct rule_key *key,
    const struct key_entry *entry, struct draft *draft)
{
	struct key_place there = *place;
	struct strbuf path;

	strbuf_init(&path, place->config->arena, MAX_PATH);
	strbuf_printf(&path, "%s: %s", place->path, key->name);
	if ((there.path = strbuf_cstr(&path)) == NULL)
		return;		/* config_load looks at arena_has_failed */
	there.line = entry->line;
	if (entry->type != key->type)
		refuse_type(&there, key);
	else if (key->type == KEY_ENTRY_LIST && entry->n == 0)
		problems_add(place->problems, entry->line, "%s cannot be "
		    "empty: no mail fits it; leave it out, and any does",
		    there.path);
	else
		key->set(&there, entry, draft);
}

static void
read_entry(const struct key_place *place, const struct key_entry *entry,
    struct draft *draft)
{
	struct slice name = slice_from_cstr(entry->name);

	if (slice_starts_with(name, SLICE("match.")))
		draft->has_match = true;
	for (size_t i = 0; i < N_ELEMENTS(rule_keys); i++)
		if (slice_eq(name, slice_from_cstr(rule_keys[i].name))) {
			take_entry(place, &rule_keys[i], entry, draft);
			return;
		}
	refuse_unknown(place, entry);
}

static void
check_draft(const struct key_place *place, const struct draft *draft)
{
	if (!draft->has_match)
		problems_add(place->problems, place->line, "%s has no match: "
		    "write what mail it is for, match: { author_domain = "
		    "[\"example.org\"]; };", place->path);
	if (!draft->has_action)
		problems_add(place->problems, place->line, "%s has no action: "
		    "write action = \"accept\"; (or \"none\", \"quarantine\","
		    " \"reject\")", place->path);
	if (!draft->has_why)
		problems_add(place->problems, place->line, "%s has no why: "
		    "write why = \"...\"; for those who will wonder",
		    place->path);
	if (policy_rule_has_ended(&draft->rule, clock_wall_s()))
		problems_note(place->problems, place->line, "%s held until "
		    "%.*s (%.*s): it is off", place->path,
		    SLICE_PRINTF(draft->rule.until),
		    SLICE_PRINTF(draft->rule.why));
}

static void
read_rule(const struct key_place *place, const struct key_group *group,
    struct policy_rule *rule)
{
	struct draft draft = { .rule = { .end_s = INT64_MAX } };

	for (size_t i = 0; i < group->n; i++)
		read_entry(place, &group->entries[i], &draft);
	check_draft(place, &draft);
	*rule = draft.rule;
}

/* Rules that have no name go by their number. */
static void
name_rule(const struct key_place *place, struct policy_rule *rule, size_t i)
{
	struct strbuf name;

	if (rule->name.len != 0)
		return;
	strbuf_init(&name, place->config->arena, POLICY_RULE_NAME_MAX);
	strbuf_printf(&name, "%zu", i + 1);
	rule->name = strbuf_slice(&name);
}

static bool
is_name_taken(const struct policy_rule *rules, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(rules[i].name, name))
			return true;
	return false;
}

void
set_rules(const struct key_place *place, const struct key_group *groups,
    size_t n)
{
	struct arena *arena = place->config->arena;
	struct policy_rule *rules = arena_alloc_array(arena, n,
	    sizeof(*rules));

	if (rules == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++) {
		struct key_place there = *place;
		struct strbuf path;

		strbuf_init(&path, arena, MAX_PATH);
		strbuf_printf(&path, "rule %zu", i + 1);
		if ((there.path = strbuf_cstr(&path)) == NULL)
			return;
		there.line = groups[i].line;
		read_rule(&there, &groups[i], &rules[i]);
		name_rule(&there, &rules[i], i);
		if (is_name_taken(rules, i, rules[i].name))
			problems_add(place->problems, there.line, "%s has the "
			    "name of an earlier one: write another name",
			    there.path);
	}
	place->config->policy.rules = rules;
	place->config->policy.n_rules = n;
}
