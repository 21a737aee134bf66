/* dns/cache.h - a resolver that keeps another one's answers, for all threads.
 *
 * Kept are answers for their TTL, at most a day, negative ones at most 15
 * minutes (RFC 2308 5), and the DNS's own failures for 5 s; never what has a
 * TTL of 0: our own failures and what its owner wants asked anew.
 *
 * Equal questions that come while one is on its way wait for its answer, each
 * until its own deadline.  The question itself has none but the resolver's own:
 * whoever gives up leaves it to the others, and its answer to whoever comes
 * later. */
#ifndef ASSAY_DNS_CACHE_H
#define ASSAY_DNS_CACHE_H

#include "base/clock.h"
#include "dns/dns.h"

#define CACHE_MAX_TTL_S 86400
#define CACHE_MAX_NEGATIVE_TTL_S 900

struct cache_options {
	unsigned megabytes;	/* of memory for all that is kept, from 1 */
	int64_t (*now_ms)(void);	/* of TTLs; as clock_monotonic_ms */
	/* No caller waits longer for one question, so that a resolver that
	 * stands still costs no more than one that does not answer; 0: until
	 * the caller's deadline. */
	unsigned patience_ms;
};

/* What a caller waits beyond the resolver's own time-out, which is to be the
 * first to end a question. */
#define CACHE_GRACE_MS 1000

#define CACHE_OPTIONS_DEFAULT \
	{ .megabytes = 16, .now_ms = clock_monotonic_ms }

struct dns_metrics;

struct cache_counters {
	uint64_t n_hits;	/* answered from memory */
	uint64_t n_misses;	/* asked */
	uint64_t n_merged;	/* waited for what was on its way */
	uint64_t n_prefetches;	/* asked before anybody waits */
	uint64_t n_evictions;	/* dropped for want of room */
	size_t n_entries, octets;	/* kept now */
};

/* Owns INNER from then on, which must have "start".  NULL where memory or
 * randomness is out: then INNER is still the caller's. */
struct resolver *cache_create(struct resolver *inner,
    const struct cache_options *options);

/* Count there how long callers wait (dns/metrics.h); borrowed; before the first
 * question. */
void cache_set_metrics(struct resolver *cache, struct dns_metrics *metrics);

/* Takes no lock; CACHE must be one. */
void cache_read_counters(const struct resolver *cache,
    struct cache_counters *counters_out);

#endif
