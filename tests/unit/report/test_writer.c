/* The writer with a real store: what is written is there, and a store that is
 * away keeps nobody waiting. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "report/fact.h"
#include "report/failure.h"
#include "report/options.h"
#include "report/store.h"
#include "report/writer.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define LONG_MS 30000

static struct slice
encode(struct arena *arena, const char *author, uint32_t day)
{
	const struct report_fact fact = { .day = day, .is_reportable = true,
		.policy_domain = slice_from_cstr(author),
		.configuration = SLICE("p=none; sp=none; adkim=r; aspf=r; "
		    "t=n; discovery=treewalk; rua=mailto:a@example.org"),
		.author_domain = slice_from_cstr(author) };
	struct strbuf octets;

	strbuf_init(&octets, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(&fact, &octets);
	assert_false(octets.has_failed);
	return strbuf_slice(&octets);
}

static uint64_t
count_messages(const char *url, uint32_t day)
{
	struct arena *arena = test_arena();
	struct store_subject *subjects;
	struct store *store;
	struct strbuf problem;
	uint64_t n_messages = 0;
	size_t n;

	strbuf_init(&problem, arena, 10000);
	assert_int_equal(store_open(url, &store, &problem), STORE_OK);
	assert_int_equal(store_list_subjects(store, day, NULL, 1000, arena,
	    &subjects, &n), STORE_OK);
	for (size_t i = 0; i < n; i++)
		n_messages += subjects[i].n_messages;
	store_close(&store);
	arena_destroy(&arena);
	return n_messages;
}

struct scene {
	struct log *log;
	struct arena *arena;
	struct report_options options;
	struct report_writer *writer;
	struct report_writer_counts counts;
};

static void
begin(struct scene *s, const char *url)
{
	*s = (struct scene){ .arena = test_arena(),
		.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test",
		    LOG_MAIL),
		.options = REPORT_OPTIONS_DEFAULT };
	s->options.store = url;
	assert_non_null(s->log);
	s->writer = report_start_writer(&s->options, s->log);
	assert_non_null(s->writer);
}

static bool
stop(struct scene *s, int64_t limit_ms)
{
	bool is_over = report_stop_writer(s->writer, clock_monotonic_ms() +
	    limit_ms);

	report_get_writer_counts(s->writer, &s->counts);
	return is_over;
}

static void
end(struct scene *s)
{
	report_destroy_writer(&s->writer);
	assert_null(s->writer);
	log_destroy(&s->log);
	arena_destroy(&s->arena);
}

static void
write_many(struct scene *s, const char *author, uint32_t day, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_true(report_write(s->writer, REPORT_RECORD_FACT,
		    (int64_t)day * CLOCK_DAY_S + i, encode(s->arena, author,
		    day)));
		arena_reset(s->arena);
	}
}

/* A stopped writer has lost nothing, however many batches there were. */
static void
test_write(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, temporary_url());
	write_many(&s, "a.example", 100, 2 * REPORT_BATCH_ITEMS + 7);
	write_many(&s, "b.example", 100, 3);
	assert_true(stop(&s, LONG_MS));
	assert_int_equal(s.counts.written, 2 * REPORT_BATCH_ITEMS + 10);
	assert_int_equal(s.counts.dropped, 0);
	assert_int_equal(s.counts.queued_octets, 0);
	assert_false(s.counts.is_store_down);
	/* Too late. */
	assert_false(report_write(s.writer, REPORT_RECORD_FACT, 1,
	    encode(s.arena, "a.example", 100)));
	end(&s);
	assert_int_equal(count_messages(temporary_url(), 100),
	    2 * REPORT_BATCH_ITEMS + 10);
}

static void
test_drop(void **state)
{
	struct scene s;
	char *long_one = calloc(1, REPORT_RECORD_MAX_OCTETS + 1);

	(void)state;
	assert_non_null(long_one);
	begin(&s, temporary_url());
	assert_false(report_write(s.writer, REPORT_RECORD_FACT, 1,
	    (struct slice){ long_one, REPORT_RECORD_MAX_OCTETS + 1 }));
	/* It is taken, and found to be none. */
	assert_true(report_write(s.writer, REPORT_RECORD_FACT, 1,
	    (struct slice){ long_one, 1000 }));
	write_many(&s, "a.example", 200, 1);
	assert_true(stop(&s, LONG_MS));
	assert_int_equal(s.counts.written, 1);
	assert_int_equal(s.counts.dropped, 2);
	end(&s);
	free(long_one);
}

/* No store is there before the end: what comes waits, and is written. */
static void
test_late_store(void **state)
{
	struct scene s;
	char folder[128], url[160];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/later", temporary_folder());
	snprintf(url, sizeof(url), "sqlite:%s/assay.db", folder);
	begin(&s, url);
	write_many(&s, "a.example", 300, 5);
	do
		report_get_writer_counts(s.writer, &s.counts);
	while (!s.counts.is_store_down);
	assert_int_equal(s.counts.written, 0);
	assert_true(s.counts.queued_octets > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_true(stop(&s, LONG_MS));
	assert_int_equal(s.counts.written, 5);
	assert_false(s.counts.is_store_down);
	end(&s);
	assert_int_equal(count_messages(url, 300), 5);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { "", "-wal", "-shm" };
		char path[200];

		snprintf(path, sizeof(path), "%s/assay.db%s", folder,
		    names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* One that never comes ends with its deadline, and tells what was lost. */
static void
test_no_store(void **state)
{
	int64_t start_ms = clock_monotonic_ms();
	struct scene s;

	(void)state;
	begin(&s, "sqlite:/nonexistent/assay.db");
	write_many(&s, "a.example", 400, 5);
	assert_true(stop(&s, 600));
	assert_true(clock_monotonic_ms() - start_ms < LONG_MS);
	assert_int_equal(s.counts.written, 0);
	assert_int_equal(s.counts.dropped, 5);
	end(&s);
}

/* A URL that nothing can be made of is told of once; nothing is kept. */
static void
test_bad_url(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, "mysql:x");
	do
		report_get_writer_counts(s.writer, &s.counts);
	while (!s.counts.is_store_down);
	assert_true(stop(&s, LONG_MS));
	assert_false(report_write(s.writer, REPORT_RECORD_FACT, 1,
	    encode(s.arena, "a.example", 1)));
	end(&s);
}

/* Failure reports that nobody sends do not fill the disk; facts go on. */
static void
test_failures(void **state)
{
	static struct store_failure failures[FAILURE_MAX_WAITING];
	const struct store_batch batch = { .failures = failures,
		.n_failures = N_ELEMENTS(failures) };
	struct store *store;
	struct strbuf problem;
	struct scene s;
	size_t n;

	(void)state;
	begin(&s, temporary_url());
	strbuf_init(&problem, s.arena, 10000);
	assert_int_equal(store_open(temporary_url(), &store, &problem),
	    STORE_OK);
	for (size_t i = 0; i < N_ELEMENTS(failures); i++)
		failures[i].incidents = 1;
	assert_int_equal(store_write(store, &batch), STORE_OK);
	assert_true(report_write(s.writer, REPORT_RECORD_FAILURE, 1,
	    SLICE("a.example\0a.example\0mailto:a@a.example\0k\0m\0")));
	assert_true(report_write(s.writer, REPORT_RECORD_FACT, 1,
	    encode(s.arena, "f.example", 30000)));
	assert_true(stop(&s, LONG_MS));
	assert_int_equal(s.counts.written, 1);
	assert_int_equal(s.counts.dropped, 1);
	assert_int_equal(store_count_failures(store, FAILURE_MAX_WAITING + 1,
	    &n), STORE_OK);
	assert_int_equal(n, FAILURE_MAX_WAITING);
	assert_int_equal(count_messages(temporary_url(), 30000), 1);
	store_close(&store);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_late_store),
		cmocka_unit_test(test_no_store),
		cmocka_unit_test(test_bad_url),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
