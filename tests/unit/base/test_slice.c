/* Slices and the cursor over them. */
#include "base/cursor.h"
#include "unit/test.h"

static void
test_parse_uint(void **state)
{
	static const struct {
		const char *name, *input;
		uint64_t max, value;
		bool ok;
	} cases[] = {
		{ "zero", "0", 10, 0, true },
		{ "at the limit", "128", 128, 128, true },
		{ "over the limit", "129", 128, 0, false },
		{ "leading zeros", "007", 128, 7, true },
		{ "largest", "18446744073709551615", UINT64_MAX, UINT64_MAX,
		  true },
		{ "one more", "18446744073709551616", UINT64_MAX, 0, false },
		{ "small limit", "5", 4, 0, false },
		{ "nothing", "", 10, 0, false },
		{ "sign", "+1", 10, 0, false },
		{ "blank", " 1", 10, 0, false },
		{ "letters behind", "1x", 10, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		uint64_t value = 99;

		if (slice_parse_uint(in, cases[i].max, &value) != cases[i].ok)
			fail_msg("%s: wrong answer", cases[i].name);
		if (value != cases[i].value)
			fail_msg("%s: wrong value", cases[i].name);
		test_free_copy(in);
	}
}

static void
test_compare(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{ "", "", 0 },
		{ "a", "A", 0 },
		{ "a", "b", -1 },
		{ "ab", "a", 1 },
		{ "Z", "_", 1 },	/* folded: z is behind _ */
		{ "\xc3\xa4", "a", 1 },
		{ "@", "`", -1 },	/* no letters: not folded */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice a = slice_from_cstr(cases[i].a);
		struct slice b = slice_from_cstr(cases[i].b);

		assert_int_equal(slice_compare_nocase(a, b), cases[i].order);
		assert_int_equal(slice_compare_nocase(b, a), -cases[i].order);
		assert_int_equal(slice_eq_nocase(a, b), cases[i].order == 0);
	}
}

static void
test_parts(void **state)
{
	struct slice s = SLICE(" one two ");

	(void)state;
	test_assert_slice("trim", slice_trim(s), "one two");
	test_assert_slice("trim end", slice_trim_end(s), " one two");
	test_assert_slice("trim all", slice_trim(SLICE(" \r\n\t ")), "");
	test_assert_slice("from", slice_from(s, 5), "two ");
	test_assert_slice("from beyond", slice_from(s, 50), "");
	test_assert_slice("head", slice_head(s, 4), " one");
	test_assert_slice("head beyond", slice_head(s, 50), " one two ");
	assert_int_equal(slice_find(s, 'o'), 1);
	assert_int_equal(slice_find_last(s, 'o'), 7);
	assert_true(slice_find(s, 'x') == SIZE_MAX);
	assert_true(slice_find_last(SLICE_EMPTY, 'x') == SIZE_MAX);
	assert_true(slice_starts_with_nocase(s, SLICE(" ONE")));
	assert_false(slice_starts_with(s, SLICE(" ONE")));
	assert_true(slice_ends_with_nocase(s, SLICE("TWO ")));
	assert_false(slice_ends_with_nocase(SLICE("o"), SLICE("two")));
	assert_true(slice_eq(SLICE_EMPTY, SLICE("")));
	assert_false(slice_is_ascii(SLICE("\xc3\xa4")));
}

static bool
is_letter_o(char c)
{
	return c == 'o';
}

static void
test_cursor(void **state)
{
	struct slice in = test_exact_copy(SLICE("oo \r\n\tKey;rest"));
	struct cursor cur = cursor_of(in);

	(void)state;
	test_assert_slice("run", cursor_take_while(&cur, is_letter_o), "oo");
	cursor_skip_wsp(&cur);
	assert_int_equal(cursor_peek(&cur), '\r');
	cursor_skip_fws(&cur);
	assert_false(cursor_take_text_nocase(&cur, SLICE("keys")));
	assert_true(cursor_take_text_nocase(&cur, SLICE("ke")));
	test_assert_slice("until", cursor_take_until(&cur, ';'), "y");
	assert_false(cursor_take_char(&cur, ':'));
	assert_true(cursor_take_char(&cur, ';'));
	test_assert_slice("no stop", cursor_take_until(&cur, ';'), "rest");
	assert_true(cursor_at_end(&cur));
	assert_int_equal(cursor_peek(&cur), -1);
	test_free_copy(in);
	cur = cursor_of(SLICE_EMPTY);
	assert_true(cursor_at_end(&cur));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_uint),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
