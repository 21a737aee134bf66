/* Writing Authentication-Results (RFC 8601 2.2). */
#include <string.h>

#include "authres/authres.h"
#include "unit/test.h"

#define HEAD "mx.example.org;\n\tspf=pass "

static struct slice
finish(struct authres_builder *b)
{
	struct slice value;

	assert_true(authres_finish(b, &value));
	return value;
}

/* What was written of the property x.y, which is the last. */
static struct slice
finish_value(struct authres_builder *b)
{
	struct slice rest = finish(b), mark = SLICE("x.y=");

	while (rest.len > 0 && !slice_starts_with(rest, mark))
		rest = slice_from(rest, 1);
	return slice_from(rest, mark.len);
}

static void
test_fields(void **state)
{
	struct arena *arena = test_arena();
	struct authres_builder b;

	(void)state;
	authres_begin(&b, arena, SLICE("mx.example.org"), false);
	test_assert_slice("none", finish(&b), "mx.example.org; none");

	authres_begin(&b, arena, SLICE("mx.example.org"), false);
	authres_add_method(&b, SLICE("spf"), SLICE("pass"));
	authres_add_reason(&b, SLICE("matched \"mx\""));
	authres_add_property(&b, SLICE("smtp"), SLICE("mailfrom"),
	    SLICE("a@example.com"));
	authres_add_method(&b, SLICE("dmarc"), SLICE("fail"));
	authres_add_comment(&b, SLICE("p=reject dis=none"));
	authres_add_property(&b, SLICE("header"), SLICE("from"),
	    SLICE("example.net"));
	test_assert_slice("two methods", finish(&b),
	    "mx.example.org;\n"
	    "\tspf=pass reason=\"matched \\\"mx\\\"\""
	    " smtp.mailfrom=a@example.com;\n"
	    "\tdmarc=fail (p=reject dis=none) header.from=example.net");

	authres_begin(&b, arena, SLICE("mx/1"), false);
	test_assert_slice("id that is no token", finish(&b), "\"mx/1\"; none");
	authres_begin(&b, arena, SLICE("a@mx.example.org"), false);
	test_assert_slice("id that is an address", finish(&b),
	    "\"a@mx.example.org\"; none");
	arena_destroy(&arena);
}

static void
test_values(void **state)
{
	static const struct {
		const char *name;
		struct slice value;
		bool allow_utf8;
		const char *want;
	} cases[] = {
		{ "token", SLICE_INIT("example.com"), false, "example.com" },
		{ "token of marks", SLICE_INIT("!#$%&'*+-.^_`{|}~"), false,
		  "!#$%&'*+-.^_`{|}~" },
		{ "address", SLICE_INIT("a.b+c@example.com"), false,
		  "a.b+c@example.com" },
		{ "address with = and /", SLICE_INIT("b=c/d@example.com"),
		  false, "b=c/d@example.com" },
		{ "no local part", SLICE_INIT("@example.com"), false,
		  "@example.com" },
		{ "nothing", SLICE_INIT(""), false, "\"\"" },
		{ "base64", SLICE_INIT("ab+/c="), false, "\"ab+/c=\"" },
		{ "list", SLICE_INIT("arc,list"), false, "\"arc,list\"" },
		{ "IPv6", SLICE_INIT("2001:db8::1"), false,
		  "\"2001:db8::1\"" },
		{ "literal", SLICE_INIT("a@[192.0.2.1]"), false,
		  "\"a@[192.0.2.1]\"" },
		{ "quoted local part", SLICE_INIT("\"a b\"@example.com"),
		  false, "\"\\\"a b\\\"@example.com\"" },
		{ "two at signs", SLICE_INIT("a@b@example.com"), false,
		  "\"a@b@example.com\"" },
		{ "dots in the local part", SLICE_INIT("a..b@example.com"),
		  false, "\"a..b@example.com\"" },
		{ "dot at the end", SLICE_INIT("a@example.com."), false,
		  "\"a@example.com.\"" },
		{ "at sign alone", SLICE_INIT("@"), false, "\"@\"" },
		{ "semicolon", SLICE_INIT("a; dkim=pass"), false,
		  "\"a; dkim=pass\"" },
		{ "semicolon in an address",
		  SLICE_INIT("a;dkim=pass@example.com"), false,
		  "\"a;dkim=pass@example.com\"" },
		{ "parenthesis", SLICE_INIT("a(b"), false, "\"a(b\"" },
		{ "quote", SLICE_INIT("a\"; dkim=pass; x=\""), false,
		  "\"a\\\"; dkim=pass; x=\\\"\"" },
		{ "backslash at the end", SLICE_INIT("a\\"), false,
		  "\"a\\\\\"" },
		{ "CR and LF", SLICE_INIT("a\r\nX: y"), false, "\"a??X: y\"" },
		{ "tab", SLICE_INIT("a\tb"), false, "\"a?b\"" },
		{ "NUL", SLICE_INIT("a\0b"), false, "\"a?b\"" },
		{ "DEL", SLICE_INIT("a\x7f"), false, "\"a?\"" },
		{ "encoded word", SLICE_INIT("=?utf-8?Q?;_dkim=3Dpass?="),
		  false, "\"=\\?utf-8?Q?;_dkim=3Dpass?=\"" },
		{ "encoded word as a local part",
		  SLICE_INIT("=?utf-8?Q?=3B_dkim=3Dpass?=@example.com"), false,
		  "\"=\\?utf-8?Q?=3B_dkim=3Dpass?=@example.com\"" },
		{ "rest of an encoded word as a local part",
		  SLICE_INIT("?utf-8?Q?=3B_dkim=3Dpass?=@example.com"), false,
		  "\"?utf-8?Q?=3B_dkim=3Dpass?=@example.com\"" },
		{ "an octet becomes a mark behind an equals sign",
		  SLICE_INIT("=\x01utf-8"), false, "\"=\\?utf-8\"" },

		{ "UTF-8, not allowed", SLICE_INIT("j\xc3\xb6@example.com"),
		  false, "\"j??@example.com\"" },
		{ "UTF-8, allowed", SLICE_INIT("j\xc3\xb6@example.com"), true,
		  "\"j\xc3\xb6@example.com\"" },
		{ "four octets", SLICE_INIT("\xf0\x9f\x98\x80"), true,
		  "\"\xf0\x9f\x98\x80\"" },
		{ "not UTF-8", SLICE_INIT("j\xf6@example.com"), true,
		  "\"j?@example.com\"" },
		{ "cut UTF-8", SLICE_INIT("a\xe2\x82"), true, "\"a??\"" },
		{ "C1 control", SLICE_INIT("a\xc2\x9b" "31m"), true,
		  "\"a??31m\"" },
		{ "first past C1", SLICE_INIT("a\xc2\xa0"), true,
		  "\"a\xc2\xa0\"" },
		{ "first octet of C1 alone", SLICE_INIT("a\xc2"), true,
		  "\"a?\"" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(cases[i].value);
		struct authres_builder b;

		authres_begin(&b, arena, SLICE("mx.example.org"),
		    cases[i].allow_utf8);
		authres_add_method(&b, SLICE("spf"), SLICE("pass"));
		authres_add_property(&b, SLICE("x"), SLICE("y"), in);
		test_assert_slice(cases[i].name, finish_value(&b),
		    cases[i].want);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_comments(void **state)
{
	static const struct {
		const char *name;
		struct slice comment;
		const char *want;
	} cases[] = {
		{ "words", SLICE_INIT("p=none  dis=none"),
		  HEAD "(p=none dis=none)" },
		{ "blanks around", SLICE_INIT(" a\r\n"), HEAD "(a)" },
		{ "nothing", SLICE_INIT(""), "mx.example.org;\n\tspf=pass" },
		{ "blanks only", SLICE_INIT(" \t "),
		  "mx.example.org;\n\tspf=pass" },
		{ "closing", SLICE_INIT("a) dkim=pass (b"),
		  HEAD "(a\\) dkim=pass \\(b)" },
		{ "backslash at the end", SLICE_INIT("a\\"), HEAD "(a\\\\)" },
		{ "line ends within", SLICE_INIT("a\r\nX: y"),
		  HEAD "(a??X: y)" },
		{ "encoded word", SLICE_INIT("=?utf-8?Q?=29?="),
		  HEAD "(=\\?utf-8?Q?=29?=)" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(cases[i].comment);
		struct authres_builder b;

		authres_begin(&b, arena, SLICE("mx.example.org"), false);
		authres_add_method(&b, SLICE("spf"), SLICE("pass"));
		authres_add_comment(&b, in);
		test_assert_slice(cases[i].name, finish(&b), cases[i].want);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_keywords(void **state)
{
	struct arena *arena = test_arena();
	struct authres_builder b;

	(void)state;
	authres_begin(&b, arena, SLICE("mx"), false);
	authres_add_method(&b, SLICE("x=y;z"), SLICE("pa ss\r\n"));
	authres_add_property(&b, SLICE("p.q"), SLICE("n\0m"), SLICE("v"));
	test_assert_slice("keywords", finish(&b),
	    "mx;\n\tx-y-z=pa-ss-- p-q.n-m=v");
	arena_destroy(&arena);
}

static char *
filled(char c, size_t len)
{
	char *mem = malloc(len + 1);

	assert_non_null(mem);
	memset(mem, c, len);
	mem[len] = '\0';
	return mem;
}

/* What is written of one value has a bound, and a cut is seen. */
static void
test_cut(void **state)
{
	static const struct {
		const char *name;
		char fill;
		size_t len, want_len;	/* with the quotes */
		bool is_cut;
	} cases[] = {
		{ "longest token", 'a', 512, 512, false },
		{ "token too long", 'a', 513, 514, true },
		{ "longest string", '/', 512, 514, false },
		{ "string too long", '/', 513, 514, true },
		{ "longest of escapes", '"', 256, 514, false },
		{ "escapes too long", '"', 257, 513, true },
		{ "very long", 'a', 1000000, 514, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		char *text = filled(cases[i].fill, cases[i].len);
		struct authres_builder b;
		struct slice value;

		authres_begin(&b, arena, SLICE("mx.example.org"), false);
		authres_add_method(&b, SLICE("spf"), SLICE("pass"));
		authres_add_property(&b, SLICE("x"), SLICE("y"),
		    (struct slice){ text, cases[i].len });
		value = finish_value(&b);
		if (value.len != cases[i].want_len)
			fail_msg("%s: %zu octets", cases[i].name, value.len);
		if (slice_ends_with_nocase(value, SLICE("...\"")) !=
		    cases[i].is_cut)
			fail_msg("%s: wrong end", cases[i].name);
		free(text);
		arena_destroy(&arena);
	}
}

/* A cut does not leave half a character, nor a backslash without its octet. */
static void
test_cut_utf8(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf text;
	struct authres_builder b;
	struct slice value;

	(void)state;
	strbuf_init(&text, arena, 4096);
	for (size_t i = 0; i < 300; i++)
		strbuf_append(&text, SLICE("\xe2\x82\xac"));
	authres_begin(&b, arena, SLICE("mx.example.org"), true);
	authres_add_method(&b, SLICE("spf"), SLICE("pass"));
	authres_add_property(&b, SLICE("x"), SLICE("y"), strbuf_slice(&text));
	value = finish_value(&b);
	assert_int_equal(value.len, 1 + 169 * 3 + 4);
	test_assert_slice("end", slice_from(value, 1 + 168 * 3),
	    "\xe2\x82\xac...\"");
	arena_destroy(&arena);
}

static size_t
longest_line(struct slice value, size_t tab_columns)
{
	size_t longest = 0, columns = sizeof("Authentication-Results: ") - 1;

	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n') {
			assert_true(value.ptr[i + 1] == '\t');
			columns = 0;
		} else {
			columns += value.ptr[i] == '\t' ? tab_columns : 1;
		}
		if (columns > longest)
			longest = columns;
	}
	return longest;
}

static void
test_folding(void **state)
{
	struct arena *arena = test_arena();
	char *text = filled('"', 2000);
	struct authres_builder b;

	(void)state;
	authres_begin(&b, arena, SLICE("mx.example.org"), false);
	for (size_t i = 0; i < 10; i++) {
		authres_add_method(&b, SLICE("dkim"), SLICE("pass"));
		authres_add_comment(&b, SLICE("a comment of quite a few words "
		    "that does not fit on one line of a sensible length"));
		for (size_t k = 0; k < 7; k++)
			authres_add_property(&b, SLICE("header"), SLICE("d"),
			    SLICE("mail.example.org"));
	}
	assert_in_range(longest_line(finish(&b), 8), 70, 78);

	authres_begin(&b, arena, (struct slice){ text, 2000 }, false);
	authres_add_method(&b, (struct slice){ text, 2000 },
	    (struct slice){ text, 2000 });
	authres_add_reason(&b, (struct slice){ text, 2000 });
	authres_add_property(&b, (struct slice){ text, 2000 },
	    (struct slice){ text, 2000 }, (struct slice){ text, 2000 });
	memset(text, '(', 2000);
	authres_add_comment(&b, (struct slice){ text, 2000 });
	assert_in_range(longest_line(finish(&b), 1), 512, 998);
	free(text);
	arena_destroy(&arena);
}

static void
test_too_large(void **state)
{
	struct arena *arena = test_arena();
	char *text = filled('/', 500);
	struct authres_builder b;
	struct slice value;

	(void)state;
	authres_begin(&b, arena, SLICE("mx.example.org"), false);
	authres_add_method(&b, SLICE("dkim"), SLICE("pass"));
	for (size_t i = 0; i <= AUTHRES_MAX_OCTETS / 500; i++)
		authres_add_property(&b, SLICE("x"), SLICE("y"),
		    (struct slice){ text, 500 });
	assert_false(authres_finish(&b, &value));
	assert_int_equal(value.len, 0);
	assert_false(arena_has_failed(arena));
	free(text);
	arena_destroy(&arena);
}

static void
test_no_memory(void **state)
{
	(void)state;
	for (size_t ceiling = 1; ceiling < 2000; ceiling += 100) {
		struct arena *arena = arena_create(ceiling);
		struct authres_builder b;
		struct slice value;

		assert_non_null(arena);
		authres_begin(&b, arena, SLICE("mx.example.org"), false);
		authres_add_method(&b, SLICE("dkim"), SLICE("pass"));
		authres_add_comment(&b, SLICE("why"));
		authres_add_property(&b, SLICE("x"), SLICE("y"), SLICE("/"));
		assert_int_equal(authres_finish(&b, &value),
		    !arena_has_failed(arena));
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_utf8),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
