/* control/pool.h - threads that turn lines into answers while the loop goes on:
 * a bounded number of them, a bounded queue before them.  They are there once
 * they are needed. */
#ifndef ASSAY_CONTROL_POOL_H
#define ASSAY_CONTROL_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct control_pool;
struct event_base;

#define POOL_THREADS 8		/* most of them wait for DNS */
#define POOL_QUEUE 64
#define POOL_WAIT_MS 20000	/* in the queue; who waits longer is put off,
				 * before its MTA loses patience */

struct pool_options {
	struct event_base *base;	/* threadsafe; borrowed */
	/* Any thread.  LINE is malloc's and its to free, and so is what it
	 * gives to the pool: an answer, or NULL where memory is out. */
	char *(*work)(char *line, size_t len);
	/* The answer to what waited too long; static. */
	const char *too_late;
	/* On the loop, once for each line; ANSWER, which may be NULL, is good
	 * until it returns. */
	void (*done)(void *ticket, const char *answer);
};

/* NULL where memory is out. */
struct control_pool *pool_create(const struct pool_options *options);

/* Takes LINE.  False, and LINE is left to the caller, where the queue is full
 * or there can be no thread. */
bool pool_submit(struct control_pool *pool, char *line, size_t len,
    void *ticket);

/* Whether all that was submitted has been worked on. */
bool pool_is_idle(struct control_pool *pool);

/* Waits for its threads; DONE is called for all that was submitted, with NULL
 * for what was not worked on.  Sets *POOL to NULL. */
void pool_destroy(struct control_pool **pool);

#endif
