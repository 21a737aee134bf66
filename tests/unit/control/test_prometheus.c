/* What Prometheus is told of a small board, to the letter; and that the
 * dashboard and the manual know the same metrics. */
#include "control/prometheus.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "control/board.h"
#include "control/host.h"
#include "dkim/result.h"
#include "dns/dns.h"
#include "dmarc/check.h"
#include "milter/context.h"
#include "policy/policy.h"
#include "spf/result.h"
#include "unit/test.h"

#define NOW_MS 5000000

static struct slice
expose(struct arena *arena, struct board *board, const char *version)
{
	const struct control_host host = { .board = board,
		.version = version };
	struct strbuf out;

	strbuf_init(&out, arena, PROMETHEUS_MAX_OCTETS);
	prometheus_append_at(&out, board, &host, NOW_MS);
	assert_false(out.has_failed);
	return strbuf_slice(&out);
}

static void
count_mail(struct milter_metrics *m)
{
	m->n_connections = 5;
	m->n_strangers = 1;
	m->n_messages = 4;
	m->n_aborted = 2;
	m->n_failures = 1;
	m->n_turned_away = 3;
	m->octets = 123456789012345;
	m->actions[POLICY_ACCEPT] = 2;
	m->actions[POLICY_REJECT] = 1;
	m->actions[POLICY_TEMPFAIL] = 1;
	m->wanted[POLICY_REJECT] = 4;
	m->trusts[POLICY_INSPECT] = 3;
	m->trusts[POLICY_AUTHENTICATED] = 1;
	m->spf[SPF_PASS] = 3;
	m->dkim[DKIM_RESULT_PASS] = 2;
	m->dkim[DKIM_RESULT_NONE] = 1;
	m->dmarc[DMARC_FAIL] = 1;
	m->limits.hits[LIMIT_QUESTIONS] = 1;
	histogram_add(&m->stages[MILTER_STAGE_END], 100);
	histogram_add(&m->stages[MILTER_STAGE_END], 2500);
	histogram_add(&m->stages[MILTER_STAGE_END], 70000000);
	snprintf(m->rules[0].name, sizeof(m->rules[0].name),
	    "a\"b\\c\nd\xc3\xa4");
	m->rules[0].is_named = true;
	m->rules[0].hits = 1;
	m->other_shadow_hits = 2;
	m->n_sessions = 2;
	m->n_open = 1;
}

static void
count_questions(struct dns_metrics *dns)
{
	dns->answers[DNS_NOERROR] = 7;
	dns->answers[DNS_TEMPFAIL] = 1;
	dns->n_timeouts = 1;
	dns->n_in_flight = 3;
	histogram_add(&dns->time, 1);
}

/* A worker, one that has died, and the control process. */
static struct board *
make_board(void)
{
	struct board *board = board_create(3);

	assert_non_null(board);
	board->start_s = 1790000000;
	board->max_descriptors = 1024;
	board->n_reloads = 2;
	board->n_failed_reloads = 1;
	board->reloaded_s = 1790000060;
	for (unsigned i = 0; i < 3; i++) {
		struct board_slot *slot = &board->slots[i];

		slot->pid = i == 1 ? 0 : 100 + i;
		slot->takes_mail = i != 2;
		slot->generation = 3;
		slot->beat_ms = NOW_MS - 1250 * (i + 1);
		slot->resident_octets = 9000000;
		slot->n_descriptors = 20 + i;
		slot->cpu_us = 1000500;
	}
	board->slots[0].soundness = BOARD_SOUND;
	board->slots[0].n_tests = 10;
	board->slots[0].n_failed_tests = 1;
	board->slots[0].has_store = true;
	board->slots[0].store_written = 11;
	board->slots[0].store_queued_octets = 512;
	board->slots[0].cache_hits = 6;
	board->slots[0].cache_octets = 4096;
	board->slots[2].beat_ms = NOW_MS + 1;
	board->slots[0].is_draining = true;
	count_mail(&board->slots[0].milter);
	count_questions(&board->slots[0].dns);
	return board;
}

static struct slice
take_line(struct cursor *cur)
{
	struct slice rest = cursor_rest(cur);
	size_t len = slice_find(rest, '\n');

	assert_true(len != SIZE_MAX);	/* each line has its end */
	cur->pos += len + 1;
	return slice_head(rest, len);
}

/* The versions of libraries differ from system to system. */
static bool
is_build(struct slice line)
{
	return slice_starts_with(line, SLICE("assay_build_info{"));
}

static void
test_small_board(void **state)
{
	struct arena *arena = test_arena();
	struct board *board = make_board();
	struct slice want = test_read_file(arena,
	    "tests/unit/control/metrics.txt");
	struct cursor got_cur = cursor_of(expose(arena, board, "0.1"));
	struct cursor want_cur = cursor_of(want);

	(void)state;
	while (!cursor_at_end(&got_cur) && !cursor_at_end(&want_cur)) {
		struct slice got = take_line(&got_cur);
		struct slice line = take_line(&want_cur);

		if (!is_build(got) && !slice_eq(got, line))
			fail_msg("%.*s\n%.*s", SLICE_PRINTF(got),
			    SLICE_PRINTF(line));
	}
	assert_true(cursor_at_end(&got_cur));
	assert_true(cursor_at_end(&want_cur));
	board_destroy(&board);
	arena_destroy(&arena);
}

static bool
contains(struct slice text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void
test_build(void **state)
{
	struct arena *arena = test_arena();
	struct board *board = make_board();
	struct slice text = expose(arena, board, "0.1\"\\\n\xff");

	(void)state;
	assert_true(contains(text, "\nassay_build_info{version=\"0.1\\\"\\\\"
	    "\\\\x0a\\\\xff\",openssl=\"3."));
	assert_true(contains(text, ",libunbound=\"1."));
	assert_true(contains(text, ",libmilter=\""));
	assert_true(contains(text, ",libevent=\"2."));
	board_destroy(&board);
	arena_destroy(&arena);
}

/* The default: one process, no store, never reloaded, never tested. */
static void
test_one_process(void **state)
{
	struct arena *arena = test_arena();
	struct board *board = board_create(1);
	struct slice text;

	(void)state;
	board->start_s = 1790000000;
	board->slots[0].pid = 1;
	board->slots[0].takes_mail = true;
	text = expose(arena, board, "0.1");
	assert_true(contains(text, "\nassay_worker_up{worker=\"0\"} 1\n"));
	assert_true(contains(text, "\nassay_config_time_seconds "
	    "1790000000\n"));
	assert_true(contains(text, "\nassay_self_test_ok 0\n"));
	assert_false(contains(text, "assay_store"));
	assert_false(contains(text, "{rule=\"\""));
	board_destroy(&board);
	arena_destroy(&arena);
}

/* All that can be written fits below the ceiling. */
static void
test_largest_board(void **state)
{
	struct arena *arena = test_arena();
	struct board *board = board_create(MILTER_MAX_WORKERS + 1);
	struct slice text;

	(void)state;
	for (unsigned i = 0; i < board->n_slots; i++) {
		board->slots[i].pid = 1;
		board->slots[i].takes_mail = i < MILTER_MAX_WORKERS;
		board->slots[i].beat_ms = -INT64_MAX / 2000;
		board->slots[i].generation = UINT64_MAX;
		board->slots[i].resident_octets = UINT64_MAX;
	}
	for (unsigned i = 0; i < MILTER_N_RULES; i++) {
		struct milter_rule_count *rule =
		    &board->slots[0].milter.rules[i];

		memset(rule->name, '\xff', MILTER_RULE_NAME_MAX);
		rule->name[0] = (char)('0' + i);
		rule->is_named = true;
		rule->hits = rule->shadow_hits = UINT64_MAX;
	}
	text = expose(arena, board, "0.1");
	assert_true(contains(text, "{worker=\"64\"}"));
	assert_true(contains(text, "{worker=\"control\"}"));
	board_destroy(&board);
	arena_destroy(&arena);
}

/* ---- the dashboard and the manual ---------------------------------------- */

static bool
is_name_octet(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* The next of our metrics' names in TEXT, from *POS on; empty at the end. */
static struct slice
next_name(struct slice text, size_t *pos)
{
	while (*pos < text.len) {
		struct cursor cur = cursor_of(slice_from(text, *pos));
		struct slice word = cursor_take_while(&cur, is_name_octet);

		*pos += word.len != 0 ? word.len : 1;
		if (slice_starts_with(word, SLICE("assay_")) ||
		    slice_starts_with(word, SLICE("process_")))
			return word;
	}
	return SLICE_EMPTY;
}

/* Whether there is such a family; a histogram is asked for by its samples. */
static bool
is_family(struct slice text, struct slice name, bool is_query)
{
	static const char *const samples[] = { "_bucket", "_sum", "_count" };
	char line[128];

	snprintf(line, sizeof(line), "\n# TYPE %.*s ", SLICE_PRINTF(name));
	if (contains(text, line))
		return !is_query || !contains(text, strcat(line,
		    "histogram\n"));
	for (size_t i = 0; is_query && i < N_ELEMENTS(samples); i++) {
		struct slice end = slice_from_cstr(samples[i]);

		snprintf(line, sizeof(line), "\n# TYPE %.*s histogram\n",
		    (int)(name.len - end.len), name.ptr);
		if (slice_ends_with_nocase(name, end) && contains(text, line))
			return true;
	}
	return false;
}

/* Every query in VALUE, which is our own file and so not nested without end. */
static unsigned
check_queries(struct slice text, const json_t *value, const char *key)
{
	const char *query = json_string_value(value), *name;
	unsigned n = 0;
	json_t *element;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, name, element)
		n += check_queries(text, element, name);
	json_array_foreach(value, i, element)
		n += check_queries(text, element, "");
	if (query != NULL && (strcmp(key, "expr") == 0 ||
	    strcmp(key, "query") == 0)) {
		struct slice found;
		size_t pos = 0;

		for (found = next_name(slice_from_cstr(query), &pos);
		    found.len != 0;
		    found = next_name(slice_from_cstr(query), &pos), n++)
			if (!is_family(text, found, true))
				fail_msg("%.*s: %s", SLICE_PRINTF(found),
				    query);
	}
	return n;
}

static void
test_dashboard(void **state)
{
	struct arena *arena = test_arena();
	struct slice dashboard = test_read_file(arena,
	    "conf/assay-grafana.json");
	struct slice text = test_read_file(arena,
	    "tests/unit/control/metrics.txt");
	json_error_t error;
	json_t *root = json_loadb(dashboard.ptr, dashboard.len,
	    JSON_REJECT_DUPLICATES, &error);

	(void)state;
	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	assert_int_equal(json_array_size(json_object_get(
	    json_object_get(root, "templating"), "list")), 3);
	assert_true(check_queries(text, root, "") >= 50);
	json_decref(root);
	arena_destroy(&arena);
}

/* assayd(8) has every metric, and no other. */
static void
test_manual(void **state)
{
	struct arena *arena = test_arena();
	struct slice manual = test_read_file(arena, "man/assayd.8");
	struct slice text = test_read_file(arena,
	    "tests/unit/control/metrics.txt");
	struct cursor cur = cursor_of(text);
	struct slice name;
	size_t pos = 0;

	(void)state;
	for (name = next_name(manual, &pos); name.len != 0;
	    name = next_name(manual, &pos))
		if (!is_family(text, name, false) &&
		    !is_family(text, name, true))
			fail_msg("%.*s is no metric", SLICE_PRINTF(name));
	while (!cursor_at_end(&cur)) {
		struct slice line = take_line(&cur);

		pos = 0;
		name = next_name(line, &pos);
		if (slice_starts_with(line, SLICE("# TYPE ")) &&
		    memmem(manual.ptr, manual.len, name.ptr, name.len) == NULL)
			fail_msg("%.*s is not in the manual",
			    SLICE_PRINTF(name));
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_board),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_one_process),
		cmocka_unit_test(test_largest_board),
		cmocka_unit_test(test_dashboard),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
