/* The last 24 hours, column by column. */
#include "control/samples.h"

#include "base/strbuf.h"
#include "unit/test.h"

#define STEP_MS ((int64_t)SAMPLES_STEP_S * 1000)
#define START_MS ((int64_t)1000000)

static bool
take(struct samples *samples, uint64_t n_messages, int64_t now_ms)
{
	struct samples_column column;
	struct sample now = { .n_messages = n_messages, .cache_misses = 2 *
		n_messages };

	return samples_take(samples, &now, now_ms, &column);
}

/* Messages, start and end of the column that is number I at that time. */
static void
assert_column(const struct samples *samples, uint64_t n_messages,
    int64_t now_ms, size_t i, uint64_t n, int64_t start_ms, int64_t end_ms)
{
	const struct sample now = { .n_messages = n_messages,
		.cache_misses = 2 * n_messages };
	struct samples_column column;

	samples_get_column(samples, &now, now_ms, i, &column);
	assert_int_equal(column.counts.n_messages, n);
	assert_int_equal(column.counts.cache_misses, 2 * n);
	assert_int_equal(column.start_ms, start_ms);
	assert_int_equal(column.end_ms, end_ms);
}

static void
test_columns(void **state)
{
	struct samples *samples = samples_create();
	int64_t second_ms = START_MS + STEP_MS;

	(void)state;
	assert_non_null(samples);
	assert_int_equal(samples_count(samples, START_MS), 0);
	/* What was counted before is not of this day. */
	assert_false(take(samples, 1000, START_MS));
	assert_int_equal(samples_count(samples, START_MS), 1);
	assert_column(samples, 1000, START_MS, 0, 0, START_MS, START_MS);
	assert_column(samples, 1007, START_MS + 5, 0, 7, START_MS,
	    START_MS + 5);
	assert_true(take(samples, 1010, second_ms));
	assert_int_equal(samples_count(samples, second_ms), 2);
	assert_column(samples, 1013, second_ms + 1, 0, 10, START_MS,
	    second_ms);
	assert_column(samples, 1013, second_ms + 1, 1, 3, second_ms,
	    second_ms + 1);
	/* A counter that has run backwards. */
	assert_column(samples, 1, second_ms + 1, 1, 0, second_ms,
	    second_ms + 1);
	samples_destroy(&samples);
	assert_null(samples);
}

static void
assert_total(const struct samples *samples, uint64_t n_messages,
    int64_t now_ms, uint64_t n, int64_t start_ms)
{
	const struct sample now = { .n_messages = n_messages };
	struct samples_column total;

	samples_get_total(samples, &now, now_ms, &total);
	assert_int_equal(total.counts.n_messages, n);
	assert_int_equal(total.start_ms, start_ms);
	assert_int_equal(total.end_ms, now_ms);
}

/* A message each step, for three days: the ring goes round, and only one day
 * is told of. */
static void
test_days(void **state)
{
	struct samples *samples = samples_create();
	int64_t now_ms = START_MS;
	size_t per_day = 24 * 60 * 60 / SAMPLES_STEP_S;

	(void)state;
	assert_total(samples, 0, now_ms, 0, now_ms);
	for (size_t i = 0; i <= 3 * per_day; i++, now_ms += STEP_MS)
		take(samples, i, now_ms);
	now_ms -= STEP_MS;
	assert_int_equal(samples_count(samples, now_ms), per_day + 1);
	assert_total(samples, 3 * per_day, now_ms, per_day,
	    now_ms - SAMPLES_DAY_MS);
	/* The oldest one falls out as soon as it begins too early. */
	assert_int_equal(samples_count(samples, now_ms + 1), per_day);
	assert_total(samples, 3 * per_day + 5, now_ms + 1, per_day + 4,
	    now_ms - SAMPLES_DAY_MS + STEP_MS);
	/* Nobody has taken any for a day. */
	assert_int_equal(samples_count(samples, now_ms + 2 * SAMPLES_DAY_MS),
	    1);
	samples_destroy(&samples);
}

/* What another process had goes before, its gap as a gap. */
static void
test_kept(void **state)
{
	const struct samples_column before = { START_MS - 10 * STEP_MS,
		START_MS - 9 * STEP_MS, { .n_messages = 40 } };
	struct samples *samples = samples_create();

	(void)state;
	take(samples, 0, START_MS);
	samples_restore(samples, &before, 1);
	assert_int_equal(samples_count(samples, START_MS + 1), 2);
	assert_total(samples, 2, START_MS + 1, 42, START_MS - 10 * STEP_MS);
	samples_destroy(&samples);
}

/* Each number goes where it belongs. */
static void
test_describe(void **state)
{
	static struct sum sum;
	struct sample sample;

	(void)state;
	sum.n_messages = 1;
	sum.n_aborted = 2;
	sum.n_failures = 3;
	sum.n_turned_away = 4;
	sum.actions[1] = 5;
	sum.wanted[2] = 6;
	sum.spf[3] = 7;
	sum.dkim[4] = 8;
	sum.arc[3] = 9;
	sum.dmarc[4] = 10;
	sum.stages[MILTER_STAGE_END].sum_us = 11;
	sum.answers[3] = 12;
	sum.n_timeouts = 13;
	sum.dns_time.counts[15] = 14;
	sum.cache_hits = 15;
	sum.cache_misses = 16;
	sum.cache_merged = 17;
	sum.cache_prefetches = 18;
	samples_describe(&sum, &sample);
	assert_int_equal(sample.n_messages, 1);
	assert_int_equal(sample.n_aborted, 2);
	assert_int_equal(sample.n_failures, 3);
	assert_int_equal(sample.n_turned_away, 4);
	assert_int_equal(sample.actions[1], 5);
	assert_int_equal(sample.wanted[2], 6);
	assert_int_equal(sample.spf[3], 7);
	assert_int_equal(sample.dkim[4], 8);
	assert_int_equal(sample.arc[3], 9);
	assert_int_equal(sample.dmarc[4], 10);
	assert_int_equal(sample.end.sum_us, 11);
	assert_int_equal(sample.answers[3], 12);
	assert_int_equal(sample.n_timeouts, 13);
	assert_int_equal(sample.dns_time.counts[15], 14);
	assert_int_equal(sample.cache_hits, 15);
	assert_int_equal(sample.cache_misses, 16);
	assert_int_equal(sample.cache_merged, 17);
	assert_int_equal(sample.cache_prefetches, 18);
}

/* As text, and back; what has another number of counts is of another assay. */
static void
test_text(void **state)
{
	static const struct {
		const char *name, *text;
	} refused[] = {
		{ "nothing", "" },
		{ "too few", "1 2 3" },
		{ "no number", "a" },
		{ "a sign", "-1" },
	};
	struct sample sample = { .n_messages = 7, .cache_misses = UINT64_MAX };
	struct arena *arena = test_arena();
	struct sample read;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, arena, 10000);
	samples_append(&text, &sample);
	assert_true(samples_parse(strbuf_slice(&text), &read));
	assert_memory_equal(&read, &sample, sizeof(sample));
	strbuf_append_cstr(&text, " 1");
	assert_false(samples_parse(strbuf_slice(&text), &read));
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct slice copy = test_exact_copy(
		    slice_from_cstr(refused[i].text));

		if (samples_parse(copy, &read))
			fail_msg("%s", refused[i].name);
		test_free_copy(copy);
	}
	arena_destroy(&arena);
}

/* More of them than there is room for: the newest stay, and what is counted
 * goes behind them. */
static void
test_restore_many(void **state)
{
	size_t per_day = 24 * 60 * 60 / SAMPLES_STEP_S, n = 2 * per_day;
	struct samples_column *columns = calloc(n, sizeof(*columns));
	struct samples *samples = samples_create();

	(void)state;
	assert_non_null(columns);
	for (size_t i = 0; i < n; i++)
		columns[i] = (struct samples_column){
			START_MS - (int64_t)(n - i) * STEP_MS,
			START_MS - (int64_t)(n - i - 1) * STEP_MS,
			{ .n_messages = 1 } };
	take(samples, 0, START_MS);
	take(samples, 5, START_MS + STEP_MS);
	samples_restore(samples, columns, n);
	assert_total(samples, 5, START_MS + STEP_MS, 5 + per_day - 1,
	    START_MS + STEP_MS - SAMPLES_DAY_MS);
	take(samples, 6, START_MS + 2 * STEP_MS);
	assert_total(samples, 6, START_MS + 2 * STEP_MS, 6 + per_day - 2,
	    START_MS + 2 * STEP_MS - SAMPLES_DAY_MS);
	samples_destroy(&samples);
	free(columns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_restore_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
