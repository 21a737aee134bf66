/* config/walk.c - see walk.h. */
#include "config/walk.h"

#include <inttypes.h>
#include <libconfig.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/value.h"

/* One setting, and the key that it is. */
struct found {
	struct key_place place;
	const struct config_key *key;
	config_setting_t *setting;
};

/* What stands there, for people. */
static const char *
describe(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		return "a list";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	}
	return "nothing known";
}

static unsigned
line_of(const config_setting_t *setting)
{
	return setting->line;	/* the macro for it cuts at 65535 */
}

/* What the key wants instead of what stands there. */
static void
refuse_type(const struct found *found)
{
	const struct key_place *place = &found->place;
	const char *is = describe(found->setting);

	switch (found->key->type) {
	case KEY_BOOL:
		problems_add(place->problems, place->line,
		    "%s cannot be %s: write true or false, without quotes",
		    place->path, is);
		return;
	case KEY_NUMBER:
	case KEY_SIZE:
		problems_add(place->problems, place->line,
		    "%s cannot be %s: write a number from %" PRIu64
		    " to %" PRIu64 ", without quotes", place->path, is,
		    found->key->min, found->key->max);
		return;
	case KEY_WORD:
	case KEY_TEXT:
		problems_add(place->problems, place->line,
		    "%s cannot be %s: write a text in double quotes",
		    place->path, is);
		return;
	case KEY_LIST:
		problems_add(place->problems, place->line,
		    "%s cannot be %s: write a list of texts, "
		    "[\"...\", \"...\"]", place->path, is);
		return;
	case KEY_GROUPS:
		problems_add(place->problems, place->line,
		    "%s cannot be %s: write a list of groups, "
		    "( { ... }, { ... } )", place->path, is);
		return;
	}
}

static void *
target_of(const struct found *found)
{
	return (char *)found->place.config + found->key->offset;
}

/* Where it is kept what the key is set to. */
static struct config_value *
value_of(const struct found *found)
{
	return &found->place.config->values[found->key - config_keys];
}

static void
take_bool(const struct found *found)
{
	if (config_setting_type(found->setting) != CONFIG_TYPE_BOOL) {
		refuse_type(found);
		return;
	}
	*(bool *)target_of(found) =
	    config_setting_get_bool(found->setting) != 0;
}

static void
take_number(const struct found *found)
{
	const struct config_key *key = found->key;
	int type = config_setting_type(found->setting);
	long long value;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
		refuse_type(found);
		return;
	}
	value = type == CONFIG_TYPE_INT ?
	    config_setting_get_int(found->setting) :
	    config_setting_get_int64(found->setting);
	if (value < 0 || (uint64_t)value < key->min ||
	    (uint64_t)value > key->max)
		problems_add(found->place.problems, found->place.line,
		    "%s cannot be %lld: write a number from %" PRIu64
		    " to %" PRIu64, found->place.path, value, key->min,
		    key->max);
	else if (key->type == KEY_SIZE)
		*(size_t *)target_of(found) = (size_t)value;
	else
		*(unsigned *)target_of(found) = (unsigned)value;
}

static bool
has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

/* SETTING's text, copied; false where there is none. */
static bool
copy_text(const struct found *found, const config_setting_t *setting,
    struct key_text *text)
{
	struct slice raw = slice_from_cstr(config_setting_get_string(setting));
	char *copy = arena_copy_cstr(found->place.config->arena, raw);

	if (copy == NULL)
		return false;	/* config_load looks at arena_has_failed */
	text->text = (struct slice){ copy, raw.len };
	text->line = line_of(setting);
	if (!has_control(raw))
		return true;
	problems_add(found->place.problems, text->line, "%s cannot be \"%s\": "
	    "write it without control characters, with a quote at its end",
	    found->place.path, problems_show(found->place.problems, raw));
	return false;
}

static void
take_text(const struct found *found)
{
	struct key_text text;
	unsigned word;

	if (config_setting_type(found->setting) != CONFIG_TYPE_STRING) {
		refuse_type(found);
		return;
	}
	if (!copy_text(found, found->setting, &text))
		return;
	value_of(found)->text = text.text;
	if (found->key->type == KEY_TEXT)
		found->key->set_text(&found->place, &text);
	else if (key_find_word(found->key->words, text.text, &word))
		found->key->set_word(found->place.config, word);
	else
		key_refuse_word(&found->place, text.text, found->key->words);
}

/* The elements that are texts; complains of those that are not. */
static size_t
copy_texts(const struct found *found, struct key_text *texts, unsigned n)
{
	size_t n_texts = 0;

	for (unsigned i = 0; i < n; i++) {
		struct found element = *found;

		element.setting = config_setting_get_elem(found->setting, i);
		element.place.line = line_of(element.setting);
		if (config_setting_type(element.setting) != CONFIG_TYPE_STRING)
			refuse_type(&element);
		else if (copy_text(found, element.setting, &texts[n_texts]))
			n_texts++;
	}
	return n_texts;
}

/* A setter that reads files does better. */
static void
keep_texts(const struct found *found, const struct key_text *texts, size_t n)
{
	struct config_value_item *items = arena_alloc_array(
	    found->place.config->arena, n, sizeof(*items));

	if (items == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++)
		items[i].name = texts[i].text;
	value_of(found)->items = items;
	value_of(found)->n = n;
}

static void
take_list(const struct found *found)
{
	const struct key_place *place = &found->place;
	int type = config_setting_type(found->setting);
	struct key_text *texts;
	int n;
	size_t n_texts;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
		refuse_type(found);
		return;
	}
	n = config_setting_length(found->setting);
	if ((uint64_t)n > found->key->max) {
		problems_add(place->problems, place->line, "%s has %d entries:"
		    " write at most %" PRIu64, place->path, n,
		    found->key->max);
		return;
	}
	texts = arena_alloc_array(place->config->arena, (size_t)n,
	    sizeof(*texts));
	if (texts == NULL)
		return;		/* config_load looks at arena_has_failed */
	n_texts = copy_texts(found, texts, (unsigned)n);
	keep_texts(found, texts, n_texts);
	found->key->set_list(place, texts, n_texts);
}

/* The texts of a list, or the one text in its place.  False where there is
 * anything else. */
static bool
copy_entry_texts(const struct found *found, const config_setting_t *setting,
    struct key_entry *entry)
{
	bool is_list = config_setting_is_aggregate(setting) == CONFIG_TRUE;
	int n = is_list ? config_setting_length(setting) : 1;
	struct key_text *texts = arena_alloc_array(found->place.config->arena,
	    (size_t)n, sizeof(*texts));

	if (texts == NULL)
		return false;	/* config_load looks at arena_has_failed */
	for (int i = 0; i < n; i++) {
		const config_setting_t *element = is_list ?
		    config_setting_get_elem(setting, (unsigned)i) : setting;

		if (config_setting_type(element) != CONFIG_TYPE_STRING)
			return false;
		/* One with control characters is complained of already. */
		(void)copy_text(found, element, &texts[i]);
	}
	entry->texts = texts;
	entry->n = (size_t)n;
	return true;
}

static void
copy_entry(const struct found *found, const char *group,
    const config_setting_t *setting, struct key_entry *entry)
{
	struct strbuf name;

	strbuf_init(&name, found->place.config->arena, FILE_MAX_OCTETS);
	strbuf_printf(&name, "%s%s%s", group, group[0] != '\0' ? "." : "",
	    config_setting_name(setting));
	entry->name = strbuf_cstr(&name);
	entry->line = line_of(setting);
	entry->type = KEY_ENTRY_OTHER;
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_BOOL:
		entry->type = KEY_ENTRY_BOOL;
		entry->flag = config_setting_get_bool(setting) != 0;
		return;
	case CONFIG_TYPE_STRING:
		if (copy_entry_texts(found, setting, entry))
			entry->type = KEY_ENTRY_TEXT;
		return;
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		if (copy_entry_texts(found, setting, entry))
			entry->type = KEY_ENTRY_LIST;
		return;
	}
}

/* How many settings a group of a list has, those of its own groups each. */
static unsigned
count_entries(const config_setting_t *group)
{
	unsigned n = 0;

	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(
		    group, (unsigned)i);

		n += config_setting_is_group(setting) == CONFIG_TRUE ?
		    (unsigned)config_setting_length(setting) : 1;
	}
	return n;
}

static void
copy_entries(const struct found *found, const config_setting_t *setting,
    struct key_group *group)
{
	struct key_entry *entries = arena_alloc_array(
	    found->place.config->arena, count_entries(setting),
	    sizeof(*entries));
	struct key_entry *next = entries;

	if (entries == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *outer = config_setting_get_elem(
		    setting, (unsigned)i);

		if (config_setting_is_group(outer) != CONFIG_TRUE) {
			copy_entry(found, "", outer, next++);
			continue;
		}
		for (int j = 0; j < config_setting_length(outer); j++)
			copy_entry(found, config_setting_name(outer),
			    config_setting_get_elem(outer, (unsigned)j),
			    next++);
	}
	group->line = line_of(setting);
	group->entries = entries;
	group->n = (size_t)(next - entries);
}

static void
append_entry(struct strbuf *text, const struct key_entry *entry)
{
	strbuf_printf(text, "%s=%s", entry->name, entry->flag ? "true" : "");
	for (size_t i = 0; i < entry->n; i++) {
		strbuf_append_char(text, '\n');	/* stands in no text */
		strbuf_append(text, entry->texts[i].text);
	}
	strbuf_append_cstr(text, "\n\n");
}

/* By its name, or else its place. */
static void
keep_group(const struct found *found, const struct key_group *group,
    unsigned place, struct config_value_item *item)
{
	struct arena *arena = found->place.config->arena;
	struct strbuf name, text;

	strbuf_init(&name, arena, FILE_MAX_OCTETS);
	strbuf_init(&text, arena, FILE_MAX_OCTETS);
	for (size_t i = 0; i < group->n; i++) {
		const struct key_entry *entry = &group->entries[i];

		append_entry(&text, entry);
		if (strcmp(entry->name, "name") == 0 && entry->n == 1)
			strbuf_append(&name, entry->texts[0].text);
	}
	if (name.len == 0)
		strbuf_append_uint(&name, place);
	item->name = strbuf_slice(&name);
	item->text = strbuf_slice(&text);
}

static void
keep_groups(const struct found *found, const struct key_group *groups,
    unsigned n)
{
	struct config_value_item *items = arena_alloc_array(
	    found->place.config->arena, n, sizeof(*items));

	if (items == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (unsigned i = 0; i < n; i++)
		keep_group(found, &groups[i], i + 1, &items[i]);
	value_of(found)->items = items;
	value_of(found)->n = n;
}

static void
take_groups(const struct found *found)
{
	const struct key_place *place = &found->place;
	int n = config_setting_length(found->setting);
	struct key_group *groups;

	if (config_setting_type(found->setting) != CONFIG_TYPE_LIST) {
		refuse_type(found);
		return;
	}
	if ((uint64_t)n > found->key->max) {
		problems_add(place->problems, place->line, "%s has %d entries:"
		    " write at most %" PRIu64, place->path, n,
		    found->key->max);
		return;
	}
	groups = arena_alloc_array(place->config->arena, (size_t)n,
	    sizeof(*groups));
	if (groups == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (int i = 0; i < n; i++) {
		struct found element = *found;

		element.setting = config_setting_get_elem(found->setting,
		    (unsigned)i);
		element.place.line = line_of(element.setting);
		if (config_setting_is_group(element.setting) != CONFIG_TRUE) {
			refuse_type(&element);
			return;
		}
		copy_entries(&element, element.setting, &groups[i]);
	}
	keep_groups(found, groups, (unsigned)n);
	found->key->set_groups(place, groups, (size_t)n);
}

static void
take_value(const struct found *found)
{
	switch (found->key->type) {
	case KEY_BOOL:
		take_bool(found);
		return;
	case KEY_NUMBER:
	case KEY_SIZE:
		take_number(found);
		return;
	case KEY_WORD:
	case KEY_TEXT:
		take_text(found);
		return;
	case KEY_LIST:
		take_list(found);
		return;
	case KEY_GROUPS:
		take_groups(found);
		return;
	}
}

struct walk {
	struct config *config;
	struct config_problems *problems;
	unsigned *lines;
};

static void
refuse_unknown(const struct walk *walk, struct slice path, unsigned line)
{
	struct slice meant = key_suggest(path);

	if (meant.len != 0)
		problems_add(walk->problems, line, "there is no key %s: "
		    "did you mean %.*s?", problems_show(walk->problems, path),
		    SLICE_PRINTF(meant));
	else
		problems_add(walk->problems, line, "there is no key %s: "
		    "assayd.conf(5) lists all keys",
		    problems_show(walk->problems, path));
}

/* The path of a setting at the top (GROUP is NULL) or in GROUP; NULL where
 * memory is out: config_load looks at arena_has_failed. */
static const char *
path_of(const struct walk *walk, const char *group,
    const config_setting_t *setting)
{
	struct strbuf path;

	strbuf_init(&path, walk->config->arena, FILE_MAX_OCTETS);
	strbuf_printf(&path, "%s%s%s", group != NULL ? group : "",
	    group != NULL ? "." : "", config_setting_name(setting));
	return strbuf_cstr(&path);
}

/* One that is no group. */
static void
walk_value(const struct walk *walk, struct slice path,
    config_setting_t *setting)
{
	size_t index = key_find(path);

	if (index == SIZE_MAX) {
		refuse_unknown(walk, path, line_of(setting));
		return;
	}
	walk->lines[index] = line_of(setting);
	walk->config->values[index].is_set = true;
	take_value(&(struct found){
	    { walk->config, walk->problems, config_keys[index].path,
	    line_of(setting) }, &config_keys[index], setting });
}

static void walk_group(const struct walk *walk, const char *path,
    config_setting_t *group);

static void
walk_setting(const struct walk *walk, const char *group,
    config_setting_t *setting)
{
	const char *path = path_of(walk, group, setting);

	if (path == NULL)
		return;
	if (!key_is_group(slice_from_cstr(path)))
		walk_value(walk, slice_from_cstr(path), setting);
	else if (config_setting_type(setting) == CONFIG_TYPE_GROUP)
		walk_group(walk, path, setting);
	else
		problems_add(walk->problems, line_of(setting),
		    "%s cannot be %s: it is a group, write %s: { KEY = "
		    "VALUE; };", path, describe(setting),
		    config_setting_name(setting));
}

/* PATH is NULL at the top.  No deeper than the groups of config_keys. */
static void
walk_group(const struct walk *walk, const char *path, config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group) &&
	    walk->problems->n <= CONFIG_MAX_PROBLEMS; i++)
		walk_setting(walk, path, config_setting_get_elem(group,
		    (unsigned)i));
}

/* What to write instead, by libconfig's own words for the error. */
static const char *
find_remedy(const char *what)
{
	static const struct {
		const char *what, *remedy;
	} remedies[] = {
		{ "duplicate setting name", "write each key and each group "
		    "once; all keys of a group stand in its one { ... };" },
		{ "mismatched element type in array", "write values of one "
		    "kind between [ and ]" },
	};

	for (size_t i = 0; i < N_ELEMENTS(remedies); i++)
		if (strcmp(what, remedies[i].what) == 0)
			return remedies[i].remedy;
	return "write KEY = \"text\"; or KEY = 5; or KEY = true; and GROUP: "
	    "{ ... };";
}

static void
tell_parse_error(const config_t *tree, struct config_problems *problems)
{
	int line = config_error_line(tree);
	const char *what = config_error_text(tree);

	problems_add(problems, line > 0 ? (unsigned)line : 1,
	    "%s here, or in the line before: %s", what, find_remedy(what));
}

bool
walk_text(struct slice text, struct config *config,
    struct config_problems *problems, unsigned *lines)
{
	const struct walk walk = { config, problems, lines };
	config_t tree;
	bool is_parsed;

	config_init(&tree);
	is_parsed = config_read_string(&tree, text.ptr) == CONFIG_TRUE;
	if (is_parsed)
		walk_group(&walk, NULL, config_root_setting(&tree));
	else
		tell_parse_error(&tree, problems);
	config_destroy(&tree);
	return is_parsed;
}
