/* tests/unit/policy/test_reply.c - reply texts: templates, and what they are
 * filled with. */
#include "unit/test.h"

#include <string.h>

#include "base/strbuf.h"
#include "policy/policy.h"
#include "policy/template.h"

static void
test_check(void **state)
{
	static const struct {
		const char *template;
		const char *instead;	/* begins so; NULL: it is right */
	} cases[] = {
		{ "", NULL },
		{ "plain", NULL },
		{ "%{text}", NULL },
		{ "%{text}%{domain}%{reason}%{explanation}%{id}%{client}"
		    "%{policy}%{evidence}%{rule}", NULL },
		{ "100%%", NULL },
		{ "%%{text}", NULL },
		{ "{text} }", NULL },
		{ "%", "write \"%%\"" },
		{ "100% sure", "write \"%%\"" },
		{ "%%%", "write \"%%\"" },
		{ "%s%n", "write \"%%\"" },
		{ "%{", "write %{text}" },
		{ "%{}", "write %{text}" },
		{ "%{text", "write %{text}" },
		{ "%{Text}", "write %{text}" },
		{ "%{text }", "write %{text}" },
		{ "%{texts}", "write %{text}" },
		{ "a\tb", "write it in ASCII" },
		{ "caf\xc3\xa9", "write it in ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice template =
		    test_exact_copy(slice_from_cstr(cases[i].template));
		const char *instead = template_check(template);

		if ((instead != NULL) != (cases[i].instead != NULL) ||
		    (instead != NULL && strncmp(instead, cases[i].instead,
		    strlen(cases[i].instead)) != 0))
			fail_msg("%s: %s", cases[i].template, instead);
		test_free_copy(template);
	}
}

static void
test_check_length(void **state)
{
	char text[TEMPLATE_MAX_OCTETS + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_null(template_check((struct slice){ text,
	    TEMPLATE_MAX_OCTETS }));
	assert_non_null(template_check((struct slice){ text,
	    TEMPLATE_MAX_OCTETS + 1 }));
}

static void
test_expand(void **state)
{
	static const struct template_values values = { .of = {
		[TEMPLATE_DOMAIN] = SLICE_INIT("example.org"),
		[TEMPLATE_REASON] = SLICE_INIT("a\r\nb %{id} \xc3\xa9"),
		[TEMPLATE_ID] = SLICE_INIT("4XyZ"),
		[TEMPLATE_TEXT] = SLICE_INIT("a\\x0db"),
	} };
	static const struct {
		const char *template, *text;
	} cases[] = {
		{ "", "" },
		{ "a", "a" },
		{ "%{domain}", "example.org" },
		{ "[%{domain}%{id}]", "[example.org4XyZ]" },
		{ "%{rule}", "none" },
		{ "%{text}", "a\\x0db" },
		{ "100%% %%{id}", "100% %{id}" },
		/* Values are text, whatever they say. */
		{ "%{reason}", "a\\x0d\\x0ab %{id} \\xc3\\xa9" },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct strbuf text;

		strbuf_init(&text, arena, 1000);
		template_expand(&text, slice_from_cstr(cases[i].template),
		    &values);
		test_assert_slice(cases[i].template, strbuf_slice(&text),
		    cases[i].text);
	}
	arena_destroy(&arena);
}

/* ---- what they are filled with ------------------------------------------- */

#define ALL "%{domain}|%{reason}|%{explanation}|%{id}|%{client}|%{policy}|" \
	"%{evidence}|%{rule}"

static void
set_results(struct inspect_results *results,
    const struct dmarc_evaluation *evaluation)
{
	*results = (struct inspect_results){
		.id = SLICE("4XyZ"),
		.is_spf_checked = true, .is_dmarc_checked = true,
		.spf = { .result = SPF_FAIL,
			.domain = SLICE("spf.example"),
			.reason = SLICE("not permitted"),
			.explanation = SLICE("their words") },
		.authors = { .domains = { SLICE_INIT("example.org") },
			.n_domains = 1 },
		.dmarc = { .result = evaluation->result,
			.deciding = evaluation, .evaluations = evaluation,
			.n_evaluations = 1 },
	};
	assert_true(ip_parse(SLICE("192.0.2.1"), &results->client));
}

static void
test_values(void **state)
{
	static const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE_INIT("example.org"),
		.result = DMARC_FAIL, .has_policy = true,
		.policy = DMARC_POLICY_REJECT,
		.reason = SLICE_INIT("nothing is aligned") };
	static const struct policy_rule rule = { .name = SLICE_INIT("r1"),
		.action = POLICY_RULE_REJECT, .why = SLICE_INIT("enough"),
		.end_s = INT64_MAX };
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	struct dmarc_evaluation open = evaluation;
	struct inspect_results r;

	(void)state;
	for (size_t i = 0; i < POLICY_N_REPLIES; i++)
		options.replies[i] = ALL;
	options.mode = POLICY_MODE_ENFORCE;
	options.spf_reject = 1U << SPF_FAIL;
	set_results(&r, &evaluation);
	policy_judge_sender(&options, &r, arena, &verdict);
	test_assert_slice("SPF", verdict.text, "spf.example|not permitted|"
	    "their words|4XyZ|192.0.2.1|none|none|none");

	policy_judge_message(&options, &r, arena, &verdict);
	test_assert_slice("DMARC", verdict.text, "example.org|nothing is "
	    "aligned|none|4XyZ|192.0.2.1|reject|none|none");

	open.result = DMARC_TEMPERROR;
	open.reason = SLICE("timeout");
	set_results(&r, &open);
	policy_judge_message(&options, &r, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_TEMPFAIL);
	test_assert_slice("temperror", verdict.text, "example.org|timeout|"
	    "none|4XyZ|192.0.2.1|reject|none|none");

	open = (struct dmarc_evaluation){ .result = DMARC_PERMERROR };
	set_results(&r, &open);
	r.author_status = MAIL_AUTHOR_ABSENT;
	policy_judge_message(&options, &r, arena, &verdict);
	test_assert_slice("bad From", slice_head(verdict.text, 5), "none|");
	assert_non_null(memmem(verdict.text.ptr, verdict.text.len,
	    mail_author_status_text(MAIL_AUTHOR_ABSENT),
	    strlen(mail_author_status_text(MAIL_AUTHOR_ABSENT))));

	options.rules = &rule;
	options.n_rules = 1;
	open = evaluation;
	open.policy = DMARC_POLICY_NONE;
	set_results(&r, &open);
	policy_judge_message(&options, &r, arena, &verdict);
	test_assert_slice("rule", verdict.text, "example.org|enough|none|4XyZ|"
	    "192.0.2.1|none|none|r1");
	arena_destroy(&arena);
}

/* Without a template the id stands behind our own words; no reply, no text. */
static void
test_own_words(void **state)
{
	static const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE_INIT("example.org"),
		.result = DMARC_FAIL, .has_policy = true,
		.policy = DMARC_POLICY_REJECT,
		.reason = SLICE_INIT("nothing is aligned") };
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	struct inspect_results r;

	(void)state;
	options.mode = POLICY_MODE_ENFORCE;
	options.dmarc_reject = POLICY_REJECT_STRICT;
	set_results(&r, &evaluation);
	policy_judge_message(&options, &r, arena, &verdict);
	test_assert_slice("own", verdict.text, "rejected by the DMARC policy "
	    "of example.org (p=reject): nothing is aligned (id 4XyZ)");
	options.replies[POLICY_REPLY_DMARC] = "%{text}. See %{id}";
	policy_judge_message(&options, &r, arena, &verdict);
	test_assert_slice("around", verdict.text, "rejected by the DMARC "
	    "policy of example.org (p=reject): nothing is aligned. See 4XyZ");
	options.mode = POLICY_MODE_MONITOR;
	policy_judge_message(&options, &r, arena, &verdict);
	assert_int_equal(verdict.text.len, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_length),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
