/* What is told before libconfig reads the text, and at which line. */
#include "base/strbuf.h"
#include "config/problems.h"
#include "config/scan.h"
#include "unit/test.h"

#define TOO_LARGE(n) "the number " n " is too large for any key\n"
#define INCLUDE "@include is not supported: write all keys in one file\n"

static const struct {
	const char *name;
	struct slice input;
	const char *problems;
} cases[] = {
	{ "nothing", SLICE_INIT(""), "" },
	{ "settings", SLICE_INIT("a = 1;\nb: { c = \"x\"; };"), "" },
	{ "largest number", SLICE_INIT("a = 2147483647; b = -2147483647;"),
	    "" },
	{ "too large", SLICE_INIT("a = 1;\nb = 2147483648;"),
	    "f:2: " TOO_LARGE("2147483648") },
	{ "far too large", SLICE_INIT("a = -99999999999999999999999;"),
	    "f:1: " TOO_LARGE("-99999999999999999999999") },
	{ "hexadecimal", SLICE_INIT("a = 0x000000000fffffff;"), "" },
	{ "hexadecimal, too large", SLICE_INIT("a = 0x10000000;"),
	    "f:1: " TOO_LARGE("0x10000000") },
	{ "digits in a name", SLICE_INIT("a99999999999 = 1;"), "" },
	{ "digits in a string", SLICE_INIT("a = \"99999999999\";"), "" },
	{ "digits in comments",
	    SLICE_INIT("# 99999999999\n// 99999999999\n/* 99999999999 */"),
	    "" },
	{ "sign alone", SLICE_INIT("a = -;"), "" },
	{ "quote behind a backslash",
	    SLICE_INIT("a = \"\\\" 99999999999\";"), "" },
	{ "slash alone", SLICE_INIT("a = /;"), "" },
	{ "comment ends at once", SLICE_INIT("/**/99999999999"),
	    "f:1: " TOO_LARGE("99999999999") },
	{ "no overlap of ends", SLICE_INIT("\n/*/ a"),
	    "f:2: this comment has no end: write */ behind it\n" },
	{ "comment without end", SLICE_INIT("a = 1;\n/* b\n\n"),
	    "f:2: this comment has no end: write */ behind it\n" },
	{ "string without end", SLICE_INIT("a = 1;\nb = \"c;\n\nd = 2;\n"),
	    "f:2: this string has no end: write a \" behind it\n" },
	{ "backslash at the end", SLICE_INIT("a = \"\\"),
	    "f:1: this string has no end: write a \" behind it\n" },
	{ "NUL", SLICE_INIT("a = 1;\n\0b = 2;"),
	    "f:2: there is a NUL octet: this is no text\n" },
	{ "include", SLICE_INIT("a = 1;\n \t@include \"b\""),
	    "f:2: " INCLUDE },
	{ "include at the start", SLICE_INIT("@include \"b\""),
	    "f:1: " INCLUDE },
	{ "include within a line", SLICE_INIT("a @include \"b\""), "" },
	{ "include behind a string", SLICE_INIT("\"a\n\" @include"), "" },
	{ "include in a comment", SLICE_INIT("/*\n@include \"b\"\n*/"), "" },
	{ "two problems", SLICE_INIT("2147483648\n@include \"b\"\n"),
	    "f:1: " TOO_LARGE("2147483648") "f:2: " INCLUDE },
	{ "8-bit", SLICE_INIT("\xff\xc3\xa4 = \xff;"), "" },
};

static void
test_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(cases[i].input);
		struct arena *arena = test_arena();
		struct strbuf lines;
		struct config_problems problems = { .file = "f",
			.lines = &lines, .arena = arena };
		bool passed;

		strbuf_init(&lines, arena, 10000);
		passed = scan_text(in, &problems);
		test_assert_slice(cases[i].name, strbuf_slice(&lines),
		    cases[i].problems);
		if (passed != (cases[i].problems[0] == '\0'))
			fail_msg("%s: wrong answer", cases[i].name);
		arena_destroy(&arena);
		test_free_copy(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
