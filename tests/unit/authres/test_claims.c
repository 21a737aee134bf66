/* Fields from outside that claim to be ours (RFC 8601 5). */
#include <string.h>

#include "authres/authres.h"
#include "unit/test.h"

static void
test_claims(void **state)
{
	static const struct {
		const char *name;
		struct slice value;
		bool want;
	} cases[] = {
		{ "ours", SLICE_INIT(" mx.example.org; spf=pass"), true },
		{ "no leading space", SLICE_INIT("mx.example.org; none"),
		  true },
		{ "upper case", SLICE_INIT(" MX.Example.ORG; none"), true },
		{ "quoted", SLICE_INIT(" \"mx.example.org\"; none"), true },
		{ "quoted with escapes",
		  SLICE_INIT(" \"mx\\.example.\\org\"; none"), true },
		{ "comment before", SLICE_INIT(" (x) mx.example.org; none"),
		  true },
		{ "nested comments before",
		  SLICE_INIT(" (x(y\\)(z)))\t(;)mx.example.org; none"), true },
		{ "deep comments before",
		  SLICE_INIT(" ((((((((((((((((((((x))))))))))))))))))))"
		  "mx.example.org; none"), true },
		{ "comment behind", SLICE_INIT(" mx.example.org(x); none"),
		  true },
		{ "folded at once", SLICE_INIT("\r\n mx.example.org; none"),
		  true },
		{ "folded by LF", SLICE_INIT("\n\tmx.example.org; none"),
		  true },
		{ "version", SLICE_INIT(" mx.example.org 1; none"), true },
		{ "version that is none",
		  SLICE_INIT(" mx.example.org 99x; none"), true },
		{ "version behind a comment",
		  SLICE_INIT(" mx.example.org (x) 1 ; none"), true },
		{ "version of old", SLICE_INIT(" mx.example.org/1; none"),
		  true },
		{ "trailing dot", SLICE_INIT(" mx.example.org.; none"), true },
		{ "trailing dot, quoted",
		  SLICE_INIT(" \"mx.example.org.\" ; none"), true },
		{ "nothing behind", SLICE_INIT(" mx.example.org"), true },
		{ "junk behind", SLICE_INIT(" mx.example.org ) = \" ("),
		  true },
		{ "no semicolon",
		  SLICE_INIT(" mx.example.org spf=pass smtp.helo=x"), true },
		{ "comma for the semicolon",
		  SLICE_INIT(" mx.example.org, spf=pass"), true },
		{ "equals sign behind",
		  SLICE_INIT(" mx.example.org=x; spf=pass"), true },
		{ "comment within", SLICE_INIT(" mx(x).example.org; none"),
		  true },
		{ "blanks within", SLICE_INIT(" mx . example .org; none"),
		  true },
		{ "quotes within", SLICE_INIT(" mx.\"example\".org; none"),
		  true },
		{ "comment not closed",
		  SLICE_INIT(" (mx.example.org; spf=pass"), true },
		{ "comment closed for readers who do not nest",
		  SLICE_INIT(" (() mx.example.org; spf=pass"), true },
		{ "the same, closed later",
		  SLICE_INIT(" (() mx.example.org; spf=pass) a.example; none"),
		  true },
		{ "quote not closed",
		  SLICE_INIT(" \"mx.example.org; spf=pass"), true },
		{ "string before", SLICE_INIT(" \"\" mx.example.org; none"),
		  true },
		{ "another id before",
		  SLICE_INIT(" a.example mx.example.org; none"), true },
		{ "NUL behind", SLICE_INIT(" mx.example.org\0; none"), true },
		{ "control before", SLICE_INIT(" \x01mx.example.org; none"),
		  true },
		{ "no-break spaces around",
		  SLICE_INIT(" \xc2\xa0mx.example.org\xc2\xa0; none"), true },
		{ "encoded word",
		  SLICE_INIT(" =?utf-8?Q?mx=2Eexample=2Eorg?=; spf=pass"),
		  true },

		{ "another", SLICE_INIT(" a.example; spf=pass"), false },
		{ "below ours", SLICE_INIT(" a.mx.example.org; none"), false },
		{ "above ours", SLICE_INIT(" example.org; none"), false },
		{ "ends like ours", SLICE_INIT(" amx.example.org; none"),
		  false },
		{ "begins like ours", SLICE_INIT(" mx.example.organic; none"),
		  false },
		{ "begins with ours", SLICE_INIT(" mx.example.org.example; x"),
		  false },
		{ "ours and a digit", SLICE_INIT(" mx.example.org1; none"),
		  false },
		{ "ours, two dots", SLICE_INIT(" mx.example.org..x; none"),
		  false },
		{ "cut", SLICE_INIT(" mx.example.or"), false },
		{ "ours is only a property of theirs",
		  SLICE_INIT(" a.example; spf=pass smtp.helo=mx.example.org"),
		  false },
		{ "theirs is quoted with a semicolon",
		  SLICE_INIT(" \"a;b\"; x=y z.z=mx.example.org"), false },
		{ "theirs has a comment with a semicolon",
		  SLICE_INIT(" (a;b) a.example; x=y z.z=mx.example.org"),
		  false },
		{ "no id", SLICE_INIT(" spf=pass smtp.mailfrom=a.example"),
		  false },
		{ "no id, ARC's instance",
		  SLICE_INIT(" i=1; mx.example.org; spf=pass"), false },
		{ "nothing", SLICE_INIT(""), false },
		{ "comment only", SLICE_INIT(" (x)"), false },
		{ "semicolon only", SLICE_INIT(";"), false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(cases[i].value);
		struct slice id = test_exact_copy(SLICE("mx.example.org"));

		if (authres_claims_id(in, id) != cases[i].want)
			fail_msg("%s: wrong", cases[i].name);
		test_free_copy(id);
		test_free_copy(in);
	}
}

static void
test_ids(void **state)
{
	(void)state;
	assert_true(authres_claims_id(SLICE(" mx; none"), SLICE("MX.")));
	assert_true(authres_claims_id(SLICE(" mx.; none"), SLICE("MX.")));
	assert_false(authres_claims_id(SLICE(" mx1; none"), SLICE("mx")));
	assert_true(authres_claims_id(SLICE(" mx 1; none"), SLICE("mx")));
	assert_true(authres_claims_id(SLICE(" \"my mx\"; x"), SLICE("my mx")));
	assert_true(authres_claims_id(SLICE(" b\xc3\xbc.example; none"),
	    SLICE("b\xc3\xbc.example")));
	assert_false(authres_claims_id(SLICE(" mx; none"), SLICE_EMPTY));
	assert_false(authres_claims_id(SLICE(" mx; none"), SLICE(".")));
}

/* A megabyte of what nearly matches takes no time to speak of. */
static void
test_large(void **state)
{
	static const char *const parts[] = { "(", "mx.example.or ", "\"", "\\",
		"=", "mx.example.org" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		size_t n = strlen(parts[i]), len = 1000000 / n * n;
		char *mem = malloc(len);

		assert_non_null(mem);
		for (size_t k = 0; k < len; k += n)
			memcpy(mem + k, parts[i], n);
		assert_false(authres_claims_id((struct slice){ mem, len },
		    SLICE("mx.example.org")));
		free(mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
