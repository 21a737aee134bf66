/* The policy of MTA-STS (RFC 8461 3.2), and which hosts it allows (4.1). */
#include <string.h>

#include "base/strbuf.h"
#include "mta_sts/policy.h"
#include "unit/test.h"

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 604800\n"

static const struct {
	const char *name, *text;
	const char *policy;	/* "MODE MAX_AGE MX..."; NULL: a problem */
	const char *problem;
	unsigned line;
} cases[] = {
	{ "RFC 8461 3.2", "version: STSv1\r\nmode: enforce\r\n"
	    "mx: mail.example.com\r\nmx: *.example.net\r\n"
	    "mx: backupmx.example.com\r\nmax_age: 604800\r\n",
	    "enforce 604800 mail.example.com *.example.net "
	    "backupmx.example.com", NULL, 0 },
	{ "LF, no blanks, no end", "version:STSv1\nmode:testing\nmax_age:1\n"
	    "mx:a.example.org", "testing 1 a.example.org", NULL, 0 },
	{ "none needs no mx", "version: STSv1\nmode: none\nmax_age: 0\n",
	    "none 0", NULL, 0 },
	{ "any order", "mx: a.example.org\nmax_age: 9\nmode: testing\n"
	    "version: STSv1\n", "testing 9 a.example.org", NULL, 0 },
	{ "upper case, dot, U-label", HEAD "mx: A.Example.ORG.\n"
	    "mx: *.b\xc3\xbc" "cher.example\n", "enforce 604800 a.example.org "
	    "*.xn--bcher-kva.example", NULL, 0 },
	{ "extensions", HEAD "mx: a.example.org\nx-y_z.1: anything: at all\n",
	    "enforce 604800 a.example.org", NULL, 0 },
	{ "the first counts", HEAD "mx: a.example.org\nmode: none\n"
	    "max_age: 1\nversion: STSv9\n", "enforce 604800 a.example.org",
	    NULL, 0 },
	{ "blanks at the end", "version: STSv1 \nmode: none\t\nmax_age: 5 \n",
	    "none 5", NULL, 0 },
	{ "over a year", "version: STSv1\nmode: none\nmax_age: 9999999999\n",
	    "none 31557600", NULL, 0 },
	{ "empty lines", "version: STSv1\n\nmode: none\n\r\nmax_age: 5\n\n",
	    "none 5", NULL, 0 },
	{ "nothing", "", NULL, "version is missing", 0 },
	{ "a web page", "<!DOCTYPE html>\n<html>", NULL, "key: value", 1 },
	{ "no mode", "version: STSv1\nmax_age: 5\n", NULL, "mode is missing",
	    0 },
	{ "no max_age", "version: STSv1\nmode: none\n", NULL,
	    "max_age is missing", 0 },
	{ "no mx", HEAD, NULL, "mx is missing", 0 },
	{ "wrong version", "version: STSv2\n", NULL, "not STSv1", 1 },
	{ "wrong mode", "version: STSv1\nmode: Enforce\n", NULL, "mode is",
	    2 },
	{ "no number", "version: STSv1\nmax_age: 1d\n", NULL, "max_age is no",
	    2 },
	{ "11 digits", "version: STSv1\nmax_age: 00000000001\n", NULL,
	    "max_age is no", 2 },
	{ "negative", "version: STSv1\nmax_age: -1\n", NULL, "max_age is no",
	    2 },
	{ "mx with a port", HEAD "mx: a.example.org:25\n", NULL, "an mx is no",
	    4 },
	{ "mx of a star", HEAD "mx: *\n", NULL, "an mx is no", 4 },
	{ "star in the middle", HEAD "mx: a.*.example.org\n", NULL,
	    "an mx is no", 4 },
	{ "mx empty", HEAD "mx:\n", NULL, "an mx is no", 4 },
	{ "control character", HEAD "mx: a\033[31m.example.org\n", NULL,
	    "an mx is no", 4 },
	{ "blank before the key", " version: STSv1\n", NULL, "key: value",
	    1 },
};

static struct slice
show(struct arena *arena, const struct mta_sts_policy *policy)
{
	struct strbuf text;

	strbuf_init(&text, arena, 10000);
	strbuf_printf(&text, "%s %u", mta_sts_mode_name(policy->mode),
	    policy->max_age_s);
	for (size_t i = 0; i < policy->n_mx; i++) {
		strbuf_append_char(&text, ' ');
		strbuf_append(&text, policy->mx[i]);
	}
	return strbuf_slice(&text);
}

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(
		    slice_from_cstr(cases[i].text));
		struct mta_sts_policy policy;
		unsigned line;
		const char *problem = mta_sts_parse_policy(arena, text,
		    &policy, &line);

		if (cases[i].policy != NULL && problem != NULL)
			fail_msg("%s: %s", cases[i].name, problem);
		if (cases[i].policy != NULL)
			test_assert_slice(cases[i].name, show(arena, &policy),
			    cases[i].policy);
		else if (problem == NULL || line != cases[i].line ||
		    strstr(problem, cases[i].problem) == NULL)
			fail_msg("%s: line %u: %s", cases[i].name, line,
			    problem != NULL ? problem : "no problem");
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* As large as can be, and one line more. */
static void
test_limits(void **state)
{
	struct arena *arena = test_arena();
	struct mta_sts_policy policy;
	struct strbuf text;
	unsigned line;

	(void)state;
	strbuf_init(&text, arena, 2 * MTA_STS_MAX_OCTETS);
	strbuf_append_cstr(&text, HEAD);
	for (unsigned i = 0; i < MTA_STS_MAX_MX; i++)
		strbuf_printf(&text, "mx: m%u.example.org\n", i);
	assert_null(mta_sts_parse_policy(arena, strbuf_slice(&text), &policy,
	    &line));
	strbuf_append_cstr(&text, "mx: a.example.org\n");
	assert_non_null(mta_sts_parse_policy(arena, strbuf_slice(&text),
	    &policy, &line));
	assert_int_equal(line, 4 + MTA_STS_MAX_MX);
	while (text.len <= MTA_STS_MAX_OCTETS)
		strbuf_append_cstr(&text, "x: y\n");
	assert_non_null(mta_sts_parse_policy(arena, strbuf_slice(&text),
	    &policy, &line));
	assert_int_equal(line, 0);
	arena_destroy(&arena);
}

static void
test_allows(void **state)
{
	static const struct {
		const char *host;
		bool is_allowed;
	} hosts[] = {
		{ "mail.example.com", true },
		{ "a.example.net", true },
		{ "example.net", false },
		{ "a.b.example.net", false },
		{ "aexample.net", false },
		{ ".example.net", false },
		{ "mail.example.com.example.org", false },
		{ "*.example.net", true },	/* as any label would */
		{ "", false },
	};
	struct arena *arena = test_arena();
	struct mta_sts_policy policy;
	unsigned line;

	(void)state;
	assert_null(mta_sts_parse_policy(arena, SLICE(HEAD
	    "mx: mail.example.com\nmx: *.example.net\n"), &policy, &line));
	for (size_t i = 0; i < N_ELEMENTS(hosts); i++)
		if (mta_sts_allows(&policy, slice_from_cstr(hosts[i].host)) !=
		    hosts[i].is_allowed)
			fail_msg("%s", hosts[i].host);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
