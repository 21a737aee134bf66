/* The columns of one process, and what the next one finds of them. */
#include "control/keeper.h"

#include <time.h>

#include "base/clock.h"
#include "report/store_sample.h"
#include "unit/report/store_cases.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define WAIT_MS 10000
#define HOST "mx.example.org"

static int64_t
in_time(void)
{
	return clock_monotonic_ms() + WAIT_MS;
}

static struct keeper *
create(void)
{
	struct keeper *keeper = keeper_create();

	assert_non_null(keeper);
	return keeper;
}

/* A process that has counted N_MESSAGES from START_S on, and ends. */
static void
live(const char *host, int64_t start_s, uint64_t n_messages)
{
	struct keeper *keeper = create();

	keeper_turn(keeper, temporary_url(), host);
	keeper_save(keeper, &(struct keeper_column){ start_s, start_s + 300,
	    { .n_messages = n_messages } });
	assert_true(keeper_destroy(&keeper, in_time()));
	assert_null(keeper);
}

static size_t
await_columns(struct keeper *keeper, const struct keeper_column **columns_out)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	int64_t end_ms = in_time();
	size_t n;

	for (;;) {
		keeper_turn(keeper, temporary_url(), HOST);
		n = keeper_take_columns(keeper, columns_out);
		if (n != 0)
			return n;
		assert_true(clock_monotonic_ms() < end_ms);
		nanosleep(&moment, NULL);
	}
}

static void
test_next_process(void **state)
{
	int64_t now_s = clock_wall_s();
	const struct keeper_column *columns;
	struct keeper *keeper;

	(void)state;
	temporary_clear();
	live(HOST, now_s - CLOCK_DAY_S - 400, 1);	/* too old */
	live(HOST, now_s - 1200, 3);
	live(HOST, now_s - 2400, 2);
	live("other.example.org", now_s - 600, 4);
	keeper = create();
	assert_int_equal(await_columns(keeper, &columns), 2);
	assert_int_equal(columns[0].start_s, now_s - 2400);
	assert_int_equal(columns[0].end_s, now_s - 2100);
	assert_int_equal(columns[0].counts.n_messages, 2);
	assert_int_equal(columns[1].counts.n_messages, 3);
	/* They are told of once. */
	keeper_turn(keeper, temporary_url(), HOST);
	assert_int_equal(keeper_take_columns(keeper, &columns), 0);
	assert_true(keeper_destroy(&keeper, in_time()));
}

/* What is no sample of ours is passed over, as is what ends before it began. */
static void
test_foreign(void **state)
{
	int64_t now_s = clock_wall_s();
	const struct store_sample foreign[] = {
		{ now_s - 900, now_s - 600, SLICE("1 2 3") },
		{ now_s - 800, now_s - 500, SLICE("nonsense") },
		{ now_s - 700, now_s - 400, SLICE("") },
	};
	const struct keeper_column *columns;
	struct keeper *keeper;
	struct store *store;

	(void)state;
	temporary_clear();
	store = store_cases_open(temporary_url());
	assert_ok(store, store_put_samples(store, SLICE(HOST), foreign,
	    N_ELEMENTS(foreign), 0));
	store_close(&store);
	live(HOST, now_s - 300, 5);
	keeper = create();
	assert_int_equal(await_columns(keeper, &columns), 1);
	assert_int_equal(columns[0].counts.n_messages, 5);
	assert_true(keeper_destroy(&keeper, in_time()));
}

/* More than fit while there is no store to be reached: the newest stay. */
static void
test_down(void **state)
{
	struct keeper *keeper = create();
	const struct days_view *view;
	bool is_reading;

	(void)state;
	for (int64_t i = 0; i < 100; i++)
		keeper_save(keeper, &(struct keeper_column){ i, i + 1,
		    { .n_messages = 1 } });
	keeper_turn(keeper, "sqlite:/nonexistent/assay.db", HOST);
	view = keeper_get_days(keeper, &is_reading);
	assert_null(view);
	assert_true(is_reading);
	assert_true(keeper_destroy(&keeper, in_time()));
}

/* Without a store nothing is begun. */
static void
test_none(void **state)
{
	struct keeper *keeper = create();
	const struct keeper_column *columns;
	bool is_reading;

	(void)state;
	keeper_save(keeper, &(struct keeper_column){ .end_s = 1 });
	keeper_turn(keeper, "", HOST);
	assert_null(keeper_get_days(keeper, &is_reading));
	assert_false(is_reading);
	assert_int_equal(keeper_take_columns(keeper, &columns), 0);
	assert_true(keeper_destroy(&keeper, clock_monotonic_ms()));
	assert_true(keeper_destroy(&keeper, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_process),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
