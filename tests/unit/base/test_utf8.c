/* UTF-8 (RFC 3629). */
#include "base/utf8.h"
#include "unit/test.h"

static void
test_sequence(void **state)
{
	static const struct {
		const char *name;
		struct slice input;
		size_t want;
	} cases[] = {
		{ "nothing", SLICE_INIT(""), 0 },
		{ "ASCII", SLICE_INIT("ab"), 1 },
		{ "NUL", SLICE_INIT("\0"), 1 },
		{ "two octets", SLICE_INIT("\xc3\xbc" "x"), 2 },
		{ "first of two octets", SLICE_INIT("\xc2\x80"), 2 },
		{ "first of three octets", SLICE_INIT("\xe0\xa0\x80"), 3 },
		{ "last before surrogates", SLICE_INIT("\xed\x9f\xbf"), 3 },
		{ "first behind surrogates", SLICE_INIT("\xee\x80\x80"), 3 },
		{ "first of four octets", SLICE_INIT("\xf0\x90\x80\x80"), 4 },
		{ "U+10FFFF", SLICE_INIT("\xf4\x8f\xbf\xbf"), 4 },
		{ "past U+10FFFF", SLICE_INIT("\xf4\x90\x80\x80"), 0 },
		{ "0xf5", SLICE_INIT("\xf5\x80\x80\x80"), 0 },
		{ "0xff", SLICE_INIT("\xff"), 0 },
		{ "continuation first", SLICE_INIT("\x80"), 0 },
		{ "overlong slash, two", SLICE_INIT("\xc0\xaf"), 0 },
		{ "overlong DEL, two", SLICE_INIT("\xc1\xbf"), 0 },
		{ "overlong, three", SLICE_INIT("\xe0\x9f\xbf"), 0 },
		{ "overlong, four", SLICE_INIT("\xf0\x8f\xbf\xbf"), 0 },
		{ "surrogate", SLICE_INIT("\xed\xa0\x80"), 0 },
		{ "cut after one of two", SLICE_INIT("\xc3"), 0 },
		{ "cut after two of three", SLICE_INIT("\xe2\x82"), 0 },
		{ "cut after three of four", SLICE_INIT("\xf0\x9f\x98"), 0 },
		{ "ASCII inside", SLICE_INIT("\xe2\x82" "a"), 0 },
		{ "Latin-1", SLICE_INIT("\xfc" "ber"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(cases[i].input);

		if (utf8_sequence_octets(in) != cases[i].want)
			fail_msg("%s: %zu", cases[i].name,
			    utf8_sequence_octets(in));
		test_free_copy(in);
	}
}

static void
test_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(SLICE_EMPTY));
	assert_true(utf8_is_valid(SLICE("a\xc3\xbc\xf0\x9f\x98\x80z")));
	assert_false(utf8_is_valid(SLICE("a\xc3\xbc\xfcz")));
	assert_false(utf8_is_valid(SLICE("a\xc3\xbc\xf0\x9f\x98")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
