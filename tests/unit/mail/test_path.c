/* SMTP's paths (RFC 5321 4.1.2), in every form an MTA passes them. */
#include "mail/path.h"
#include "unit/test.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *name, *input;
		bool is_null;
		const char *address, *local, *domain;
	} cases[] = {
		{ "null path", "<>", true, "", "", "" },
		{ "null path with a blank", "< >", true, "", "", "" },
		{ "nothing", "", true, "", "", "" },
		{ "blanks", "  ", true, "", "", "" },
		{ "plain", "<a@example.org>", false, "a@example.org", "a",
		  "example.org" },
		{ "no brackets", "a@example.org", false, "a@example.org", "a",
		  "example.org" },
		{ "blanks around", " < a@example.org > ", false,
		  "a@example.org", "a", "example.org" },
		{ "source route", "<@relay.example:a@example.org>", false,
		  "a@example.org", "a", "example.org" },
		{ "source route of two",
		  "<@r.example,@s.example:a@example.org>", false,
		  "a@example.org", "a", "example.org" },
		{ "source route with a literal",
		  "<@[IPv6:2001:db8::1]:a@example.org>", false,
		  "a@example.org", "a", "example.org" },
		{ "source route, no brackets", "@r.example:a@example.org",
		  false, "a@example.org", "a", "example.org" },
		{ "source route to nothing", "<@r.example:>", true, "", "",
		  "" },
		{ "colon in a local part", "<a:b@example.org>", false,
		  "a:b@example.org", "a:b", "example.org" },
		{ "no domain", "<nodomain>", false, "nodomain", "nodomain",
		  "" },
		{ "no domain behind the at sign", "<a@>", false, "a@", "a",
		  "" },
		{ "no local part", "<@example.org>", false, "@example.org", "",
		  "example.org" },
		{ "literal", "<a@[192.0.2.9]>", false, "a@[192.0.2.9]", "a",
		  "[192.0.2.9]" },
		{ "IPv6 literal", "<a@[IPv6:2001:db8::9]>", false,
		  "a@[IPv6:2001:db8::9]", "a", "[IPv6:2001:db8::9]" },
		{ "trailing dot", "<A@EXAMPLE.Com.>", false, "A@EXAMPLE.Com.",
		  "A", "EXAMPLE.Com." },
		{ "quoted local part", "<\"q q\"@example.com>", false,
		  "\"q q\"@example.com", "\"q q\"", "example.com" },
		{ "at sign in quotes", "<\"a@b.example\"@example.com>", false,
		  "\"a@b.example\"@example.com", "\"a@b.example\"",
		  "example.com" },
		{ "escaped quote and at sign", "<\"a\\\"@b\"@example.com>",
		  false, "\"a\\\"@b\"@example.com", "\"a\\\"@b\"",
		  "example.com" },
		{ "bracket in quotes", "<\"a>b\"@example.com>", false,
		  "\"a>b\"@example.com", "\"a>b\"", "example.com" },
		{ "quoted, no domain", "<\"a@b.example\">", false,
		  "\"a@b.example\"", "\"a@b.example\"", "" },
		{ "quote not closed", "<\"a@example.com>", false,
		  "\"a@example.com", "\"a@example.com", "" },
		{ "two at signs", "<a@b.example@example.com>", false,
		  "a@b.example@example.com", "a@b.example", "example.com" },
		{ "UTF-8", "<j\xc3\xb6@b\xc3\xbc" "cher.example>", false,
		  "j\xc3\xb6@b\xc3\xbc" "cher.example", "j\xc3\xb6",
		  "b\xc3\xbc" "cher.example" },
		{ "not closed", "<a@example.org", false, "a@example.org", "a",
		  "example.org" },
		{ "not opened", "a@example.org>", false, "a@example.org>", "a",
		  "example.org>" },
		{ "bracket alone", "<", true, "", "", "" },
		{ "backslash at the end", "a@example.org\\", false,
		  "a@example.org\\", "a", "example.org\\" },
		{ "SRS", "<SRS0=ab=cd=a.example=u@example.org>", false,
		  "SRS0=ab=cd=a.example=u@example.org",
		  "SRS0=ab=cd=a.example=u", "example.org" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct mail_path path;

		mail_parse_path(in, &path);
		if (path.is_null != cases[i].is_null)
			fail_msg("%s: wrong is_null", cases[i].name);
		test_assert_slice(cases[i].name, path.address,
		    cases[i].address);
		test_assert_slice(cases[i].name, path.local, cases[i].local);
		test_assert_slice(cases[i].name, path.domain, cases[i].domain);
		test_free_copy(in);
	}
}

static void
test_nul(void **state)
{
	struct slice in = test_exact_copy(SLICE("<a\0b@example.org\0>"));
	struct mail_path path;

	(void)state;
	mail_parse_path(in, &path);
	assert_int_equal(path.local.len, 3);
	assert_int_equal(path.domain.len, 12);
	test_free_copy(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
