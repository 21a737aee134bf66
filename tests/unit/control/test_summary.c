/* What the page is drawn from: numbers of the board and of the store, and texts
 * that strangers chose. */
#include "control/summary.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "control/board.h"
#include "control/host.h"
#include "control/keeper.h"
#include "control/samples.h"
#include "dns/dns.h"
#include "milter/context.h"
#include "report/options.h"
#include "unit/report/store_cases.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define NOW_S 1800000000
#define NOW_MS 5000000
#define WAIT_MS 10000		/* for the store */

struct fixture {
	struct arena *arena;
	struct board *board;
	struct control_host host;
	struct report_options report;
	struct milter_context context;
	struct samples *samples;
	struct keeper *keeper;
	json_t *json;
};

static void
set_up(struct fixture *f, const char *store)
{
	const struct sample nothing = { .n_messages = 0 };
	struct samples_column column;

	*f = (struct fixture){ .arena = test_arena(),
		.board = board_create(2), .samples = samples_create(),
		.keeper = keeper_create() };
	assert_non_null(f->board);
	assert_non_null(f->samples);
	assert_non_null(f->keeper);
	f->board->start_s = NOW_S - 100;
	f->host = (struct control_host){ .board = f->board,
		.version = "1.2.3" };
	f->report.store = store;
	f->context.report = &f->report;
	f->context.hostname = "mx.example.org";
	f->context.policy.mode = POLICY_MODE_ENFORCE;
	(void)samples_take(f->samples, &nothing, NOW_MS - 90000, &column);
}

static void
tear_down(struct fixture *f)
{
	json_decref(f->json);
	assert_true(keeper_destroy(&f->keeper, clock_monotonic_ms() + WAIT_MS));
	samples_destroy(&f->samples);
	board_destroy(&f->board);
	arena_destroy(&f->arena);
}

static void
summarize(struct fixture *f)
{
	struct strbuf text;

	keeper_turn(f->keeper, f->report.store, f->context.hostname);
	strbuf_init(&text, f->arena, 1024 * 1024);
	summary_append(&text, &(struct summary){ .host = &f->host,
	    .context = &f->context, .samples = f->samples, .keeper = f->keeper,
	    .now_ms = NOW_MS, .now_s = NOW_S });
	assert_false(text.has_failed);
	json_decref(f->json);
	f->json = json_loadb(text.ptr, text.len, 0, NULL);
	assert_non_null(f->json);
}

/* What stands at "day.columns.0.2". */
static const json_t *
find(const json_t *json, const char *path)
{
	struct slice rest = slice_from_cstr(path);

	while (rest.len != 0 && json != NULL) {
		struct slice name = slice_head(rest, slice_find(rest, '.'));
		uint64_t i;

		if (json_is_array(json))
			json = slice_parse_uint(name, 1000, &i) ?
			    json_array_get(json, (size_t)i) : NULL;
		else
			json = json_object_getn(json, name.ptr, name.len);
		rest = slice_from(rest, name.len + 1);
	}
	return json;
}

/* As compact JSON. */
static void
assert_at(const struct fixture *f, const char *path, const char *want)
{
	const json_t *value = find(f->json, path);
	char *shown;

	if (value == NULL)
		fail_msg("%s is not there", path);
	shown = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (shown == NULL || strcmp(shown, want) != 0)
		fail_msg("%s: %s and not %s", path, shown, want);
	free(shown);
}

struct row {
	const char *path, *want;
};

static void
assert_rows(const struct fixture *f, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_at(f, rows[i].path, rows[i].want);
}

static void
test_empty(void **state)
{
	static const struct row rows[] = {
		{ "version", "\"1.2.3\"" },
		{ "hostname", "\"mx.example.org\"" },
		{ "authserv_id", "null" },
		{ "mode", "\"enforce\"" },
		{ "now_s", "1800000000" },
		{ "start_s", "1799999900" },
		{ "reloads", "{\"done\":0,\"failed\":0,\"last_s\":null}" },
		{ "health.is_well", "false" },	/* there is no process */
		{ "day.since_s", "1799999910" },
		{ "day.messages", "0" },
		{ "day.columns", "[[1799999910,1800000000,0,0,0,0,0,0,0,0]]" },
		{ "day.dns.time.p95_us", "0" },
		{ "month.state", "\"none\"" },
		{ "month.is_reading", "false" },
		{ "month.days", "[]" },
		{ "month.domains", "[]" },
		{ "present.store.has_store", "false" },
		{ "present.processes", "[]" },
		{ "present.slow_zones", "[]" },
	};
	struct fixture f;

	(void)state;
	set_up(&f, "");
	summarize(&f);
	assert_rows(&f, rows, N_ELEMENTS(rows));
	tear_down(&f);
}

static void
count(struct board_slot *slot)
{
	struct milter_metrics *milter = &slot->milter;

	milter->n_messages = 20;
	milter->actions[POLICY_ACCEPT] = 20;
	milter->wanted[POLICY_ACCEPT] = 11;
	milter->wanted[POLICY_HOLD] = 1;
	milter->wanted[POLICY_REDIRECT] = 2;
	milter->wanted[POLICY_REJECT] = 4;
	milter->wanted[POLICY_TEMPFAIL] = 2;
	milter->spf[SPF_SOFTFAIL] = 3;
	milter->dmarc[DMARC_PASS] = UINT64_MAX / 2 + 10;
	slot->dns.answers[DNS_NOERROR] = 6;
	slot->dns.answers[DNS_TEMPFAIL] = 1;
	histogram_add(&slot->dns.time, 5000);
	slot->cache_hits = 5;
	slot->cache_merged = 1;
	slot->cache_misses = 2;
	slot->cache_prefetches = 4;
	slot->worker = 3;
	slot->pid = 4711;
	slot->takes_mail = true;
	slot->beat_ms = NOW_MS - 200;
	slot->soundness = BOARD_UNSOUND;
	slot->is_draining = true;
	slot->has_store = true;
	slot->store_dropped = 9;
}

/* In monitor mode verdicts are those that were wanted. */
static void
test_counted(void **state)
{
	static const struct row enforced[] = {
		{ "day.messages", "20" },
		{ "day.actions.accept", "20" },
		{ "day.wanted.redirect", "2" },
		{ "day.results.spf.softfail", "3" },
		/* No number is beyond what JSON's readers know. */
		{ "day.results.dmarc.pass", "9223372036854775807" },
		{ "day.columns.0.3", "20" },
		{ "day.columns.0.7", "7" },
		{ "day.columns.0.8", "1" },
		{ "day.columns.0.9", "5" },
		{ "day.dns.answers.TEMPFAIL", "1" },
		{ "day.dns.time.n", "1" },
		{ "day.dns.cache_wanted", "8" },
		{ "day.dns.cache_asked", "6" },
		{ "present.processes.0.number", "3" },
		{ "present.processes.0.pid", "4711" },
		{ "present.processes.0.beat_age_ms", "200" },
		{ "present.processes.0.soundness", "\"unsound\"" },
		{ "present.processes.0.is_draining", "true" },
		{ "present.store.has_store", "true" },
		{ "present.store.dropped", "9" },
	};
	static const struct row monitored[] = {
		{ "mode", "\"monitor\"" },
		{ "day.columns.0.3", "11" },
		{ "day.columns.0.4", "3" },
		{ "day.columns.0.5", "4" },
		{ "day.columns.0.6", "2" },
	};
	struct fixture f;

	(void)state;
	set_up(&f, "");
	count(&f.board->slots[1]);
	summarize(&f);
	assert_rows(&f, enforced, N_ELEMENTS(enforced));
	f.context.policy.mode = POLICY_MODE_MONITOR;
	summarize(&f);
	assert_rows(&f, monitored, N_ELEMENTS(monitored));
	tear_down(&f);
}

/* ---- the store ----------------------------------------------------------- */

static void
await_reading(struct fixture *f)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

	for (;;) {
		summarize(f);
		if (json_is_false(find(f->json, "month.is_reading")))
			return;
		assert_true(clock_monotonic_ms() < end_ms);
		nanosleep(&moment, NULL);
	}
}

/* As the database may hold them, whatever the writer had let in. */
static void
insert(const char *author, size_t len, unsigned n, uint32_t day)
{
	static const char text[] = "INSERT INTO flow VALUES (?1, 0, '', 0, "
	    "?2, CAST(?3 AS TEXT), '192.0.2.' || ?2, '', '', 'none', 0, 0, "
	    "'', '', 'pass', '', 'fail', 'none', 'reject', 'reject', '', '', "
	    "'', '', 1000 - ?2, 1, 2)";
	sqlite3 *db;
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_open(temporary_url() + 7, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL),
	    SQLITE_OK);
	sqlite3_bind_int64(statement, 1, day);
	sqlite3_bind_int64(statement, 2, n);
	sqlite3_bind_blob(statement, 3, author, (int)len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const struct {
	const char *name;
	struct slice author;
	const char *shown;	/* NULL: not among the worst */
} authors[] = {
	{ "plain", SLICE_INIT("a.example"), "\"a.example\"" },
	{ "markup stays text", SLICE_INIT("<b>\"x\"</b>"),
	    "\"<b>\\\"x\\\"</b>\"" },
	{ "UTF-8", SLICE_INIT("b\xc3\xbc""cher.example"),
	    "\"b\xc3\xbc""cher.example\"" },
	{ "no UTF-8", SLICE_INIT("\xff\xfe.example"),
	    "\"\\\\xff\\\\xfe.example\"" },
	{ "a surrogate", SLICE_INIT("\xed\xa0\x80"),
	    "\"\\\\xed\\\\xa0\\\\x80\"" },
	{ "control characters", SLICE_INIT("a\x01\nb"),
	    "\"a\\u0001\\nb\"" },
	{ "nothing", SLICE_INIT(""), "\"\"" },
	{ "backslash", SLICE_INIT("\\u0041"), "\"\\\\u0041\"" },
	{ "8", SLICE_INIT("8"), "\"8\"" },
	{ "9", SLICE_INIT("9"), "\"9\"" },
	{ "10", SLICE_INIT("10"), NULL },
};

static void
test_store(void **state)
{
	uint32_t today = (uint32_t)(clock_wall_s() / CLOCK_DAY_S);
	struct store *store;
	struct fixture f;

	(void)state;
	temporary_clear();
	store = store_cases_open(temporary_url());
	for (unsigned i = 0; i < N_ELEMENTS(authors); i++)
		insert(authors[i].author.ptr, authors[i].author.len, i, today);
	insert("old", 3, 1, today - DAYS_N);
	store_close(&store);
	set_up(&f, temporary_url());
	summarize(&f);
	assert_at(&f, "month.state", "\"reading\"");
	assert_at(&f, "month.is_reading", "true");
	await_reading(&f);
	assert_at(&f, "month.state", "\"ready\"");
	for (unsigned i = 0; i < N_ELEMENTS(authors); i++) {
		char path[40];

		snprintf(path, sizeof(path), "month.domains.%u.key", i);
		if (authors[i].shown != NULL)
			assert_at(&f, path, authors[i].shown);
		else if (find(f.json, path) != NULL)
			fail_msg("%s is there", authors[i].name);
	}
	assert_at(&f, "month.sources.1.key", "\"192.0.2.1\"");
	assert_at(&f, "month.sources.1.failed", "999");
	assert_int_equal(json_array_size(find(f.json, "month.days")), 1);
	assert_at(&f, "month.days.0.failed", "10945");
	/* Without a store there is nothing of it left. */
	f.report.store = "";
	summarize(&f);
	assert_at(&f, "month.state", "\"none\"");
	assert_at(&f, "month.days", "[]");
	tear_down(&f);
}

static void
test_broken_store(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "sqlite:/nonexistent/a\x01.db");
	summarize(&f);
	await_reading(&f);
	assert_at(&f, "month.state", "\"failed\"");
	assert_true(strstr(json_string_value(find(f.json, "month.problem")),
	    "there is no directory /nonexistent") != NULL);
	tear_down(&f);
}

/* The end comes while the store is being read. */
static void
test_end_while_reading(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, temporary_url());
	summarize(&f);
	assert_at(&f, "month.is_reading", "true");
	tear_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_broken_store),
		cmocka_unit_test(test_end_while_reading),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
