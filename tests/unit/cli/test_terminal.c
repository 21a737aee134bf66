/* Where lines break. */
#include <stdio.h>

#include "base/arena.h"
#include "cli/terminal.h"
#include "unit/test.h"

static const struct {
	const char *name;
	const char *text;	/* after a label of 4 columns */
	unsigned indent, width;
	const char *lines;
	size_t column;
} cases[] = {
	{ "nothing", "", 4, 20, "", 4 },
	{ "fits", "one two", 4, 11, "one two", 11 },
	{ "does not", "one two", 4, 10, "one\n    two", 7 },
	{ "several lines", "one two three four", 2, 10,
	  "one\n  two\n  three\n  four", 6 },
	{ "the first word", "seventeen", 2, 10, "\n  seventeen", 11 },
	{ "a word that fits nowhere", "a seventeenth b", 4, 10,
	  "a\n    seventeenth\n    b", 5 },
	{ "brackets", "[--from DAY] [--to [A|B C]] x", 2, 16,
	  "[--from DAY]\n  [--to [A|B C]]\n  x", 3 },
	{ "a bracket that stays open", "[a b", 4, 7, "[a b", 8 },
	{ "one that was not opened", "a] b", 4, 7, "a]\n    b", 5 },
	{ "blanks", "a  b ", 4, 20, "a  b", 8 },
};

static void
test_wrapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text = slice_from_cstr(cases[i].text);
		char lines[200];
		FILE *file = tmpfile();
		size_t n, column;

		assert_non_null(file);
		column = terminal_print_wrapped(file, text, 4, cases[i].indent,
		    cases[i].width);
		rewind(file);
		n = fread(lines, 1, sizeof(lines), file);
		fclose(file);
		test_assert_slice(cases[i].name, (struct slice){ lines, n },
		    cases[i].lines);
		if (column != cases[i].column)
			fail_msg("%s: column %zu, not %zu", cases[i].name,
			    column, cases[i].column);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
