/* Policy configurations as text. */
#include <string.h>

#include "base/strbuf.h"
#include "report/configuration.h"
#include "unit/test.h"

#define PLAIN "p=none; sp=none; adkim=r; aspf=r; t=n; discovery=treewalk"

static void
test_append(void **state)
{
	static const struct {
		const char *name;
		struct report_configuration configuration;
		const char *want;
	} cases[] = {
		{ "defaults", { .p = DMARC_POLICY_NONE }, PLAIN },
		{ "np not published", { .p = DMARC_POLICY_REJECT,
		    .sp = DMARC_POLICY_QUARANTINE,
		    .np = DMARC_POLICY_QUARANTINE },
		  "p=reject; sp=quarantine; adkim=r; aspf=r; t=n; "
		  "discovery=treewalk" },
		{ "all of it", { .p = DMARC_POLICY_REJECT,
		    .sp = DMARC_POLICY_REJECT, .np = DMARC_POLICY_NONE,
		    .has_np = true, .is_dkim_strict = true,
		    .is_spf_strict = true, .is_testing = true,
		    .discovery = DMARC_DISCOVERY_PSL,
		    .fo = SLICE_INIT("1:d"),
		    .rua = SLICE_INIT("mailto:a@example.org, mailto:b@x.test"),
		    .ruf = SLICE_INIT("mailto:f@example.org"),
		    .error = SLICE_INIT("its p tag is missing") },
		  "p=reject; sp=reject; np=none; adkim=s; aspf=s; t=y; fo=1:d; "
		  "discovery=psl; rua=mailto:a@example.org, mailto:b@x.test; "
		  "ruf=mailto:f@example.org; error=its p tag is missing" },
		{ "what must be escaped", { .rua =
		    SLICE_INIT("a;b%c\n\t\xc3\xa4~") },
		  PLAIN "; rua=a%3Bb%25c%0A%09%C3%A4~" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct report_configuration again;
		struct strbuf out;

		strbuf_init(&out, arena, REPORT_CONFIGURATION_MAX);
		report_append_configuration(&out, &cases[i].configuration);
		test_assert_slice(cases[i].name, strbuf_slice(&out),
		    cases[i].want);
		if (!report_parse_configuration(arena, strbuf_slice(&out),
		    &again))
			fail_msg("%s: not read", cases[i].name);
		assert_int_equal(again.p, cases[i].configuration.p);
		assert_int_equal(again.sp, cases[i].configuration.sp);
		assert_int_equal(again.np, cases[i].configuration.np);
		assert_int_equal(again.discovery,
		    cases[i].configuration.discovery);
		assert_int_equal(again.is_testing,
		    cases[i].configuration.is_testing);
		assert_true(slice_eq(again.fo, cases[i].configuration.fo));
		assert_true(slice_eq(again.rua, cases[i].configuration.rua));
		assert_true(slice_eq(again.ruf, cases[i].configuration.ruf));
		assert_true(slice_eq(again.error,
		    cases[i].configuration.error));
		arena_destroy(&arena);
	}
}

/* What is read is written alike again, whatever it is. */
static void
check_octets(struct arena *arena, struct slice text, bool is_right)
{
	struct slice in = test_exact_copy(text);
	struct report_configuration configuration;
	struct strbuf out;

	if (report_parse_configuration(arena, in, &configuration) != is_right)
		fail_msg("%.*s: %s", SLICE_PRINTF(text),
		    is_right ? "refused" : "taken");
	strbuf_init(&out, arena, REPORT_CONFIGURATION_MAX);
	report_append_configuration(&out, &configuration);
	assert_int_equal(slice_eq(strbuf_slice(&out), text), is_right);
	test_free_copy(in);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		bool is_right;
	} cases[] = {
		{ PLAIN, true },
		{ PLAIN "; rua=%00", true },
		{ PLAIN "; rua= a ", true },
		{ "", false },
		{ "p=none", false },
		{ "p=None; sp=none; adkim=r; aspf=r; t=n; discovery=psl",
		  false },
		{ "p=none; sp=; adkim=r; aspf=r; t=n; discovery=psl", false },
		{ "p=none; sp=none; np=x; adkim=r; aspf=r; t=n; discovery=psl",
		  false },
		{ "p=none; sp=none; aspf=r; adkim=r; t=n; discovery=psl",
		  false },
		{ "p=none;sp=none; adkim=r; aspf=r; t=n; discovery=psl",
		  false },
		{ " " PLAIN, false },
		{ PLAIN ";", false },
		{ PLAIN "; ", false },
		{ PLAIN "; rua=", false },
		{ PLAIN "; rua=a; rua=b", false },
		{ PLAIN "; ruf=a; rua=b", false },
		{ PLAIN "; x=a", false },
		{ PLAIN "; rua=%", false },
		{ PLAIN "; rua=%4", false },
		{ PLAIN "; rua=%3b", false },
		{ PLAIN "; rua=%C3%a4", false },
		{ PLAIN "; rua=%41", false },
		{ PLAIN "; rua=%GG", false },
		{ PLAIN "; rua=a\n", false },
		{ PLAIN "; rua=\xc3\xa4", false },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		check_octets(arena, slice_from_cstr(cases[i].text),
		    cases[i].is_right);
	arena_destroy(&arena);
}

/* Long values are left out, and what is there is never over the limit. */
static void
test_limits(void **state)
{
	static char many[2000], odd[2000];
	struct report_configuration configuration = {
		.has_np = true, .np = DMARC_POLICY_QUARANTINE,
		.p = DMARC_POLICY_QUARANTINE, .sp = DMARC_POLICY_QUARANTINE,
		.fo = { many, 64 }, .rua = { many, 1800 }, .ruf = { odd, 600 },
		.error = { odd, sizeof(odd) },
	}, again;
	struct arena *arena = test_arena();
	struct strbuf out;

	(void)state;
	memset(many, 'a', sizeof(many));
	memset(odd, '%', sizeof(odd));
	strbuf_init(&out, arena, REPORT_CONFIGURATION_MAX);
	report_append_configuration(&out, &configuration);
	assert_false(out.has_failed);
	assert_true(report_parse_configuration(arena, strbuf_slice(&out),
	    &again));
	assert_int_equal(again.fo.len, 64);
	assert_int_equal(again.rua.len, 1800);
	assert_int_equal(again.ruf.len, 600);
	assert_int_equal(again.error.len, 85);	/* written as 255 */

	configuration.error.ptr = many;
	strbuf_truncate(&out, 0);
	report_append_configuration(&out, &configuration);
	assert_true(report_parse_configuration(arena, strbuf_slice(&out),
	    &again));
	assert_int_equal(again.error.len, 256);

	configuration.fo.len++;
	configuration.rua.len++;
	configuration.ruf.len++;
	assert_true(report_does_tell_uris(again.rua));
	assert_false(report_does_tell_uris(configuration.rua));
	assert_false(report_does_tell_uris(configuration.ruf));
	assert_false(report_does_tell_uris(SLICE_EMPTY));
	strbuf_truncate(&out, 0);
	report_append_configuration(&out, &configuration);
	assert_true(report_parse_configuration(arena, strbuf_slice(&out),
	    &again));
	assert_int_equal(again.fo.len + again.rua.len + again.ruf.len, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
