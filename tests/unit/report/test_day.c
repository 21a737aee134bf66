/* Days as people write them. */
#include "base/strbuf.h"
#include "report/day.h"
#include "unit/test.h"

static void
test_day(void **state)
{
	static const struct {
		const char *text;
		bool is_day;
		uint32_t day;
	} cases[] = {
		{ "1970-01-01", true, 0 },
		{ "2000-02-29", true, 11016 },
		{ "2026-11-21", true, 20778 },
		{ "9999-12-31", true, 2932896 },
		{ "1969-12-31", false, 0 },
		{ "2026-02-29", false, 0 },
		{ "2026-04-31", false, 0 },
		{ "2026-13-01", false, 0 },
		{ "2026-00-01", false, 0 },
		{ "2026-01-00", false, 0 },
		{ "2026-01-32", false, 0 },
		{ "2026-1-1", false, 0 },
		{ "2026-01-011", false, 0 },
		{ "2026/01/01", false, 0 },
		{ "2026-+1-01", false, 0 },
		{ " 026-01-01", false, 0 },
		{ "yesterday", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text = test_exact_copy(slice_from_cstr(
		    cases[i].text));
		struct arena *arena = test_arena();
		struct strbuf shown;
		uint32_t day = 0;

		strbuf_init(&shown, arena, 100);
		if (report_parse_day(text, &day) != cases[i].is_day ||
		    day != cases[i].day)
			fail_msg("%s: %u", cases[i].text, day);
		report_append_day(&shown, day);
		if (cases[i].is_day)
			test_assert_slice("shown", strbuf_slice(&shown),
			    cases[i].text);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
