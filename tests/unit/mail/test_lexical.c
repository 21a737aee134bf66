/* Comments, folding and quoted strings (RFC 5322 3.2). */
#include "base/cursor.h"
#include "mail/lexical.h"
#include "unit/test.h"

static void
test_cfws(void **state)
{
	static const struct {
		const char *name, *input;
		bool ok;
		const char *rest;
	} cases[] = {
		{ "nothing", "", true, "" },
		{ "no white space", "a", true, "a" },
		{ "folds", " \t\r\n a", true, "a" },
		{ "comments", " (a) (b)\r\n\t(c)d", true, "d" },
		{ "nested", "(a(b)c)d", true, "d" },
		{ "escapes", "(\\(\\)\\\\)d", true, "d" },
		{ "quotes mean nothing", "(\")\"d", true, "\"d" },
		{ "as deep as may be", "(((a)))d", true, "d" },
		{ "too deep", "((((a))))d", false, "((((a))))d" },
		{ "not closed", "(a) (b", false, "(b" },
		{ "inner not closed", "(a(b)", false, "(a(b)" },
		{ "ends in a backslash", "(a\\", false, "(a\\" },
		{ "not opened", ")", true, ")" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct cursor cur = cursor_of(in);

		if (mail_skip_cfws(&cur, 3) != cases[i].ok)
			fail_msg("%s: wrong answer", cases[i].name);
		test_assert_slice(cases[i].name, cursor_rest(&cur),
		    cases[i].rest);
		test_free_copy(in);
	}
}

static void
test_quoted(void **state)
{
	static const struct {
		const char *name, *input;
		bool ok;
		const char *text, *rest;
	} cases[] = {
		{ "plain", "\"a b\"c", true, "a b", "c" },
		{ "empty", "\"\"", true, "", "" },
		{ "escapes", "\"a\\\"\\\\b\"", true, "a\"\\b", "" },
		{ "needless escape", "\"\\a\"", true, "a", "" },
		{ "fold", "\"a\r\n b\"", true, "a b", "" },
		{ "escaped line end", "\"a\\\r\n b\"", true, "a b", "" },
		{ "comment is text", "\"(a)\"", true, "(a)", "" },
		{ "not closed", "\"abc", false, "", "\"abc" },
		{ "closed by an escaped quote", "\"a\\\"", false, "",
		  "\"a\\\"" },
		{ "ends in a backslash", "\"a\\", false, "", "\"a\\" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct cursor cur = cursor_of(in);
		struct slice content, text;

		if (mail_take_quoted(&cur, &content) != cases[i].ok)
			fail_msg("%s: wrong answer", cases[i].name);
		assert_true(mail_unquote(arena, content, &text));
		test_assert_slice(cases[i].name, text, cases[i].text);
		test_assert_slice(cases[i].name, cursor_rest(&cur),
		    cases[i].rest);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_unquote_full(void **state)
{
	struct arena *arena = arena_create(1);
	struct slice text;

	(void)state;
	assert_non_null(arena);
	assert_false(mail_unquote(arena, SLICE("a\\b"), &text));
	assert_int_equal(text.len, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cfws),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_unquote_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
