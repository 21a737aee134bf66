/* SPF records: selecting them and their syntax (RFC 7208 4.5, 4.6.1, 5, 6). */
#include "base/cursor.h"
#include "base/strbuf.h"
#include "spf/record.h"
#include "unit/test.h"

static void
test_version(void **state)
{
	static const struct {
		const char *text;
		bool is_record;
	} cases[] = {
		{ "v=spf1", true },
		{ "v=spf1 -all", true },
		{ "V=SpF1  ", true },
		{ "v=spf10", false },
		{ "v=spf1\t-all", false },
		{ "v=spf1-all", false },
		{ " v=spf1 -all", false },
		{ "\"v=spf1 -all\"", false },
		{ "v=spf", false },
		{ "spf2.0/mfrom,pra -all", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].text));

		if (spf_is_record(in) != cases[i].is_record)
			fail_msg("\"%s\": wrong answer", cases[i].text);
		test_free_copy(in);
	}
}

/* Records without their version; what is wrong with them, or NULL. */
static void
test_syntax(void **state)
{
	static const struct {
		const char *terms, *what;
	} cases[] = {
		{ "", NULL },
		{ "   ", NULL },
		{ " -all", NULL },
		{ "  +A   ?mX ~ALL  ", NULL },

		{ " all:", "\"all\" has no argument" },
		{ " all/8", "\"all\" has no argument" },
		{ " all.", "unknown mechanism" },
		{ " al", "unknown mechanism" },
		{ " alll", "unknown mechanism" },

		{ " include:a.example.org", NULL },
		{ " include:%{d}", NULL },
		{ " include", "a domain name is missing" },
		{ " include:", "not a domain name or a wrong macro" },
		{ " include/24", "not the syntax of this mechanism" },
		{ " include:a.example.org/24",
		  "not a domain name or a wrong macro" },

		{ " a", NULL },
		{ " a/24", NULL },
		{ " a//64", NULL },
		{ " a/24//64", NULL },
		{ " a/0//0", NULL },
		{ " a:a.example.org/32//128", NULL },
		{ " a:a/24.example.org", NULL },
		{ " a:a//24.example.org//24", NULL },
		{ " a:%{d/}/24", NULL },
		{ " a:%{d}/24//64", NULL },
		{ " a/33", "a wrong prefix length" },
		{ " a//129", "a wrong prefix length" },
		{ " a/024", "a wrong prefix length" },
		{ " a//064", "a wrong prefix length" },
		{ " a/00", "a wrong prefix length" },
		{ " a/99999999999999999999999", "a wrong prefix length" },
		{ " a/24/64", "a wrong prefix length" },
		{ " a/24/24", "not the syntax of this mechanism" },
		{ " a///24", "not the syntax of this mechanism" },
		{ " a/", "not the syntax of this mechanism" },
		{ " a//", "not the syntax of this mechanism" },
		{ " a/24//", "not the syntax of this mechanism" },
		{ " a/-1", "not the syntax of this mechanism" },
		{ " a/+1", "not the syntax of this mechanism" },
		{ " a:", "not a domain name or a wrong macro" },
		{ " a:/24", "not a domain name or a wrong macro" },
		{ " a:192.0.2.1",
		  "an address where a name belongs; ip4 is meant" },
		{ " a:192.0.2.1/24",
		  "an address where a name belongs; ip4 is meant" },

		{ " mx", NULL },
		{ " mx:example.org/24//64", NULL },
		{ " mx/33", "a wrong prefix length" },

		{ " ptr", NULL },
		{ " ptr:example.org", NULL },
		{ " ptr:", "not a domain name or a wrong macro" },
		{ " ptr/24", "not the syntax of this mechanism" },

		{ " exists:%{i}._spf.%{d2}", NULL },
		{ " exists", "a domain name is missing" },
		{ " exists:a.example.org/24",
		  "not a domain name or a wrong macro" },

		{ " ip4:192.0.2.1", NULL },
		{ " ip4:192.0.2.1/0", NULL },
		{ " ip4:192.0.2.1/32", NULL },
		{ " ip4", "a network is missing" },
		{ " ip4/24", "a network is missing" },
		{ " ip4:", "not an address" },
		{ " ip4:192.0.2", "not an address" },
		{ " ip4:192.0.2.", "not an address" },
		{ " ip4:192.0.2.1.1", "not an address" },
		{ " ip4:192.0.2.256", "not an address" },
		{ " ip4:192.0.2.01", "not an address" },
		{ " ip4:192.0.2.0x1", "not an address" },
		{ " ip4:2001:db8::1", "not an address" },
		{ " ip4:192.0.2.1/33", "a wrong prefix length" },
		{ " ip4:192.0.2.1/", "a wrong prefix length" },
		{ " ip4:192.0.2.1/08", "a wrong prefix length" },
		{ " ip4:192.0.2.1//24", "a wrong prefix length" },
		{ " ip4:%{i}", "not an address" },

		{ " ip6:2001:db8::cd30", NULL },
		{ " ip6:2001:DB8::/32", NULL },
		{ " ip6:::/0", NULL },
		{ " ip6:::1/128", NULL },
		{ " ip6:::ffff:192.0.2.1/96", NULL },
		{ " ip6", "a network is missing" },
		{ " ip6:192.0.2.1", "not an address" },
		{ " ip6:2001:db8:::1", "not an address" },
		{ " ip6:fe80::1%eth0", "not an address" },
		{ " ip6:2001:db8::/129", "a wrong prefix length" },
		{ " ip6:2001:db8::/032", "a wrong prefix length" },
		{ " ip6:2001:db8::/32//32", "a wrong prefix length" },

		{ " redirect=_spf.example.org", NULL },
		{ " REDIRECT=_spf.%{d}", NULL },
		{ " redirect=", "not a domain name or a wrong macro" },
		{ " redirect=org", "not a domain name or a wrong macro" },
		{ " redirect:a.example.org", "unknown mechanism" },
		{ " -redirect=a.example.org", "unknown mechanism" },
		{ " redirect=a.example.org redirect=a.example.org",
		  "the modifier is there twice" },
		{ " exp=why.%{o}", NULL },
		{ " exp=", "not a domain name or a wrong macro" },
		{ " exp=%{t}.example.org",
		  "not a domain name or a wrong macro" },
		{ " exp=a.example.org -all Exp=b.example.org",
		  "the modifier is there twice" },

		{ " a.b-c_d1=", NULL },
		{ " a= a= a=x", NULL },
		{ " ra=x%%y%{c}:/z", NULL },
		{ " x=%", "a wrong macro" },
		{ " x=%{q}", "a wrong macro" },
		{ " 1x=y", "not a term" },
		{ " -x=y", "unknown mechanism" },
		{ " =y", "not a term" },
		{ " x/y=z", "unknown mechanism" },

		{ " -", "not a term" },
		{ " --all", "not a term" },
		{ " +-all", "not a term" },
		{ " !all", "not a term" },
		{ " _a", "not a term" },
		{ " -all moo", "unknown mechanism" },
		{ " a\tmx", "not the syntax of this mechanism" },
		{ " a\r\n", "not the syntax of this mechanism" },
		{ " -\xc3\xa4ll", "not a term" },
		{ " a:m\xc3\xbcller.example.org",
		  "not a domain name or a wrong macro" },
		{ " x=m\xc3\xbcller", "a wrong macro" },
		{ " \x7f", "not a term" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf text;
		struct slice in;
		struct spf_record record;
		struct spf_syntax_error error;
		bool ok;

		strbuf_init(&text, arena, 1000);
		strbuf_append_cstr(&text, "v=spf1");
		strbuf_append_cstr(&text, cases[i].terms);
		in = test_exact_copy(strbuf_slice(&text));
		ok = spf_parse_record(in, &record, &error);
		if (ok != (cases[i].what == NULL))
			fail_msg("\"%s\": %s", cases[i].terms,
			    ok ? "taken" : error.what);
		if (!ok)
			test_assert_slice(cases[i].terms,
			    slice_from_cstr(error.what), cases[i].what);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_null_octet(void **state)
{
	struct slice in = test_exact_copy(SLICE("v=spf1 a:x.example.org\0"));
	struct spf_record record;
	struct spf_syntax_error error;

	(void)state;
	assert_false(spf_parse_record(in, &record, &error));
	assert_true(slice_eq(error.term, SLICE("a:x.example.org\0")));
	test_free_copy(in);
}

/* What a directive says, and that modifiers are passed over. */
static void
test_directives(void **state)
{
	static const struct {
		const char *text;
		enum spf_result qualifier;
		enum spf_mechanism mechanism;
		const char *domain_spec;
		unsigned ip4_bits, ip6_bits, network_bits;
	} want[] = {
		{ "A", SPF_PASS, SPF_MECHANISM_A, "", 32, 128, 0 },
		{ "+mx:b.example.org/24//64", SPF_PASS, SPF_MECHANISM_MX,
		  "b.example.org", 24, 64, 0 },
		{ "?a//0", SPF_NEUTRAL, SPF_MECHANISM_A, "", 32, 0, 0 },
		{ "~a:c/1.example.org/2", SPF_SOFTFAIL, SPF_MECHANISM_A,
		  "c/1.example.org", 2, 128, 0 },
		{ "ip4:192.0.2.0/25", SPF_PASS, SPF_MECHANISM_IP4, "", 32, 128,
		  25 },
		{ "-ip6:2001:db8::1", SPF_FAIL, SPF_MECHANISM_IP6, "", 32, 128,
		  128 },
		{ "ptr", SPF_PASS, SPF_MECHANISM_PTR, "", 32, 128, 0 },
		{ "exists:%{i}.example.org", SPF_PASS, SPF_MECHANISM_EXISTS,
		  "%{i}.example.org", 32, 128, 0 },
		{ "include:d.example.org.", SPF_PASS, SPF_MECHANISM_INCLUDE,
		  "d.example.org.", 32, 128, 0 },
		{ "-all", SPF_FAIL, SPF_MECHANISM_ALL, "", 32, 128, 0 },
	};
	struct slice in = test_exact_copy(SLICE("v=spf1 A x=y "
	    "+mx:b.example.org/24//64 exp=e.example.org  ?a//0 "
	    "~a:c/1.example.org/2 ip4:192.0.2.0/25 -ip6:2001:db8::1 ptr "
	    "exists:%{i}.example.org redirect=f.example.org "
	    "include:d.example.org. -all z=z "));
	struct spf_record record;
	struct spf_syntax_error error;
	struct spf_directive directive;
	struct cursor cur;

	(void)state;
	assert_true(spf_parse_record(in, &record, &error));
	test_assert_slice("exp", record.explanation, "e.example.org");
	test_assert_slice("redirect", record.redirect, "f.example.org");
	cur = cursor_of(record.terms);
	for (size_t i = 0; i < N_ELEMENTS(want); i++) {
		assert_true(spf_take_directive(&cur, &directive));
		test_assert_slice("text", directive.text, want[i].text);
		test_assert_slice(want[i].text, directive.domain_spec,
		    want[i].domain_spec);
		assert_int_equal(directive.qualifier, want[i].qualifier);
		assert_int_equal(directive.mechanism, want[i].mechanism);
		assert_int_equal(directive.ip4_bits, want[i].ip4_bits);
		assert_int_equal(directive.ip6_bits, want[i].ip6_bits);
		assert_int_equal(directive.network.prefix_bits,
		    want[i].network_bits);
	}
	assert_false(spf_take_directive(&cur, &directive));
	test_free_copy(in);
}

static bool
parse_repeated(const char *term, size_t n)
{
	struct arena *arena = test_arena();
	struct strbuf text;
	struct slice in;
	struct spf_record record;
	struct spf_syntax_error error;
	bool ok;

	strbuf_init(&text, arena, 1024 * 1024);
	strbuf_append_cstr(&text, "v=spf1");
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&text, term);
	in = test_exact_copy(strbuf_slice(&text));
	ok = spf_parse_record(in, &record, &error);
	if (!ok)
		test_assert_slice(term, slice_from_cstr(error.what),
		    "too many terms");
	test_free_copy(in);
	arena_destroy(&arena);
	return ok;
}

static void
test_many_terms(void **state)
{
	(void)state;
	assert_true(parse_repeated(" ip4:198.51.100.128/25", 3000));
	assert_true(parse_repeated(" a", SPF_MAX_RECORD_TERMS));
	assert_false(parse_repeated(" a", SPF_MAX_RECORD_TERMS + 1));
	assert_true(parse_repeated("     ", 10000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_null_octet),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_many_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
