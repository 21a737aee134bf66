/* The string buffer: growth, ceiling, escaping. */
#include <string.h>

#include "base/strbuf.h"
#include "unit/test.h"

static void
test_append(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf buf;

	(void)state;
	strbuf_init(&buf, arena, 4096);
	test_assert_slice("fresh", strbuf_slice(&buf), "");
	assert_string_equal(strbuf_cstr(&buf), "");
	strbuf_append(&buf, SLICE("ab"));
	strbuf_append(&buf, SLICE("cd\xc3\x84"));
	strbuf_append_char(&buf, '-');
	strbuf_append_uint(&buf, UINT64_MAX);
	strbuf_printf(&buf, "/%d/%s", -7, "x");
	assert_string_equal(strbuf_cstr(&buf),
	    "abcd\xc3\x84-18446744073709551615/-7/x");
	strbuf_truncate(&buf, 2);
	assert_string_equal(strbuf_cstr(&buf), "ab");
	for (int i = 0; i < 1000; i++)
		strbuf_append(&buf, SLICE("xyz"));
	assert_int_equal(strbuf_slice(&buf).len, 3002);
	assert_int_equal(strlen(strbuf_cstr(&buf)), 3002);
	arena_destroy(&arena);
}

static void
test_ceiling(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf buf;

	(void)state;
	strbuf_init(&buf, arena, 5);
	strbuf_append(&buf, SLICE("12345"));
	assert_false(buf.has_failed);
	assert_string_equal(strbuf_cstr(&buf), "12345");
	strbuf_append(&buf, SLICE("6"));
	assert_true(buf.has_failed);
	assert_null(strbuf_cstr(&buf));
	strbuf_truncate(&buf, 0);
	strbuf_printf(&buf, "%s", "a");	/* nothing more after a failure */
	test_assert_slice("failed", strbuf_slice(&buf), "");
	arena_destroy(&arena);

	arena = arena_create(64);	/* the arena is the limit */
	assert_non_null(arena);
	strbuf_init(&buf, arena, 4096);
	strbuf_append(&buf, SLICE("x"));
	assert_true(buf.has_failed);
	arena_destroy(&arena);
}

static void
test_escaped(void **state)
{
	static const struct {
		struct slice input;
		size_t max;
		const char *want;
	} cases[] = {
		{ SLICE_INIT("plain text"), 99, "plain text" },
		{ SLICE_INIT("a\r\nb\tc"), 99, "a\\x0d\\x0ab\\x09c" },
		{ SLICE_INIT("nul\0\x7f\x1b[31m"), 99, "nul\\x00\\x7f\\x1b[31m" },
		{ SLICE_INIT("\xc3\xa4"), 99, "\\xc3\\xa4" },
		{ SLICE_INIT("back\\slash"), 99, "back\\x5cslash" },
		{ SLICE_INIT("too long"), 3, "too..." },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct strbuf buf;

		strbuf_init(&buf, arena, 4096);
		strbuf_append_escaped(&buf, cases[i].input, cases[i].max);
		assert_string_equal(strbuf_cstr(&buf), cases[i].want);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
