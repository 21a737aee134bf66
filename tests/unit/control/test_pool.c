/* tests/unit/control/test_pool.c - each job that was taken ends once, as what
 * became of it; threads wait where the test has them wait. */
#include "control/pool.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "unit/test.h"

#define MAX_JOBS 32
#define WAIT_MS 20
#define MAX_TRIES 100

struct job {
	struct pool_job job;
	bool waits;		/* until the test lets it go on */
	unsigned n_worked, n_ended;
	enum pool_end how;
};

static struct {
	struct event_base *base;
	struct pool *pool;
	struct job jobs[MAX_JOBS];
	size_t n_ended;
	atomic_uint n_at_once, most_at_once;
	sem_t begun, go;
} test;

static void
sleep_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

static void
work(void *context, struct pool_job *each)
{
	struct job *job = (struct job *)each;
	unsigned n = atomic_fetch_add(&test.n_at_once, 1) + 1;
	unsigned most = atomic_load(&test.most_at_once);

	assert_ptr_equal(context, &test);
	while (n > most && !atomic_compare_exchange_weak(&test.most_at_once,
	    &most, n))
		;
	job->n_worked++;
	sem_post(&test.begun);
	if (job->waits)
		sem_wait(&test.go);
	atomic_fetch_sub(&test.n_at_once, 1);
}

static void
end(void *context, struct pool_job *each, enum pool_end how)
{
	struct job *job = (struct job *)each;

	assert_ptr_equal(context, &test);
	job->n_ended++;
	job->how = how;
	test.n_ended++;
}

static void
start(size_t max_threads, size_t max_waiting, int64_t wait_ms)
{
	struct pool_options options = {
		.max_threads = max_threads, .max_waiting = max_waiting,
		.wait_ms = wait_ms, .work = work, .end = end,
		.context = &test,
	};

	memset(&test, 0, sizeof(test));
	sem_init(&test.begun, 0, 0);
	sem_init(&test.go, 0, 0);
	options.base = test.base = event_base_new();
	assert_non_null(test.base);
	test.pool = pool_create(&options);
	assert_non_null(test.pool);
}

static void
stop(void)
{
	pool_destroy(&test.pool);
	assert_null(test.pool);
	event_base_free(test.base);
	sem_destroy(&test.begun);
	sem_destroy(&test.go);
}

/* The first job, once a thread has it: it stays there. */
static void
occupy(void)
{
	test.jobs[0].waits = true;
	assert_true(pool_submit(test.pool, &test.jobs[0].job));
	sem_wait(&test.begun);
}

static void
turn_until(size_t n_ended)
{
	while (test.n_ended < n_ended) {
		event_base_loop(test.base, EVLOOP_NONBLOCK);
		sleep_ms(1);
	}
}

static void
expect_job(size_t i, unsigned n_worked, enum pool_end how)
{
	assert_int_equal(test.jobs[i].n_worked, n_worked);
	assert_int_equal(test.jobs[i].n_ended, 1);
	assert_int_equal(test.jobs[i].how, how);
}

static void
test_work(void **state)
{
	(void)state;
	start(3, MAX_JOBS, 0);
	assert_true(pool_is_idle(test.pool));
	for (size_t i = 0; i < MAX_JOBS; i++)
		assert_true(pool_submit(test.pool, &test.jobs[i].job));
	turn_until(MAX_JOBS);
	assert_true(pool_is_idle(test.pool));
	for (size_t i = 0; i < MAX_JOBS; i++)
		expect_job(i, 1, POOL_WORKED);
	stop();
}

/* All at once, where each waits for the others; and no more than there may
 * be. */
static void
test_threads(void **state)
{
	(void)state;
	start(4, MAX_JOBS, 0);
	for (size_t i = 0; i < 6; i++) {
		test.jobs[i].waits = true;
		assert_true(pool_submit(test.pool, &test.jobs[i].job));
	}
	for (size_t i = 0; i < 4; i++)
		sem_wait(&test.begun);
	assert_false(pool_is_idle(test.pool));
	for (size_t i = 0; i < 6; i++)
		sem_post(&test.go);
	turn_until(6);
	assert_int_equal(atomic_load(&test.most_at_once), 4);
	stop();
}

/* What is not taken is left to the caller. */
static void
test_full(void **state)
{
	(void)state;
	start(1, 2, 0);
	occupy();
	assert_true(pool_submit(test.pool, &test.jobs[1].job));
	assert_true(pool_submit(test.pool, &test.jobs[2].job));
	assert_false(pool_submit(test.pool, &test.jobs[3].job));
	sem_post(&test.go);
	turn_until(3);
	for (size_t i = 0; i < 3; i++)
		expect_job(i, 1, POOL_WORKED);
	assert_true(pool_submit(test.pool, &test.jobs[3].job));
	turn_until(4);
	expect_job(3, 1, POOL_WORKED);
	stop();
}

static void
test_late(void **state)
{
	(void)state;
	start(1, 2, WAIT_MS);
	occupy();
	assert_true(pool_submit(test.pool, &test.jobs[1].job));
	sleep_ms(2 * WAIT_MS);
	sem_post(&test.go);
	turn_until(2);
	expect_job(0, 1, POOL_WORKED);
	expect_job(1, 0, POOL_LATE);
	stop();
}

static void *
let_go(void *context)
{
	(void)context;
	sleep_ms(WAIT_MS);
	sem_post(&test.go);
	return NULL;
}

/* Where the pool ends before a job's turn has come.  The thread that lets go
 * of the one before it may be early: then there is another try. */
static void
test_dropped(void **state)
{
	size_t n_dropped = 0;

	(void)state;
	for (size_t i = 0; i < MAX_TRIES && n_dropped == 0; i++) {
		pthread_t thread;

		start(1, 2, 0);
		occupy();
		assert_true(pool_submit(test.pool, &test.jobs[1].job));
		assert_int_equal(pthread_create(&thread, NULL, let_go, NULL),
		    0);
		pool_destroy(&test.pool);
		pthread_join(thread, NULL);
		expect_job(0, 1, POOL_WORKED);
		assert_int_equal(test.jobs[1].n_ended, 1);
		n_dropped = test.jobs[1].how == POOL_DROPPED;
		assert_int_equal(test.jobs[1].n_worked, 1 - n_dropped);
		stop();
	}
	assert_int_equal(n_dropped, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_dropped),
	};

	evthread_use_pthreads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
