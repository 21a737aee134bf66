/* dns/budget.h - a resolver that asks another one, within limits: what one
 * message may cost. */
#ifndef ASSAY_DNS_BUDGET_H
#define ASSAY_DNS_BUDGET_H

#include "base/ip.h"

struct arena;
struct resolver;
struct throttle;

/* Cached answers count among the questions of a message, for each is work for
 * us too, and a message that is refused is refused whatever others have asked
 * before it. */
struct budget_options {
	unsigned max_questions;	/* different ones; asked again they are free */
	size_t max_answer_octets;	/* of text in one answer */
	size_t max_answer_records;
};

#define BUDGET_OPTIONS_DEFAULT { .max_questions = 200, \
	.max_answer_octets = 32768, .max_answer_records = 500 }

/* Lives in ARENA and borrows INNER and the options; one thread at a time.
 * THROTTLE, which may be NULL, is for CLIENT's network, and counts only what
 * INNER has to ask others: neither what it keeps nor what is on its way.  A
 * question beyond a limit is TEMPFAIL, as is an answer.  Half of the questions
 * may be spent on prefetches, so that none of them is why a needed one is
 * refused: what is beyond is not prefetched.  NULL where memory is out. */
struct resolver *budget_create(struct arena *arena, struct resolver *inner,
    const struct budget_options *options, struct throttle *throttle,
    const struct ip_address *client);

/* The limits that were hit (base/limit.h); prefetches hit none. */
unsigned budget_limits_hit(const struct resolver *budget);

#endif
