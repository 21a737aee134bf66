/* The sessions' queue: order, room, wrapping, waiting. */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "report/queue.h"
#include "unit/test.h"

static bool
put(struct report_queue *queue, unsigned kind, struct slice octets)
{
	struct slice copy = test_exact_copy(octets);
	bool is_put = report_put(queue, &(struct report_queued){ .kind = kind,
	    .time_s = (int64_t)kind * 10, .octets = copy });

	test_free_copy(copy);
	return is_put;
}

static void
expect(struct report_queue *queue, struct arena *arena, unsigned kind,
    struct slice octets)
{
	struct report_queued record;

	assert_true(report_take(queue, arena, &record));
	assert_int_equal(record.kind, kind);
	assert_int_equal(record.time_s, kind * 10);
	assert_true(slice_eq(record.octets, octets));
}

/* Records of all lengths go round a small ring many times. */
static void
test_round(void **state)
{
	struct report_queue *queue = report_create_queue(400);
	struct arena *arena = test_arena();
	char text[101];
	unsigned first = 0, next = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_non_null(queue);
	while (first < 2000) {
		while (put(queue, next, (struct slice){ text,
		    next % sizeof(text) }))
			next++;
		assert_true(next > first);
		/* One stays, so that the ring does not begin anew. */
		while (first + 1 < next) {
			expect(queue, arena, first, (struct slice){ text,
			    first % sizeof(text) });
			first++;
		}
		arena_reset(arena);
		text[0] = 'x';
	}
	arena_destroy(&arena);
	report_destroy_queue(&queue);
	assert_null(queue);
}

static void
test_full(void **state)
{
	struct report_queue *queue = report_create_queue(100);
	struct arena *arena = test_arena(), *tiny = arena_create(8);
	struct report_queued record;
	char text[100] = { 0 };

	(void)state;
	assert_false(report_take(queue, arena, &record));
	assert_false(put(queue, 1, (struct slice){ text, 100 }));
	assert_false(put(queue, 1, (struct slice){ text, 77 }));
	assert_true(put(queue, 1, (struct slice){ text, 76 }));
	assert_false(put(queue, 2, SLICE_EMPTY));
	assert_int_equal(report_get_queued_octets(queue), 100);
	/* Where there is no memory it stays. */
	assert_non_null(tiny);
	assert_false(report_take(queue, tiny, &record));
	expect(queue, arena, 1, (struct slice){ text, 76 });
	assert_int_equal(report_get_queued_octets(queue), 0);
	assert_true(put(queue, 2, SLICE_EMPTY));
	report_close_queue(queue);
	assert_true(report_is_queue_closed(queue));
	assert_false(put(queue, 3, SLICE_EMPTY));
	assert_int_equal(report_wait_for_records(queue, SIZE_MAX,
	    CLOCK_NEVER_MS), 1);
	expect(queue, arena, 2, SLICE_EMPTY);
	arena_destroy(&tiny);
	arena_destroy(&arena);
	report_destroy_queue(&queue);
}

#define N_THREADS 4
#define N_EACH 5000u

static void *
put_many(void *context)
{
	for (unsigned i = 0; i < N_EACH; i++)
		while (!put(context, i, SLICE("some octets"))) {
			/* He that takes has to catch up. */
		}
	return NULL;
}

/* Threads put while one waits for batches: nothing is lost, none sleeps. */
static void
test_threads(void **state)
{
	struct report_queue *queue = report_create_queue(10000);
	struct arena *arena = test_arena();
	int64_t end_ms = clock_monotonic_ms() + 60000;
	pthread_t threads[N_THREADS];
	struct report_queued record;
	unsigned n = 0;

	(void)state;
	assert_int_equal(report_wait_for_records(queue, 1,
	    clock_monotonic_ms()), 0);
	for (size_t i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_many,
		    queue), 0);
	while (n < N_THREADS * N_EACH && clock_monotonic_ms() < end_ms) {
		size_t left = N_THREADS * N_EACH - n;

		assert_true(report_wait_for_records(queue,
		    left < 100 ? left : 100, end_ms) != 0);
		for (; report_take(queue, arena, &record); n++)
			assert_true(slice_eq(record.octets,
			    SLICE("some octets")));
		arena_reset(arena);
	}
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(n, N_THREADS * N_EACH);
	arena_destroy(&arena);
	report_destroy_queue(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
