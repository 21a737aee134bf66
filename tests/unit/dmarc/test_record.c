/* The policy record (RFC 9989 4.5 to 4.8, 4.10.1). */
#include "base/strbuf.h"
#include "dmarc/record.h"
#include "unit/test.h"

enum { N = DMARC_POLICY_NONE, Q = DMARC_POLICY_QUARANTINE,
	R = DMARC_POLICY_REJECT };

static void
test_is_record(void **state)
{
	static const struct {
		const char *name, *input;
		bool is_record;
	} cases[] = {
		{ "usual", "v=DMARC1; p=none", true },
		{ "version alone", "v=DMARC1", true },
		{ "version and separator", "v=DMARC1;", true },
		{ "version, blank, separator", "v=DMARC1 \t;", true },
		{ "blanks around equals", "v \t=\t DMARC1;p=none", true },
		{ "capital V", "V=DMARC1; p=none", true },
		{ "no blank behind separator", "v=DMARC1;p=none", true },
		{ "nothing", "", false },
		{ "v", "v", false },
		{ "v=", "v=", false },
		{ "lower case value", "v=dmarc1; p=reject", false },
		{ "longer version", "v=DMARC10; p=reject", false },
		{ "shorter version", "v=DMARC; p=reject", false },
		{ "no separator", "v=DMARC1 p=reject", false },
		{ "comma for separator", "v=DMARC1, p=reject", false },
		{ "v not first", "p=reject; v=DMARC1", false },
		{ "blank first", " v=DMARC1; p=reject", false },
		{ "separator first", "; v=DMARC1; p=reject", false },
		{ "quotes", "\"v=DMARC1; p=reject\"", false },
		{ "line end for a blank", "v=DMARC1\r\n; p=reject", false },
		{ "blank at the end", "v=DMARC1 ", false },
		{ "another tag's version", "x=DMARC1; p=reject", false },
		{ "SPF", "v=spf1 -all", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct dmarc_record record;

		if ((dmarc_parse_record(in, &record) != DMARC_RECORD_OTHER) !=
		    cases[i].is_record)
			fail_msg("%s: wrong answer", cases[i].name);
		assert_int_equal(record.psd, 'u');
		test_free_copy(in);
	}
}

static void
test_policies(void **state)
{
	static const struct {
		const char *name, *tags;
		enum dmarc_record_status status;
		int p, sp, np;
		bool has_p, has_sp, has_np;
	} cases[] = {
		{ "p alone", "p=reject", DMARC_RECORD_OK, R, R, R, true, false,
		  false },
		{ "p and sp", "p=none; sp=reject", DMARC_RECORD_OK, N, R, R,
		  true, true, false },
		{ "p and np", "p=quarantine; np=reject", DMARC_RECORD_OK, Q, Q,
		  R, true, false, true },
		{ "all three", "p=none;sp=quarantine;np=reject",
		  DMARC_RECORD_OK, N, Q, R, true, true, true },
		{ "np weaker", "np=none; sp=quarantine; p=reject",
		  DMARC_RECORD_OK, R, Q, N, true, true, true },
		{ "any case", "P=Reject; Sp=QUARANTINE; nP=NonE",
		  DMARC_RECORD_OK, R, Q, N, true, true, true },
		{ "blanks", "p\t=  Quarantine ; ", DMARC_RECORD_OK, Q, Q, Q,
		  true, false, false },
		{ "empty tags", "; ;p=reject;;", DMARC_RECORD_OK, R, R, R,
		  true, false, false },
		{ "tag without equals", "p; sp; p=reject", DMARC_RECORD_OK, R,
		  R, R, true, false, false },
		{ "empty value", "p=; p=reject; sp=", DMARC_RECORD_OK, R, R,
		  R, true, false, false },
		{ "first of a repeated tag", "p=reject; p=none",
		  DMARC_RECORD_OK, R, R, R, true, false, false },
		{ "unknown tags", "x=1; color=b\xc3\xa4; p=reject; a b=c",
		  DMARC_RECORD_OK, R, R, R, true, false, false },
		{ "historic tags", "p=reject; pct=0; rf=x; ri=-1",
		  DMARC_RECORD_OK, R, R, R, true, false, false },
		{ "bad optional values", "p=reject; adkim=strict; aspf=;"
		  " psd=x; t=maybe; fo=9; rua=nobody", DMARC_RECORD_OK, R, R,
		  R, true, false, false },
		{ "p missing", "adkim=s", DMARC_RECORD_NO_POLICY, N, N, N,
		  false, false, false },
		{ "nothing", "", DMARC_RECORD_NO_POLICY, N, N, N, false,
		  false, false },
		{ "p missing, sp", "sp=reject", DMARC_RECORD_NO_POLICY, N, R,
		  R, false, true, false },
		{ "p missing, rua", "rua=mailto:a@example.org; sp=reject",
		  DMARC_RECORD_OK, N, R, R, false, true, false },
		{ "p missing, https rua", "rua=https://example.org/x",
		  DMARC_RECORD_OK, N, N, N, false, false, false },
		{ "p missing, bad rua", "rua=a@example.org",
		  DMARC_RECORD_NO_POLICY, N, N, N, false, false, false },
		{ "p missing, ruf", "ruf=mailto:a@example.org",
		  DMARC_RECORD_NO_POLICY, N, N, N, false, false, false },
		{ "p invalid", "p=block", DMARC_RECORD_BAD_POLICY, N, N, N,
		  false, false, false },
		{ "p abbreviated", "p=rej", DMARC_RECORD_BAD_POLICY, N, N, N,
		  false, false, false },
		{ "p too long", "p=rejected", DMARC_RECORD_BAD_POLICY, N, N,
		  N, false, false, false },
		{ "p with a blank inside", "p=re ject",
		  DMARC_RECORD_BAD_POLICY, N, N, N, false, false, false },
		{ "p with a line end", "p=reject\n", DMARC_RECORD_BAD_POLICY,
		  N, N, N, false, false, false },
		{ "first of two is invalid", "p=x; p=reject",
		  DMARC_RECORD_BAD_POLICY, N, N, N, false, false, false },
		{ "p invalid, sp valid, rua",
		  "p=x; sp=reject; rua=mailto:a@example.org", DMARC_RECORD_OK,
		  N, N, N, false, false, false },
		{ "sp invalid", "p=reject; sp=nein", DMARC_RECORD_BAD_POLICY,
		  N, N, N, false, false, false },
		{ "sp invalid, rua",
		  "p=reject; sp=nein; rua=mailto:a@example.org",
		  DMARC_RECORD_OK, N, N, N, false, false, false },
		{ "np invalid", "p=reject; np=x", DMARC_RECORD_BAD_POLICY, N,
		  N, N, false, false, false },
		{ "np invalid, rua", "p=reject;np=x;rua=mailto:a@example.org",
		  DMARC_RECORD_OK, N, N, N, false, false, false },
		{ "p missing, sp invalid", "sp=x", DMARC_RECORD_BAD_POLICY, N,
		  N, N, false, false, false },
		{ "8-bit in p", "p=rej\xc3\xa4" "ct", DMARC_RECORD_BAD_POLICY,
		  N, N, N, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf text;
		struct dmarc_record record;
		struct slice in;

		strbuf_init(&text, arena, 4096);
		strbuf_printf(&text, "v=DMARC1; %s", cases[i].tags);
		in = test_exact_copy(strbuf_slice(&text));
		if (dmarc_parse_record(in, &record) != cases[i].status)
			fail_msg("%s: wrong status", cases[i].name);
		if ((int)record.p != cases[i].p ||
		    (int)record.sp != cases[i].sp ||
		    (int)record.np != cases[i].np)
			fail_msg("%s: wrong policy", cases[i].name);
		if (record.has_p != cases[i].has_p ||
		    record.has_sp != cases[i].has_sp ||
		    record.has_np != cases[i].has_np)
			fail_msg("%s: wrong has_", cases[i].name);
		if ((record.problem == NULL) != (record.has_p &&
		    cases[i].status == DMARC_RECORD_OK))
			fail_msg("%s: wrong problem", cases[i].name);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_other_tags(void **state)
{
	static const struct {
		const char *name, *input;
		bool is_dkim_strict, is_spf_strict, is_testing;
		char psd;
		const char *rua, *ruf, *fo;
	} cases[] = {
		{ "defaults", "v=DMARC1; p=none", false, false, false, 'u', "",
		  "", "" },
		{ "all", "v=DMARC1; p=none; adkim=s; aspf=s; t=y; psd=y;"
		  " rua=mailto:a@example.org, mailto:b@example.org;"
		  " ruf=mailto:c@example.org ; fo=1:d:s", true, true, true,
		  'y', "mailto:a@example.org, mailto:b@example.org",
		  "mailto:c@example.org", "1:d:s" },
		{ "the defaults written", "v=DMARC1; p=none; adkim=r; aspf=r;"
		  " t=n; psd=u; fo=0", false, false, false, 'u', "", "", "0" },
		{ "psd=n", "v=DMARC1; psd=n", false, false, false, 'n', "",
		  "", "" },
		{ "capitals", "v=DMARC1; ADKIM=S; ASPF=S; T=Y; PSD=N", true,
		  true, true, 'n', "", "", "" },
		{ "invalid ones", "v=DMARC1; p=none; adkim=strict; aspf=x;"
		  " t=yes; psd=yes", false, false, false, 'u', "", "", "" },
		{ "first of each", "v=DMARC1; adkim=s; adkim=r; psd=y; psd=n",
		  true, false, false, 'y', "", "", "" },
		{ "an invalid first is kept", "v=DMARC1; psd=x; psd=y", false,
		  false, false, 'u', "", "", "" },
		{ "broken p keeps the rest", "v=DMARC1; p=x; adkim=s; psd=n",
		  true, false, false, 'n', "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct dmarc_record record;

		if (dmarc_parse_record(in, &record) == DMARC_RECORD_OTHER)
			fail_msg("%s: no record", cases[i].name);
		if (record.is_dkim_strict != cases[i].is_dkim_strict ||
		    record.is_spf_strict != cases[i].is_spf_strict ||
		    record.is_testing != cases[i].is_testing ||
		    record.psd != cases[i].psd)
			fail_msg("%s: wrong tag", cases[i].name);
		test_assert_slice(cases[i].name, record.rua, cases[i].rua);
		test_assert_slice(cases[i].name, record.ruf, cases[i].ruf);
		test_assert_slice(cases[i].name, record.fo, cases[i].fo);
		test_free_copy(in);
	}
}

static void
test_nul(void **state)
{
	struct slice in = test_exact_copy(SLICE("v=DMARC1; p=none\0; sp=none"));
	struct dmarc_record record;

	(void)state;
	assert_int_equal(dmarc_parse_record(in, &record),
	    DMARC_RECORD_BAD_POLICY);
	test_free_copy(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_record),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_other_tags),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
