/* dns/question.h - a question on its way to libunbound (unbound.c). */
#ifndef ASSAY_DNS_QUESTION_H
#define ASSAY_DNS_QUESTION_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

#include "dns/dns.h"

struct unbound;

/* The loop has one reference from the queue to the answer, the thread that
 * waits another; either may be the last. */
struct question {
	atomic_uint n_references;

	/* Fixed. */
	struct unbound *unbound;	/* may be gone once it is done */
	struct slice name;	/* as resolver.h has it */
	const char *escaped;	/* the same for libunbound and logs */
	enum dns_type type;
	int64_t deadline_ms;
	bool is_prefetch;	/* nobody waits */
	/* Who is to have the answer, on the loop; NULL: who waits, if any. */
	void (*done)(void *context, const struct dns_answer *answer);
	void *context;

	/* In the queue, under the lock; then in line or among those asked,
	 * the loop's. */
	struct question *next, *previous;

	/* The loop's. */
	struct event timer;
	int async_id;
	bool is_in_line;	/* there is no place for it yet */
	int64_t start_us;	/* when libunbound was asked; monotonic */
	bool is_being_asked;	/* ub_resolve_event has not returned yet */
	bool is_stale;		/* what it gave was an old failure */

	/* Under the lock. */
	bool is_done;
	const struct dns_answer *answer;	/* owned */
	pthread_cond_t answered;

	char text[];		/* name and escaped */
};

/* With one reference; NULL where memory is out.  ATTRIBUTES: of the condition,
 * whose clock is that of the deadlines. */
struct question *question_create(struct unbound *unbound, struct slice name,
    enum dns_type type, int64_t deadline_ms, bool is_prefetch,
    const pthread_condattr_t *attributes);

struct question *question_retain(struct question *q);
void question_release(struct question *q);

#endif
