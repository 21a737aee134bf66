/* What is remembered of a message, as octets. */
#include <string.h>

#include "base/strbuf.h"
#include "report/fact.h"
#include "unit/test.h"

static const struct report_fact whole = {
	.day = 20123, .policy_domain = SLICE_INIT("example.org"),
	.configuration = SLICE_INIT("p=none"), .is_reportable = true,
	.author_domain = SLICE_INIT("a.example.org"),
	.source = { .family = IP_V4, .octets = { 192, 0, 2, 1 } },
	.envelope_from = SLICE_INIT("bounce.example.net"),
	.envelope_to = SLICE_INIT("example.com"),
	.disposition = SLICE_INIT("quarantine"), .is_dkim_aligned = true,
	.is_spf_aligned = true,
	.reasons = SLICE_INIT("local_policy \xc3\xa4\npolicy_test_mode"),
	.spf_domain = SLICE_INIT("bounce.example.net"),
	.spf_result = SLICE_INIT("pass"),
	.signatures = {
		{ SLICE_INIT("example.org"), SLICE_INIT("s1"),
		    SLICE_INIT("pass") },
		{ SLICE_INIT("example.net"), SLICE_INIT("s2"),
		    SLICE_INIT("fail") },
	},
	.n_signatures = 2, .dmarc_result = SLICE_INIT("pass"),
	.arc_result = SLICE_INIT("none"), .action = SLICE_INIT("accept"),
	.wanted = SLICE_INIT("hold"), .rule = SLICE_INIT("2"),
	.shadow_rule = SLICE_INIT("try"), .shadow_wanted = SLICE_INIT("reject"),
	.evidence = SLICE_INIT("arc,list"),
};

static struct slice
encode(struct arena *arena, const struct report_fact *fact)
{
	struct strbuf out;

	strbuf_init(&out, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(fact, &out);
	return out.has_failed ? SLICE_EMPTY : strbuf_slice(&out);
}

/* Decode an exact copy; where it is taken it must be written alike. */
static bool
is_taken(struct arena *arena, struct slice octets)
{
	struct slice in = test_exact_copy(octets);
	struct report_fact fact;
	bool is_right = report_decode_fact(in, &fact);

	if (is_right)
		assert_true(slice_eq(encode(arena, &fact), octets));
	test_free_copy(in);
	return is_right;
}

static void
test_whole(void **state)
{
	struct arena *arena = test_arena();
	struct slice octets = encode(arena, &whole);
	struct report_fact fact;

	(void)state;
	assert_true(report_decode_fact(octets, &fact));
	assert_int_equal(fact.day, 20123);
	assert_true(fact.is_reportable && fact.is_dkim_aligned &&
	    fact.is_spf_aligned);
	assert_true(ip_eq(&fact.source, &whole.source));
	assert_int_equal(fact.n_signatures, 2);
	test_assert_slice("domain", fact.signatures[1].domain, "example.net");
	test_assert_slice("selector", fact.signatures[1].selector, "s2");
	test_assert_slice("result", fact.signatures[1].result, "fail");
	assert_true(slice_eq(fact.policy_domain,
	    whole.policy_domain));
	assert_true(slice_eq(fact.configuration,
	    whole.configuration));
	assert_true(slice_eq(fact.author_domain,
	    whole.author_domain));
	assert_true(slice_eq(fact.envelope_from,
	    whole.envelope_from));
	assert_true(slice_eq(fact.envelope_to,
	    whole.envelope_to));
	assert_true(slice_eq(fact.disposition,
	    whole.disposition));
	assert_true(slice_eq(fact.reasons,
	    whole.reasons));
	assert_true(slice_eq(fact.spf_domain,
	    whole.spf_domain));
	assert_true(slice_eq(fact.spf_result,
	    whole.spf_result));
	assert_true(slice_eq(fact.dmarc_result,
	    whole.dmarc_result));
	assert_true(slice_eq(fact.arc_result,
	    whole.arc_result));
	assert_true(slice_eq(fact.action,
	    whole.action));
	assert_true(slice_eq(fact.wanted,
	    whole.wanted));
	assert_true(slice_eq(fact.rule,
	    whole.rule));
	assert_true(slice_eq(fact.shadow_rule,
	    whole.shadow_rule));
	assert_true(slice_eq(fact.shadow_wanted,
	    whole.shadow_wanted));
	assert_true(slice_eq(fact.evidence,
	    whole.evidence));
	arena_destroy(&arena);
}

static void
test_rows(void **state)
{
	static const struct {
		const char *name;
		struct report_fact fact;
		bool is_right;
	} cases[] = {
		{ "nothing", { .day = 0 }, true },
		{ "last day", { .day = UINT32_MAX }, true },
		{ "IPv6", { .source = { .family = IP_V6, .octets = { 0x20, 1,
		    0xd, 0xb8 } } }, true },
		{ "UTF-8", { .rule = SLICE_INIT("\xc3\xa4") }, true },
		{ "no UTF-8", { .rule = SLICE_INIT("\xc3") }, false },
		{ "NUL", { .rule = { "a\0b", 3 } }, false },
		{ "DEL", { .rule = SLICE_INIT("\x7f") }, false },
		{ "two lines", { .rule = SLICE_INIT("a\nb") }, false },
		{ "lines of reasons", { .reasons = SLICE_INIT("a\nb") }, true },
		{ "a tab in reasons", { .reasons = SLICE_INIT("a\tb") },
		  false },
		{ "word too long", { .action = SLICE_INIT("12345678901234567")
		  }, false },
		{ "no selector", { .signatures = { { SLICE_INIT("a"),
		    SLICE_INIT(""), SLICE_INIT("pass") } }, .n_signatures = 1 },
		  false },
		{ "no domain", { .signatures = { { SLICE_INIT(""),
		    SLICE_INIT("a"), SLICE_INIT("pass") } }, .n_signatures = 1
		  }, false },
		{ "too many signatures", { .n_signatures = 101 }, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice octets = encode(arena, &cases[i].fact);

		if ((octets.len != 0) != cases[i].is_right)
			fail_msg("%s: %s", cases[i].name,
			    cases[i].is_right ? "not written" : "written");
		if (octets.len != 0 && !is_taken(arena, octets))
			fail_msg("%s: not read", cases[i].name);
		arena_destroy(&arena);
	}
}

/* The largest fact that there can be fits. */
static void
test_worst(void **state)
{
	static char many[REPORT_FACT_MAX_OCTETS];
	struct arena *arena = test_arena();
	struct report_fact fact = {
		.source = { .family = IP_V6 }, .n_signatures =
		REPORT_MAX_SIGNATURES,
		.policy_domain = { many, REPORT_MAX_DOMAIN },
		.configuration = { many, 4096 },
		.author_domain = { many, REPORT_MAX_DOMAIN },
		.envelope_from = { many, REPORT_MAX_DOMAIN },
		.envelope_to = { many, REPORT_MAX_DOMAIN },
		.disposition = { many, REPORT_MAX_WORD },
		.reasons = { many, REPORT_MAX_REASONS },
		.spf_domain = { many, REPORT_MAX_DOMAIN },
		.spf_result = { many, REPORT_MAX_WORD },
		.dmarc_result = { many, REPORT_MAX_WORD },
		.arc_result = { many, REPORT_MAX_WORD },
		.action = { many, REPORT_MAX_WORD },
		.wanted = { many, REPORT_MAX_WORD },
		.rule = { many, REPORT_MAX_RULE },
		.shadow_rule = { many, REPORT_MAX_RULE },
		.shadow_wanted = { many, REPORT_MAX_WORD },
		.evidence = { many, REPORT_MAX_EVIDENCE },
	};

	(void)state;
	memset(many, 'a', sizeof(many));
	for (size_t i = 0; i < fact.n_signatures; i++)
		fact.signatures[i] = (struct report_signature){
			{ many, REPORT_MAX_KEY_NAME - 1 }, { many, 1 },
			{ many, REPORT_MAX_WORD } };
	assert_true(is_taken(arena, encode(arena, &fact)));
	fact.signatures[0].selector.len++;
	assert_int_equal(encode(arena, &fact).len, 0);
	arena_destroy(&arena);
}

/* Each end that is missing is missed, and a change of any octet gives either
 * no fact or one that is written as it was read. */
static void
test_damage(void **state)
{
	static const unsigned char marks[] = { 0, 1, '\n', 0x7f, 0x80, 0xff };
	struct arena *arena = test_arena();
	struct slice octets = encode(arena, &whole);
	size_t n_taken = 0;

	(void)state;
	for (size_t n = 0; n < octets.len; n++)
		assert_false(is_taken(arena, slice_head(octets, n)));
	for (size_t i = 0; i < octets.len; i++)
		for (size_t k = 0; k < sizeof(marks); k++) {
			struct slice copy;

			arena_reset(arena);
			octets = encode(arena, &whole);
			assert_true(arena_copy(arena, octets, &copy));
			((char *)(uintptr_t)copy.ptr)[i] = (char)marks[k];
			n_taken += is_taken(arena, copy);
		}
	assert_true(n_taken != 0);
	arena_destroy(&arena);
}

static void
test_junk_behind(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf out;

	(void)state;
	strbuf_init(&out, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(&whole, &out);
	strbuf_append_char(&out, '\0');
	assert_false(is_taken(arena, strbuf_slice(&out)));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_junk_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
