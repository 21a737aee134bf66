/* control/pool.h - threads that work while a loop goes on: a bounded number of
 * them, a bounded queue before them.  They are there once they are needed. */
#ifndef ASSAY_CONTROL_POOL_H
#define ASSAY_CONTROL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct pool;

/* The first member of each job's own struct. */
struct pool_job {
	struct pool_job *next;		/* the pool's, as all of it */
	int64_t deadline_ms;
	bool is_late;
};

enum pool_end {
	POOL_WORKED = 0,
	POOL_LATE,		/* it waited too long, and was not worked on */
	POOL_DROPPED,		/* the pool ended before its turn came */
};

struct pool_options {
	struct event_base *base;	/* threadsafe; borrowed */
	size_t max_threads, max_waiting;
	int64_t wait_ms;	/* in the queue, at most; 0: without end */
	/* Any thread, with all signals blocked. */
	void (*work)(void *context, struct pool_job *job);
	/* On the loop, or in pool_destroy; once for each job that was taken,
	 * which is its to free. */
	void (*end)(void *context, struct pool_job *job, enum pool_end how);
	void *context;
};

/* NULL where memory is out. */
struct pool *pool_create(const struct pool_options *options);

/* On the loop.  False, and JOB is left to the caller, where the queue is full
 * or there can be no thread. */
bool pool_submit(struct pool *pool, struct pool_job *job);

/* Whether no job waits or is worked on. */
bool pool_is_idle(struct pool *pool);

/* Waits for its threads, which take no more jobs.  Sets *POOL to NULL. */
void pool_destroy(struct pool **pool);

#endif
