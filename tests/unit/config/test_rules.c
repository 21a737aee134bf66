/* tests/unit/config/test_rules.c - the key "rules": what is read of it, and
 * what is said of each thing that is wrong. */
#include "unit/test.h"

#include <string.h>

#include "base/strbuf.h"
#include "config/config.h"

#define MODE "mode = \"monitor\";\n"
#define MATCH "match: { author_domain = [\"example.org\"]; }; "
#define REST "action = \"accept\"; why = \"x\"; "

static struct config *
load(struct arena *arena, const char *text, struct slice *problems_out)
{
	struct slice in = test_exact_copy(slice_from_cstr(text));
	struct strbuf problems;
	struct config *config;

	strbuf_init(&problems, arena, 1000000);
	config = config_load_text("f", in, &problems);
	test_free_copy(in);
	*problems_out = strbuf_slice(&problems);
	return config;
}

static void
test_refused(void **state)
{
	static const struct {
		const char *name, *input, *problems;
	} cases[] = {
		{ "no list", MODE "rules = true;",
		    "f:2: rules cannot be true or false: write a list of "
		    "groups, ( { ... }, { ... } )\n" },
		{ "an array", MODE "rules = [\"x\"];",
		    "f:2: rules cannot be a list: write a list of groups, "
		    "( { ... }, { ... } )\n" },
		{ "a list of texts", MODE "rules = (\n\"x\");",
		    "f:3: rules cannot be a text: write a list of groups, "
		    "( { ... }, { ... } )\n" },
		{ "all that is missing", MODE "rules = (\n{ });",
		    "f:3: rule 1 has no match: write what mail it is for, "
		    "match: { author_domain = [\"example.org\"]; };\n"
		    "f:3: rule 1 has no action: write action = \"accept\"; "
		    "(or \"none\", \"quarantine\", \"reject\")\n"
		    "f:3: rule 1 has no why: write why = \"...\"; for those "
		    "who will wonder\n" },
		{ "an empty match", MODE "rules = (\n{ match: { }; " REST
		    "});",
		    "f:3: rule 1 has no match: write what mail it is for, "
		    "match: { author_domain = [\"example.org\"]; };\n" },
		{ "unknown key", MODE "rules = ({ " MATCH REST
		    "acton = \"x\"; });",
		    "f:2: rule 1: rules have no key acton: did you mean "
		    "action?\n" },
		{ "key outside of match", MODE "rules = ({ " MATCH REST
		    "client = [\"192.0.2.1\"]; });",
		    "f:2: rule 1: rules have no key client: did you mean "
		    "match.client?\n" },
		{ "unknown match", MODE "rules = ({ " REST
		    "match: { colour = \"x\"; }; });",
		    "f:2: rule 1: rules have no key match.colour: "
		    "assayd.conf(5) lists all keys\n" },
		{ "wrong types", MODE "rules = ({ " REST "shadow = 1;\n"
		    "until = true;\nmatch: { client = \"192.0.2.1\"; "
		    "sealer = [1];\n recipient: { }; }; });",
		    "f:2: rule 1: shadow: write true or false, without "
		    "quotes\n"
		    "f:3: rule 1: until: write a text in double quotes\n"
		    "f:4: rule 1: match.client: write a list of texts, "
		    "[\"...\", \"...\"]\n"
		    "f:4: rule 1: match.sealer: write a list of texts, "
		    "[\"...\", \"...\"]\n"
		    "f:5: rule 1: match.recipient: write a list of texts, "
		    "[\"...\", \"...\"]\n" },
		{ "an empty list", MODE "rules = ({ " REST
		    "match: { client = []; }; });",
		    "f:2: rule 1: match.client cannot be empty: no mail fits "
		    "it; leave it out, and any does\n" },
		{ "bad values", MODE "rules = ({ " REST "match: {\n"
		    "author_domain = [\"example..org\"];\n"
		    "dkim_domain = [\"a.*.example\"];\n"
		    "client = [\"192.0.2.0/33\"];\n"
		    "sealer = [\"*.\"];\n"
		    "recipient = [\"bob\", \"@\", \"a@b..c\"];\n"
		    "listener = [\"\"]; }; });",
		    "f:3: rule 1: match.author_domain cannot be "
		    "\"example..org\": write a domain, \"example.org\", or "
		    "\"*.example.org\" for all below it\n"
		    "f:4: rule 1: match.dkim_domain cannot be "
		    "\"a.*.example\": write a domain, \"example.org\", or "
		    "\"*.example.org\" for all below it\n"
		    "f:5: rule 1: match.client cannot be \"192.0.2.0/33\": "
		    "write an address or a network, \"192.0.2.0/24\" or "
		    "\"2001:db8::/32\"\n"
		    "f:6: rule 1: match.sealer cannot be \"*.\": write a "
		    "domain, \"example.org\", or \"*.example.org\" for all "
		    "below it\n"
		    "f:7: rule 1: match.recipient cannot be \"bob\": write "
		    "\"user@example.org\", \"@example.org\" for all of a "
		    "domain, or \"user@\" at any domain\n"
		    "f:7: rule 1: match.recipient cannot be \"@\": write "
		    "\"user@example.org\", \"@example.org\" for all of a "
		    "domain, or \"user@\" at any domain\n"
		    "f:7: rule 1: match.recipient cannot be \"a@b..c\": write "
		    "\"user@example.org\", \"@example.org\" for all of a "
		    "domain, or \"user@\" at any domain\n"
		    "f:8: rule 1: match.listener cannot be \"\": write the "
		    "name that the MTA has in its macro {daemon_name}\n" },
		{ "words", MODE "rules = ({ " MATCH "why = \"x\";\n"
		    "action = \"discard\";\nwhen = \"never\"; });",
		    "f:3: rule 1: action cannot be \"discard\": write "
		    "\"accept\", \"none\", \"quarantine\" or \"reject\"\n"
		    "f:4: rule 1: when cannot be \"never\": write "
		    "\"not-pass\" or \"always\"\n" },
		{ "shadow as an action", MODE "rules = ({ " MATCH
		    "why = \"x\"; action = \"shadow\"; });",
		    "f:2: rule 1: action cannot be \"shadow\": write the "
		    "action that is to be tried, and shadow = true; beside "
		    "it\n" },
		{ "why", MODE "rules = ({ " MATCH "action = \"accept\"; "
		    "why = \" \"; }, { " MATCH "action = \"accept\"; "
		    "why = \"caf\xc3\xa9\"; });",
		    "f:2: rule 1: why cannot be \" \": write one to 200 "
		    "characters of ASCII: senders may see them in the reply\n"
		    "f:2: rule 2: why cannot be \"caf\\xc3\\xa9\": write one "
		    "to 200 characters of ASCII: senders may see them in the "
		    "reply\n" },
		{ "names", MODE "rules = ({ " MATCH REST "name = \"2\"; },\n"
		    "{ " MATCH REST "name = \"a b\"; },\n"
		    "{ " MATCH REST "name = \"n\"; },\n"
		    "{ " MATCH REST "name = \"n\"; });",
		    "f:2: rule 1: name cannot be \"2\": write a letter, then "
		    "letters, digits, \"-\", \"_\" and \".\", at most 64\n"
		    "f:3: rule 2: name cannot be \"a b\": write a letter, "
		    "then letters, digits, \"-\", \"_\" and \".\", at most "
		    "64\n"
		    "f:5: rule 4 has the name of an earlier one: write "
		    "another name\n" },
		{ "control character", MODE "rules = ({ " MATCH
		    "action = \"accept\"; why = \"a\\nb\"; });",
		    "f:2: rules cannot be \"a\\x0ab\": write it without "
		    "control characters, with a quote at its end\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice problems;
		struct config *config = load(arena, cases[i].input, &problems);

		test_assert_slice(cases[i].name, problems, cases[i].problems);
		assert_null(config);
		arena_destroy(&arena);
	}
}

static void
test_dates(void **state)
{
	static const struct {
		const char *date;
		int64_t end_s;		/* 0: none */
	} cases[] = {
		{ "1970-01-01", 86400 },
		{ "2027-01-31", 1801440000 },
		{ "2028-02-29", 1835481600 },
		{ "2027-02-29", 0 },
		{ "2027-13-01", 0 },
		{ "2027-00-01", 0 },
		{ "2027-01-00", 0 },
		{ "2027-1-1", 0 },
		{ "27-01-01", 0 },
		{ "1969-12-31", 0 },
		{ "2027-01-31 ", 0 },
		{ "2027/01/31", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf text;
		struct slice problems;
		struct config *config;

		strbuf_init(&text, arena, 1000);
		strbuf_printf(&text, MODE "rules = ({ " MATCH REST
		    "until = \"%s\"; });", cases[i].date);
		config = load(arena, strbuf_cstr(&text), &problems);
		if ((config != NULL) != (cases[i].end_s != 0))
			fail_msg("%s", cases[i].date);
		if (config != NULL)
			assert_int_equal(config->policy.rules[0].end_s,
			    cases[i].end_s);
		config_unload(&config);
		arena_destroy(&arena);
	}
}

static void
test_read(void **state)
{
	static const char text[] = MODE "rules = (\n"
	    "{ match: { author_domain = [\"Example.ORG\", \"*.example.net\"];"
	    " dkim_domain = [\"b\xc3\xbc" "cher.example\"];"
	    " sealer = (\"lists.example\");"
	    " client = [\"192.0.2.0/24\", \"2001:db8::1\"];"
	    " recipient = [\"Bob@Example.org\", \"@example.com\", \"abuse@\"];"
	    " listener = [\"submission\"]; };"
	    " action = \"reject\"; when = \"always\"; shadow = true;"
	    " why = \" a reason \"; name = \"first\"; until = \"2020-01-31\";"
	    " },\n{ " MATCH REST "} );\n";
	struct arena *arena = test_arena();
	struct slice problems;
	struct config *config = load(arena, text, &problems);
	const struct policy_rule *rule;

	(void)state;
	test_assert_slice("problems", problems, "");
	assert_non_null(config);
	assert_int_equal(config->policy.n_rules, 2);
	rule = &config->policy.rules[0];
	test_assert_slice("name", rule->name, "first");
	test_assert_slice("why", rule->why, "a reason");
	test_assert_slice("until", rule->until, "2020-01-31");
	assert_int_equal(rule->action, POLICY_RULE_REJECT);
	assert_true(rule->is_always);
	assert_true(rule->is_shadow);
	assert_int_equal(rule->match.author_domains.n, 2);
	assert_int_equal(rule->match.dkim_domains.n, 1);
	assert_int_equal(rule->match.sealers.n, 1);
	assert_int_equal(rule->match.n_clients, 2);
	assert_int_equal(rule->match.n_recipients, 3);
	test_assert_slice("local", rule->match.recipients[0].local, "Bob");
	test_assert_slice("domain", rule->match.recipients[0].domain,
	    "example.org");
	assert_int_equal(rule->match.recipients[1].local.len, 0);
	assert_int_equal(rule->match.recipients[2].domain.len, 0);
	assert_int_equal(rule->match.listeners.n, 1);
	assert_non_null(config->notes);
	assert_non_null(strstr(config->notes->text,
	    "f:3: rule 1 held until 2020-01-31 (a reason): it is off"));

	rule = &config->policy.rules[1];
	test_assert_slice("number", rule->name, "2");
	assert_int_equal(rule->action, POLICY_RULE_ACCEPT);
	assert_false(rule->is_always);
	assert_false(rule->is_shadow);
	assert_true(rule->end_s == INT64_MAX);
	config_unload(&config);
	arena_destroy(&arena);
}

/* Rules that wait for what no check finds out. */
static void
test_missing_methods(void **state)
{
	static const struct {
		const char *text;
		const char *note;	/* NULL: none */
	} cases[] = {
		{ MODE "rules = ({ " MATCH REST "});", NULL },
		{ MODE "rules = ({ " MATCH REST "});\n"
		    "dmarc: { enabled = false; };",
		    "f:2: rule 1 fits no mail: it needs dmarc.enabled" },
		{ MODE "rules = ({ " MATCH REST "when = \"always\"; });\n"
		    "dmarc: { enabled = false; };", NULL },
		{ MODE "arc: { enabled = false; };\nrules = ({ " REST
		    "match: { sealer = [\"example.org\"]; }; });",
		    "f:3: rule 1 fits no mail: it needs arc.enabled" },
		{ MODE "dmarc: { enabled = false; };\n"
		    "dkim: { enabled = false; };\nrules = ({ " REST
		    "match: { dkim_domain = [\"example.org\"]; };"
		    "when = \"always\"; });",
		    "f:4: rule 1 fits no mail: it needs dkim.enabled" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice problems;
		struct config *config = load(arena, cases[i].text, &problems);
		const struct config_note *note;

		test_assert_slice("problems", problems, "");
		note = config->notes;
		while (note != NULL && strstr(note->text, "fits no") == NULL)
			note = note->next;
		if ((note != NULL) != (cases[i].note != NULL))
			fail_msg("%s", cases[i].text);
		if (note != NULL)
			assert_string_equal(note->text, cases[i].note);
		config_unload(&config);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_missing_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
