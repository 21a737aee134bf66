/* daemon/generation.h - one configuration, and all that was made by it: what
 * messages work with from one reload to the next.
 *
 * What a reload does not change in meaning is shared with the generation
 * before: the cache stays warm, the throttle remembers, the writer goes on.
 * All of it is the loop's thread's. */
#ifndef ASSAY_DAEMON_GENERATION_H
#define ASSAY_DAEMON_GENERATION_H

#include "base/log.h"
#include "daemon/draft.h"
#include "milter/context.h"

struct event_base;
struct strbuf;

/* What all generations of a process have in common; borrowed by them. */
struct generation_maker {
	struct event_base *base;
	struct log *log;
	bool is_foreground;
	const char *hostname;
	/* Of the first configuration: the socket stays as it is. */
	struct milter_options milter;
	struct dns_metrics *dns_metrics;	/* NULL: nobody counts */
	atomic_uint n_ending;	/* writers that are still at it */
};

/* All zero where there is none. */
struct generation_file {
	uint64_t inode, octets;
	int64_t changed_s, changed_ns;
};

struct generation {
	struct milter_context context;
	const struct config *config;
	struct log_settings log;
	struct draft draft;
	/* Shared. */
	struct part *resolver, *throttle, *writer;
	/* Which files the resolver has read: the system's servers, and its
	 * keys. */
	struct generation_file servers_file, anchor_file;
	const struct resolver *cache;	/* dns/cache.h; NULL: none, a zone */
	struct generation *next;	/* the owner's, for a list */
};

/* Out of DRAFT, which it shares, and, where that is not NULL, of what can be
 * had from the one BEFORE, which must not be destroyed yet.  NULL with the
 * problem appended. */
struct generation *generation_create(struct generation_maker *maker,
    const struct draft *draft, const struct generation *before,
    struct strbuf *problem);

/* Whether anybody may still work with it, that was replaced. */
bool generation_is_used(const struct generation *generation);

/* Nobody works with it any more.  A writer that only it had ends in a thread,
 * which n_ending of its maker counts.  Sets *GENERATION to NULL. */
void generation_destroy(struct generation **generation);

/* At the end of the process: what was handed to the writer is written until
 * DEADLINE_MS (monotonic), and its thread has ended.  False where it has not:
 * then nothing may be freed. */
bool generation_stop_writer(struct generation *generation,
    int64_t deadline_ms);

/* The same of those that n_ending counts. */
bool generation_await_writers(const struct generation_maker *maker,
    int64_t deadline_ms);

/* The writer, or NULL. */
struct report_writer *generation_writer(const struct generation *generation);

#endif
