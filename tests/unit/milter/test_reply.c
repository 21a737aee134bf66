/* tests/unit/milter/test_reply.c - reply texts in lines. */
#include "milter/reply.h"

#include <string.h>

#include "base/strbuf.h"
#include "unit/test.h"

static void
test_texts(void **state)
{
	static const struct {
		const char *name;
		struct slice text;
		const char *want;
	} cases[] = {
		{ "plain", SLICE_INIT("go away"), "go away" },
		{ "empty", SLICE_INIT(""), "" },
		{ "blanks at the ends", SLICE_INIT("  go away "), "go away" },
		{ "percent", SLICE_INIT("100% sure %s%n"),
		    "100%% sure %%s%%n" },
		{ "line ends", SLICE_INIT("a\r\nb\nc"), "a??b?c" },
		{ "8-bit and controls", SLICE_INIT("\xc3\xbc\x01\x7f\0z"),
		    "?????z" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(cases[i].text);
		struct reply reply;

		assert_true(reply_format(arena, "550", "5.7.1", text, 0,
		    &reply));
		assert_int_equal(reply.n_lines, 1);
		test_assert_slice(cases[i].name,
		    slice_from_cstr(reply.lines[0]), cases[i].want);
		assert_null(reply.lines[1]);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* Words of every length: each line fits, and no octet is lost. */
static void
test_lines(void **state)
{
	static const char *const words[] = { "x", "xy%", "%",
		"a-much-longer-word-that-stands-for-a-URL" };

	(void)state;
	for (size_t w = 0; w < N_ELEMENTS(words); w++) {
		for (size_t n = 1; n < 700; n += 13) {
			struct arena *arena = test_arena();
			struct strbuf text, joined;
			struct reply reply;

			strbuf_init(&text, arena, 100000);
			strbuf_init(&joined, arena, 100000);
			for (size_t i = 0; i < n; i++)
				strbuf_printf(&text, "%s%s",
				    i != 0 ? " " : "", words[w]);
			assert_true(reply_format(arena, "550", "5.7.23",
			    strbuf_slice(&text), 0, &reply));
			for (size_t i = 0; i < reply.n_lines; i++) {
				assert_true(strlen("550 5.7.23 \r\n") +
				    strlen(reply.lines[i]) <=
				    REPLY_LINE_OCTETS);
				strbuf_printf(&joined, "%s%s",
				    i != 0 ? " " : "", reply.lines[i]);
			}
			for (size_t i = 0, j = 0; j < joined.len; i++, j++) {
				assert_int_equal(text.ptr[i], joined.ptr[j]);
				if (text.ptr[i] == '%')
					j++;	/* doubled */
			}
			if (reply.n_lines < REPLY_MAX_LINES)
				assert_true(text.len <= joined.len);
			arena_destroy(&arena);
		}
	}
}

/* No space anywhere: cut where the line is full, never between two "%". */
static void
test_one_word(void **state)
{
	static const char letters[] = { 'x', '%' };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(letters); i++) {
		struct arena *arena = test_arena();
		char *mem = malloc(20000);
		struct reply reply;

		assert_non_null(mem);
		memset(mem, letters[i], 20000);
		assert_true(reply_format(arena, "451", "4.7.0",
		    (struct slice){ mem, 20000 }, 0, &reply));
		assert_int_equal(reply.n_lines, REPLY_MAX_LINES);
		for (size_t j = 0; j < reply.n_lines; j++) {
			size_t len = strlen(reply.lines[j]);

			assert_true(len + strlen("451 4.7.0 \r\n") <=
			    REPLY_LINE_OCTETS);
			assert_true(len > 490);
			if (letters[i] == '%')
				assert_int_equal(len % 2, 0);
		}
		free(mem);
		arena_destroy(&arena);
	}
}

/* The first line alone leaves room for what the MTA writes before it. */
static void
test_prefix(void **state)
{
	static const size_t prefixes[] = { 1, 30, 200, 320, 100000 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
		struct arena *arena = test_arena();
		char mem[2000];
		struct reply reply;
		size_t first, prefix = prefixes[i] < 240 ? prefixes[i] : 240;

		memset(mem, 'x', sizeof(mem));
		assert_true(reply_format(arena, "550", "5.7.23",
		    (struct slice){ mem, sizeof(mem) }, prefixes[i], &reply));
		first = strlen("550 5.7.23 \r\n") + strlen(reply.lines[0]);
		assert_true(first + prefix <= REPLY_LINE_OCTETS);
		assert_true(first >= REPLY_LINE_OCTETS / 2);
		assert_int_equal(strlen("550 5.7.23 \r\n") +
		    strlen(reply.lines[1]), REPLY_LINE_OCTETS);
		arena_destroy(&arena);
	}
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(0);
	struct reply reply;

	(void)state;
	assert_non_null(arena);
	assert_false(reply_format(arena, "451", "4.7.0", SLICE("x"), 0,
	    &reply));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_one_word),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
