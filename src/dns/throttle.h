/* dns/throttle.h - how many DNS questions one client network may have us ask
 * others, in all its sessions together.  What is answered from memory is none
 * of them (budget.c).
 *
 * Each network (/24 of IPv4, /48 of IPv6) has a token bucket.  There is room
 * for a fixed number of them; where it is full the network that is owed most is
 * forgotten, which gives it no more than a full bucket. */
#ifndef ASSAY_DNS_THROTTLE_H
#define ASSAY_DNS_THROTTLE_H

#include "base/ip.h"

struct throttle;

struct throttle_options {
	unsigned per_second;	/* 0: no limit */
	unsigned burst;		/* of a network that has been silent */
};

/* A message asks 4 to 12 questions, of which a busy network's mail finds nearly
 * all in the cache: this is for the 40 to 125 messages a second whose domains
 * nobody has heard of, and for a cache that is empty; and for no flood. */
#define THROTTLE_OPTIONS_DEFAULT { .per_second = 500, .burst = 5000 }

/* NULL where memory is out. */
struct throttle *throttle_create(const struct throttle_options *options);
void throttle_destroy(struct throttle **throttle);

/* Whether CLIENT's network may ask one more question; it is counted then.  One
 * that is only to be PREFETCHed leaves half a bucket for those that are needed.
 * NOW_MS is of the monotonic clock.  Any thread may call. */
bool throttle_take(struct throttle *throttle, const struct ip_address *client,
    bool is_prefetch, int64_t now_ms);

#endif
