/* cli/policy_pool.h - threads that find out about domains, while the loop goes
 * on: a bounded number of them, a bounded queue before them. */
#ifndef ASSAY_CLI_POLICY_POOL_H
#define ASSAY_CLI_POLICY_POOL_H

#include "cli/tls_policy.h"

#define POLICY_POOL_THREADS 32	/* at most; they wait for a web server */
#define POLICY_POOL_QUEUE 1000

struct event_base;
struct policy_pool;

struct policy_finding {
	void *context;		/* who wants to know */
	struct slice domain;
	struct tls_policy policy;
	bool is_known;		/* false: memory was out, nothing is known */
	struct slice problem;	/* what went wrong on the way, if anything */
};

/* FINDER is borrowed, its flag IS_STOPPING not looked at.  DONE is called on
 * BASE's loop, which must be threadsafe, with a finding that is good until it
 * returns.  Threads are made when they are needed, with all signals blocked.
 * NULL where memory is out. */
struct policy_pool *policy_pool_create(struct event_base *base,
    const struct tls_policy_finder *finder,
    void (*done)(void *context, const struct policy_finding *finding),
    void *done_context);

/* Ends transfers under way, and waits for the threads: as long as a question to
 * DNS may take.  Nothing is done any more. */
void policy_pool_destroy(struct policy_pool **pool);

/* On the loop.  Texts are copied.  False where the queue is full, memory is
 * out, or there can be no thread. */
bool policy_pool_submit(struct policy_pool *pool, struct slice domain,
    const struct tls_policy *known, void *context);

#endif
