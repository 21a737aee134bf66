/* tests/unit/policy/test_flags.c - what is noted without a verdict. */
#include "policy/flags.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "unit/test.h"

/* "From Subject Subject": fields with these names. */
static void
make_header(struct arena *arena, const char *names,
    struct mail_header *header)
{
	const struct mail_header_limits limits = { 100, 10000 };
	struct cursor cur = cursor_of(slice_from_cstr(names));

	mail_header_init(header, arena);
	while (!cursor_at_end(&cur)) {
		assert_int_equal(mail_header_add(header, &limits,
		    cursor_take_until(&cur, ' '), SLICE(" x")),
		    MAIL_HEADER_OK);
		cursor_take_char(&cur, ' ');
	}
}

static struct slice
describe(struct arena *arena, unsigned flags)
{
	struct strbuf text;

	strbuf_init(&text, arena, 1000);
	policy_append_flags(&text, flags);
	return strbuf_slice(&text);
}

static void
test_signatures(void **state)
{
	static const struct {
		const char *name, *header, *h;
		enum dkim_result result;
		enum dkim_reason reason;
		const char *want;
	} cases[] = {
		{ "all is well", "From Subject To", "From:Subject",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE, "" },
		{ "a second Subject", "Subject From Subject", "from:subject",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE, "duplicate-header" },
		{ "a second Subject, signed too", "Subject From Subject",
		    "from:subject : SUBJECT", DKIM_RESULT_PASS,
		    DKIM_REASON_NONE, "" },
		{ "three, and two are signed", "Subject Subject Subject From",
		    "from:subject:subject", DKIM_RESULT_PASS,
		    DKIM_REASON_NONE, "duplicate-header" },
		{ "oversigned", "Subject From", "from:subject:subject",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE, "" },
		{ "a second From", "from FROM Subject", "from:subject",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE, "duplicate-header" },
		{ "two Subjects, none signed", "From Subject Subject",
		    "from:content-type", DKIM_RESULT_PASS, DKIM_REASON_NONE,
		    "duplicate-header" },
		{ "a Subject that is not signed", "From Subject",
		    "from:content-type", DKIM_RESULT_PASS, DKIM_REASON_NONE,
		    "" },
		{ "neither", "From Subject Subject", "from",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE,
		    "duplicate-header,unsigned-content" },
		{ "neither, and neither is there", "From", "from:to",
		    DKIM_RESULT_PASS, DKIM_REASON_NONE, "unsigned-content" },
		{ "names that begin alike", "From Subject",
		    "from:subject-x:xcontent-type", DKIM_RESULT_PASS,
		    DKIM_REASON_NONE, "unsigned-content" },
		{ "what does not pass is not looked at", "From Subject "
		    "Subject", "from", DKIM_RESULT_FAIL,
		    DKIM_REASON_SIGNATURE, "" },
		{ "l=", "From Subject", "from:subject", DKIM_RESULT_POLICY,
		    DKIM_REASON_PARTIAL_BODY, "partial-body" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice h = test_exact_copy(slice_from_cstr(cases[i].h));
		const struct dkim_outcome dkim = { .names = h,
			.result = cases[i].result,
			.reason = cases[i].reason };
		struct mail_header header;

		make_header(arena, cases[i].header, &header);
		test_assert_slice(cases[i].name, describe(arena,
		    policy_flag_signature(&dkim, &header)), cases[i].want);
		test_free_copy(h);
		arena_destroy(&arena);
	}
}

static void
test_message(void **state)
{
	static const struct dkim_outcome dkim[] = {
		{ .result = DKIM_RESULT_POLICY,
		    .reason = DKIM_REASON_PARTIAL_BODY },
		{ .result = DKIM_RESULT_PASS, .names = SLICE_INIT("from") },
	};
	struct arena *arena = test_arena();
	struct inspect_results r = {
		.spf = { .result = SPF_PASS, .is_pass_too_wide = true },
		.dkim = dkim, .n_dkim = N_ELEMENTS(dkim) };

	(void)state;
	test_assert_slice("all", describe(arena, policy_flag_message(&r)),
	    "unsigned-content,partial-body,wide-spf");
	r.n_dkim = 0;
	test_assert_slice("spf", describe(arena, policy_flag_message(&r)),
	    "wide-spf");
	r.spf.is_pass_too_wide = false;
	assert_int_equal(policy_flag_message(&r), 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
