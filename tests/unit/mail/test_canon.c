/* Canonical forms (RFC 6376 3.4). */
#include "mail/canon.h"

#include <string.h>

#include "base/strbuf.h"
#include "mail/field.h"
#include "unit/test.h"

static void
append_run(void *context, struct slice run)
{
	assert_true(run.len > 0);
	strbuf_append(context, run);
}

static void
test_fields(void **state)
{
	static const struct {
		const char *name, *field_name, *value, *simple, *relaxed;
	} cases[] = {
		{ "RFC 6376 3.4.5, A", "A", " X", "A: X\r\n", "a:X\r\n" },
		{ "RFC 6376 3.4.5, B", "B ", " Y\t\r\n\tZ  ",
		  "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		{ "case of the value stays", "SUBJect", " AbC",
		  "SUBJect: AbC\r\n", "subject:AbC\r\n" },
		{ "no space at all", "A", "X", "A:X\r\n", "a:X\r\n" },
		{ "empty", "A", "", "A:\r\n", "a:\r\n" },
		{ "blanks only", "A", " \t ", "A: \t \r\n", "a:\r\n" },
		{ "folds only", "A", " \r\n \r\n\t", "A: \r\n \r\n\t\r\n",
		  "a:\r\n" },
		{ "fold first", "A", "\r\n X", "A:\r\n X\r\n", "a:X\r\n" },
		{ "fold within a fold", "A", " X\r\n \r\n Y",
		  "A: X\r\n \r\n Y\r\n", "a:X Y\r\n" },
		{ "lone CR", "A", " X\r Y\r", "A: X\r Y\r\r\n",
		  "a:X\r Y\r\r\n" },
		{ "line end that is no fold", "A", " X\r\nY",
		  "A: X\r\nY\r\n", "a:X\r\nY\r\n" },
		{ "8-bit", "A", " \xc3\xa4  \xff", "A: \xc3\xa4  \xff\r\n",
		  "a:\xc3\xa4 \xff\r\n" },
		{ "a name longer than a block",
		  "X-0123456789012345678901234567890123456789012345678901234"
		  "5678901234567890", "",
		  "X-0123456789012345678901234567890123456789012345678901234"
		  "5678901234567890:\r\n",
		  "x-0123456789012345678901234567890123456789012345678901234"
		  "5678901234567890:\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice value = test_exact_copy(
		    slice_from_cstr(cases[i].value));
		const struct mail_field field = {
			slice_from_cstr(cases[i].field_name), value };
		struct strbuf simple, relaxed;
		const struct canon_sink to_simple = { append_run, &simple };
		const struct canon_sink to_relaxed = { append_run, &relaxed };

		strbuf_init(&simple, arena, 1000);
		strbuf_init(&relaxed, arena, 1000);
		canon_write_field(CANON_SIMPLE, &field, &to_simple);
		canon_write_field(CANON_RELAXED, &field, &to_relaxed);
		test_assert_slice(cases[i].name, strbuf_slice(&simple),
		    cases[i].simple);
		test_assert_slice(cases[i].name, strbuf_slice(&relaxed),
		    cases[i].relaxed);
		test_free_copy(value);
		arena_destroy(&arena);
	}
}

static void
test_signature(void **state)
{
	static const struct {
		const char *name, *value, *simple, *relaxed;
	} cases[] = {
		{ "last", " v=1; b=abc=", "S: v=1; b=", "s:v=1; b=" },
		{ "in the middle", " b=ab\r\n cd; v=1", "S: b=; v=1",
		  "s:b=; v=1" },
		{ "white space around the value", " v=1; b =\r\n ab \r\n ; a=x",
		  "S: v=1; b =; a=x", "s:v=1; b =; a=x" },
		{ "white space at the end", " v=1; b=ab \r\n ", "S: v=1; b=",
		  "s:v=1; b=" },
		{ "semicolon at the end", " v=1; b=ab;", "S: v=1; b=;",
		  "s:v=1; b=;" },
		{ "bh= is another tag", " bh=x; b=y", "S: bh=x; b=",
		  "s:bh=x; b=" },
		{ "empty already", " b=; v=1", "S: b=; v=1", "s:b=; v=1" },
		{ "an equals sign within", " b==; v=1", "S: b=; v=1",
		  "s:b=; v=1" },
		{ "none", " v=1;  bh=x ", "S: v=1;  bh=x ", "s:v=1; bh=x" },
		{ "no list", " ;b=x", "S: ;b=x", "s:;b=x" },
		{ "nothing", "", "S:", "s:" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice value = test_exact_copy(
		    slice_from_cstr(cases[i].value));
		const struct mail_field field = { SLICE("S"), value };
		struct strbuf simple, relaxed;
		const struct canon_sink to_simple = { append_run, &simple };
		const struct canon_sink to_relaxed = { append_run, &relaxed };

		strbuf_init(&simple, arena, 1000);
		strbuf_init(&relaxed, arena, 1000);
		canon_write_signature(CANON_SIMPLE, &field, &to_simple);
		canon_write_signature(CANON_RELAXED, &field, &to_relaxed);
		test_assert_slice(cases[i].name, strbuf_slice(&simple),
		    cases[i].simple);
		test_assert_slice(cases[i].name, strbuf_slice(&relaxed),
		    cases[i].relaxed);
		test_free_copy(value);
		arena_destroy(&arena);
	}
}

/* Bodies and both their forms; a form that is NULL is the body itself. */
static const struct body_case {
	const char *name, *body, *simple, *relaxed;
} body_cases[] = {
	{ "RFC 6376 3.4.5", " C \r\nD \t E\r\n\r\n\r\n",
	  " C \r\nD \t E\r\n", " C\r\nD E\r\n" },
	{ "no body", "", "\r\n", "" },
	{ "one empty line", "\r\n", "\r\n", "" },
	{ "empty lines only", "\r\n\r\n\r\n", "\r\n", "" },
	{ "blank lines only", " \r\n\t\r\n", NULL, "" },
	{ "white space only, no line end", " \t", " \t\r\n", "" },
	{ "one line", "Hello, World!\r\n", NULL, NULL },
	{ "no line end at the end", "Hello", "Hello\r\n", "Hello\r\n" },
	{ "empty lines first", "\r\n\r\nX\r\n", NULL, NULL },
	{ "empty lines between", "X\r\n\r\n\r\nY\r\n\r\n",
	  "X\r\n\r\n\r\nY\r\n", "X\r\n\r\n\r\nY\r\n" },
	{ "blank lines between", "X\r\n \t\r\nY\r\n", NULL,
	  "X\r\n\r\nY\r\n" },
	{ "blank lines at the end", "X\r\n \r\n\t\r\n", NULL, "X\r\n" },
	{ "blanks at a line's end", "X \t\r\nY\t\r\n", NULL, "X\r\nY\r\n" },
	{ "blanks at the end of all", "X\r\nY  ", "X\r\nY  \r\n",
	  "X\r\nY\r\n" },
	{ "blanks at a line's start", "  X\r\n\t\tY\r\n Z\r\n", NULL,
	  " X\r\n Y\r\n Z\r\n" },
	{ "tabs", "a\tb\t\tc \td\r\n", NULL, "a b c d\r\n" },
	{ "single blanks", "a b c d e f g h i j\r\nk l m n o p\r\n", NULL,
	  NULL },
	{ "double blanks", "a  b  c  d\r\n", NULL, "a b c d\r\n" },
	/* A CR or LF alone is data of its line. */
	{ "bare LF", "a\nb\n\r\nc\n", "a\nb\n\r\nc\n\r\n",
	  "a\nb\n\r\nc\n\r\n" },
	{ "bare CR", "a\rb\r\r\nc\r", "a\rb\r\r\nc\r\r\n",
	  "a\rb\r\r\nc\r\r\n" },
	{ "bare LFs only", "\n\n", "\n\n\r\n", "\n\n\r\n" },
	{ "bare CRs only", "\r\r\r", "\r\r\r\r\n", "\r\r\r\r\n" },
	{ "blanks before bare ones", "a \nb \rc \n\r\n", NULL,
	  "a \nb \rc \n\r\n" },
	{ "LF CR is no line end", "a\n\r\r\n\n\r", "a\n\r\r\n\n\r\r\n",
	  "a\n\r\r\n\n\r\r\n" },
	{ "CR CR LF", "\r\r\n\r\r\n\r\n", "\r\r\n\r\r\n", "\r\r\n\r\r\n" },
	{ "blanks around a bare CR", " \r \r\n", NULL, " \r\r\n" },
	{ "8-bit and controls", "\xff\x01\x80\x0b \x0c\xa0\r\n", NULL, NULL },
	{ "long words",
	  "0123456789abcdef0123456789abcdef0123456789abcdef  \r\n\r\n"
	  "0123456789abcdef  0123456789abcdef\r\n\r\n",
	  "0123456789abcdef0123456789abcdef0123456789abcdef  \r\n\r\n"
	  "0123456789abcdef  0123456789abcdef\r\n",
	  "0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n"
	  "0123456789abcdef 0123456789abcdef\r\n" },
};

/* Chunks of the lengths FIRST, then EVERY, each at its exact size. */
static void
check_body(const struct body_case *c, enum canon_form form, size_t first,
    size_t every)
{
	struct arena *arena = test_arena();
	struct slice rest = slice_from_cstr(c->body);
	const char *want = form == CANON_SIMPLE ? c->simple : c->relaxed;
	struct canon_body body;
	struct strbuf out;
	const struct canon_sink sink = { append_run, &out };

	strbuf_init(&out, arena, 10000);
	canon_body_init(&body, form);
	for (size_t n = first; rest.len > 0; n = every) {
		struct slice chunk = test_exact_copy(slice_head(rest, n));

		canon_body_write(&body, chunk, &sink);
		rest = slice_from(rest, n);
		test_free_copy(chunk);
	}
	canon_body_finish(&body, &sink);
	test_assert_slice(c->name, strbuf_slice(&out),
	    want != NULL ? want : c->body);
	arena_destroy(&arena);
}

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(body_cases); i++) {
		const struct body_case *c = &body_cases[i];
		size_t len = slice_from_cstr(c->body).len;

		for (size_t cut = 0; cut <= len; cut++) {
			check_body(c, CANON_SIMPLE, cut, SIZE_MAX);
			check_body(c, CANON_RELAXED, cut, SIZE_MAX);
		}
		for (size_t every = 1; every < 4; every++) {
			check_body(c, CANON_SIMPLE, every, every);
			check_body(c, CANON_RELAXED, every, every);
		}
	}
}

static void
count_octets(void *context, struct slice run)
{
	*(uint64_t *)context += run.len;
}

static void
count_runs(void *context, struct slice run)
{
	(void)run;
	++*(uint64_t *)context;
}

/* Empty lines are counted, not kept, and written when a line follows. */
static void
test_many_empty_lines(void **state)
{
	static const enum canon_form forms[] = { CANON_SIMPLE, CANON_RELAXED };
	struct arena *arena = test_arena();
	const size_t n_lines = 10000, n_chunks = 1000;
	char *mem = arena_alloc(arena, n_lines * 2);

	(void)state;
	assert_non_null(mem);
	for (size_t i = 0; i < n_lines * 2; i++)
		mem[i] = i % 2 == 0 ? '\r' : '\n';
	for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
		struct canon_body body;
		uint64_t n = 0;
		const struct canon_sink sink = { count_octets, &n };

		canon_body_init(&body, forms[i]);
		for (size_t j = 0; j < n_chunks; j++)
			canon_body_write(&body,
			    (struct slice){ mem, n_lines * 2 }, &sink);
		assert_int_equal(n, 0);
		assert_int_equal(body.n_empty_lines, n_lines * n_chunks);
		canon_body_write(&body, SLICE("x"), &sink);
		assert_int_equal(n, n_lines * n_chunks * 2 + 1);
		canon_body_finish(&body, &sink);
		assert_int_equal(n, n_lines * n_chunks * 2 + 3);
	}
	arena_destroy(&arena);
}

/* What is canonical already goes to the sink whole. */
static void
test_runs(void **state)
{
	static const struct slice text = SLICE_INIT(
	    "It has been said that a line of text, if it is canonical,\r\n"
	    "is not worth being taken to pieces.\r\nQuite so.\r\n");
	static const enum canon_form forms[] = { CANON_SIMPLE, CANON_RELAXED };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
		struct canon_body body;
		uint64_t n = 0;
		const struct canon_sink sink = { count_runs, &n };

		canon_body_init(&body, forms[i]);
		canon_body_write(&body, text, &sink);
		canon_body_finish(&body, &sink);
		assert_int_equal(n, 2);		/* all, and the last CRLF */
	}
}

/* In pieces of EVERY octets. */
static struct slice
canonical_body(struct arena *arena, enum canon_form form, struct slice text,
    size_t every)
{
	struct strbuf out;
	const struct canon_sink sink = { append_run, &out };
	struct canon_body body;

	strbuf_init(&out, arena, TEST_ARENA_CEILING);
	canon_body_init(&body, form);
	for (; text.len > 0; text = slice_from(text, every))
		canon_body_write(&body, slice_head(text, every), &sink);
	canon_body_finish(&body, &sink);
	return strbuf_slice(&out);
}

/* Long bodies are read many octets at a time, and must come out as if they were
 * read one by one: each pair of these at each distance from the other. */
static void
test_many_octets_at_a_time(void **state)
{
	static const char *const marks[] = {
		" ", "  ", "\t", " \t", "\r", "\n", "\r\r", "\n\n", "\r\n",
		" \r\n", "\r\n ", "\t\r\n", "\r\n\r\n", "\r\r\n", "\r\n\n",
		"\r \n", "\r\n \r\n", " \r", "\x80", "\xa0 ",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(marks) * N_ELEMENTS(marks) * 40;
	    i++) {
		struct slice a = slice_from_cstr(marks[i % N_ELEMENTS(marks)]);
		struct slice b = slice_from_cstr(
		    marks[i / N_ELEMENTS(marks) % N_ELEMENTS(marks)]);
		size_t at = i / N_ELEMENTS(marks) / N_ELEMENTS(marks);
		struct arena *arena = test_arena();
		struct slice in, whole;

		memset(text, 'x', sizeof(text));
		memcpy(text + at, a.ptr, a.len);
		memcpy(text + 37, b.ptr, b.len);
		in = test_exact_copy((struct slice){ text, 60 });
		whole = canonical_body(arena, CANON_RELAXED, in, SIZE_MAX);
		if (!slice_eq(whole, canonical_body(arena, CANON_RELAXED, in,
		    1)))
			fail_msg("marks %zu, %zu, at %zu", i %
			    N_ELEMENTS(marks), i / N_ELEMENTS(marks) %
			    N_ELEMENTS(marks), at);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_many_empty_lines),
		cmocka_unit_test(test_many_octets_at_a_time),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
