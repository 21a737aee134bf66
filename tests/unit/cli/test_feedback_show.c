/* What assay report show prints: tables that fit, and JSON; nothing of a report
 * reaches the terminal as it is. */
#include <jansson.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/feedback_json.h"
#include "cli/feedback_table.h"
#include "unit/test.h"

static const struct feedback head = {
	.org_name = SLICE_INIT("Ex\x1b[31mample\xc2\x9b" "31m"),
	.email = SLICE_INIT("a@example.net"),
	.report_id = SLICE_INIT("1"),
	.begin_s = 1795132800,
	.end_s = INT64_MAX / 1000000,
	.domain = SLICE_INIT("example.org"),
	.p = SLICE_INIT("reject"),
	.errors = { SLICE_INIT("no\nsuch") },
	.n_errors = 1,
};

static const struct feedback_record records[] = {
	{ .source_ip = SLICE_INIT("192.0.2.1"), .count = 1234,
	    .disposition = SLICE_INIT("none"), .dkim = SLICE_INIT("pass"),
	    .spf = SLICE_INIT("fail"),
	    .header_from = SLICE_INIT("example.org") },
	{ .source_ip = SLICE_INIT("2001:db8::1"), .count = 766,
	    .disposition = SLICE_INIT("reject"), .dkim = SLICE_INIT("fail"),
	    .spf = SLICE_INIT("fail"),
	    .header_from = SLICE_INIT("a-long-name-of-a-host.example.org"),
	    .reasons = { { SLICE_INIT("other"), SLICE_INIT("x\033[2J") },
		{ SLICE_INIT("local_policy"), { NULL, 0 } } },
	    .n_reasons = 2 },
};

#define HEAD \
	"Reporter   Ex\\x1b[31mample\\xc2\\x9b31m <a@example.net>\n" \
	"Report-ID  1\n" \
	"Domain     example.org\n" \
	"Period     2026-11-20 00:00:00 to 294247-01-10 04:00:54 UTC\n" \
	"Policy     p=reject\n" \
	"Error      no\\x0asuch\n" \
	"\n"
#define TOTALS "\n2000 messages in 2 rows: 1234 passed DMARC (61.7 %), " \
	"0 quarantined, 766 rejected\n"

static const struct {
	const char *name;
	unsigned width;
	bool has_colour;
	const char *want;
} tables[] = {
	{ "no terminal", 0, false, HEAD
	    "COUNT  SOURCE       DISPOSITION  DKIM  SPF   FROM"
	    "                               REASONS\n"
	    " 1234  192.0.2.1    none         pass  fail  example.org\n"
	    "  766  2001:db8::1  reject       fail  fail  "
	    "a-long-name-of-a-host.example.org  "
	    "other (x\\x1b[2J), local_policy\n" TOTALS },
	{ "80 columns", 80, false, HEAD
	    "COUNT  SOURCE       DISPOSITION  DKIM  SPF   FROM"
	    "                   REASONS\n"
	    " 1234  192.0.2.1    none         pass  fail  example.org\n"
	    "  766  2001:db8::1  reject       fail  fail  "
	    "a-long-name-of-a-h...  other (x...\n" TOTALS },
	{ "a small terminal", 40, false, HEAD
	    "COUNT  SOURCE       DISPOSITION  DKIM  SPF   FROM"
	    "          REASONS\n"
	    " 1234  192.0.2.1    none         pass  fail  example.org\n"
	    "  766  2001:db8::1  reject       fail  fail  "
	    "a-long-na...  other (x...\n" TOTALS },
};

static struct slice
print_table(struct arena *arena, unsigned width, bool has_colour, size_t n)
{
	struct arena *cells = test_arena();
	struct feedback_table *table = arena_alloc(arena, sizeof(*table));
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct slice copy;

	assert_non_null(out);
	assert_non_null(table);
	feedback_table_init(table, out, width, has_colour, cells);
	feedback_table_head(table, &head);
	for (size_t i = 0; i < n; i++)
		feedback_table_record(table,
		    &records[i % N_ELEMENTS(records)]);
	feedback_table_end(table);
	assert_int_equal(fclose(out), 0);
	assert_true(arena_copy(arena, (struct slice){ text, len }, &copy));
	free(text);
	arena_destroy(&cells);
	return copy;
}

static void
test_table(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(tables); i++)
		test_assert_slice(tables[i].name, print_table(arena,
		    tables[i].width, tables[i].has_colour,
		    N_ELEMENTS(records)), tables[i].want);
	arena_destroy(&arena);
}

/* Colours are the only control sequences, and end where they begin. */
static void
test_colour(void **state)
{
	struct arena *arena = test_arena();
	struct slice text = print_table(arena, 80, true, 2);
	size_t n = 0;
	bool is_on = false;

	(void)state;
	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = slice_from(text, i);

		if (text.ptr[i] != '\033')
			continue;
		n++;
		is_on = !is_on;
		assert_int_equal(slice_starts_with(rest, SLICE("\033[0m")),
		    !is_on);
	}
	assert_false(is_on);
	assert_true(n > 10);
	arena_destroy(&arena);
}

/* More rows than are held back: all are there. */
static void
test_many_rows(void **state)
{
	struct arena *arena = test_arena();
	struct slice text = print_table(arena, 0, false,
	    3 * FEEDBACK_TABLE_HELD);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	assert_int_equal(n, 7 + 1 + 3 * FEEDBACK_TABLE_HELD + 2);
	arena_destroy(&arena);
}

static void
test_no_rows(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	test_assert_slice("none", print_table(arena, 0, false, 0), HEAD
	    "COUNT  SOURCE  DISPOSITION  DKIM  SPF  FROM  REASONS\n"
	    "\n0 messages in 0 rows\n");
	arena_destroy(&arena);
}

/* ---- JSON ---------------------------------------------------------------- */

/* As read back; release with json_decref. */
static json_t *
print_json(struct slice file, bool is_head_last, size_t n,
    struct slice problem)
{
	struct feedback_json json;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_error_t error;
	json_t *value;

	assert_non_null(out);
	feedback_json_begin(&json, out, file);
	if (!is_head_last)
		feedback_json_head(&json, &head);
	for (size_t i = 0; i < n; i++)
		feedback_json_record(&json, &records[i]);
	if (is_head_last)
		feedback_json_head(&json, &head);
	assert_true(feedback_json_end(&json, problem));
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < len; i++)
		assert_true((text[i] >= ' ' && text[i] <= '~') ||
		    text[i] == '\n');
	value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
		fail_msg("%s: %s", error.text, text);
	free(text);
	return value;
}

static json_int_t
get_total(json_t *report, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(report,
	    "totals"), name));
}

static void
test_json(void **state)
{
	(void)state;
	for (int is_head_last = 0; is_head_last < 2; is_head_last++)
		for (size_t n = 0; n <= 2; n++) {
			json_t *report = print_json(SLICE("a.xml"),
			    is_head_last != 0, n, SLICE_EMPTY);
			json_t *all = json_object_get(report, "records");
			json_t *metadata = json_object_get(report,
			    "report_metadata");

			assert_int_equal(json_array_size(all), n);
			assert_int_equal(get_total(report, "records"), n);
			assert_int_equal(get_total(report, "messages"),
			    n == 0 ? 0 : n == 1 ? 1234 : 2000);
			assert_int_equal(get_total(report, "passed"),
			    n == 0 ? 0 : 1234);
			assert_string_equal(json_string_value(json_object_get(
			    metadata, "org_name")),
			    "Ex\x1b[31mample\xc2\x9b" "31m");
			assert_null(json_object_get(report, "error"));
			json_decref(report);
		}
}

static void
test_json_problem(void **state)
{
	json_t *report = print_json(SLICE("\xff.xml"), false, 1,
	    SLICE("line 3: is cut"));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(report,
	    "error")), "line 3: is cut");
	assert_true(json_is_null(json_object_get(report, "file")));
	assert_int_equal(json_array_size(json_object_get(report, "records")),
	    1);
	json_decref(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
