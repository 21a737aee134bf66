/* What one process counts, another one sees. */
#include "control/board.h"

#include <sys/wait.h>
#include <unistd.h>

#include "unit/test.h"

#define N_SLOTS 3

static void
test_child_counts(void **state)
{
	struct board *board = board_create(N_SLOTS);
	int status;
	pid_t child;

	(void)state;
	assert_non_null(board);
	assert_int_equal(board->n_slots, N_SLOTS);
	assert_int_equal(board->slots[N_SLOTS - 1].milter.n_messages, 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		atomic_fetch_add(&board->slots[N_SLOTS - 1].milter.n_messages,
		    2);
		histogram_add(&board->slots[0].dns.time, 1001);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(board->slots[N_SLOTS - 1].milter.n_messages, 2);
	assert_int_equal(board->slots[0].dns.time.counts[4], 1);
	assert_int_equal(board->slots[0].dns.time.sum_us, 1001);
	board_destroy(&board);
	assert_null(board);
}

static void
test_histogram_bounds(void **state)
{
	static const struct {
		uint64_t us;
		unsigned bucket;
	} cases[] = {
		{ 0, 0 }, { 100, 0 }, { 101, 1 }, { 1000, 3 },
		{ 10000000, HISTOGRAM_N_BOUNDS - 1 },
		{ 10000001, HISTOGRAM_N_BOUNDS },
		{ UINT64_MAX, HISTOGRAM_N_BOUNDS },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct histogram histogram = { .sum_us = 0 };

		histogram_add(&histogram, cases[i].us);
		assert_int_equal(histogram.counts[cases[i].bucket], 1);
	}
	for (unsigned i = 1; i < HISTOGRAM_N_BOUNDS; i++)
		assert_true(histogram_bounds_us[i - 1] <
		    histogram_bounds_us[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child_counts),
		cmocka_unit_test(test_histogram_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
