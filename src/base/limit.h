/* base/limit.h - the limits that keep one sender's mail from taking all we
 * have, by name, and how often each was hit. */
#ifndef ASSAY_BASE_LIMIT_H
#define ASSAY_BASE_LIMIT_H

#include <stdatomic.h>

#include "base/slice.h"

struct strbuf;

enum limit {
	LIMIT_HEADER_OCTETS = 0,
	LIMIT_HEADER_FIELDS,
	LIMIT_MESSAGE_MEMORY,
	LIMIT_RECIPIENTS,	/* remembered for rules */
	LIMIT_FORGED_FIELDS,	/* that can be removed */
	LIMIT_SIGNATURES,	/* tried */
	LIMIT_ARC_SETS,
	LIMIT_KEY_SIZE,		/* bits of a key or its exponent */
	LIMIT_ANSWER_OCTETS,	/* of one DNS answer */
	LIMIT_ANSWER_RECORDS,
	LIMIT_QUESTIONS,	/* of one message */
	LIMIT_NETWORK_QUESTIONS,	/* of one client network */
	LIMIT_MAIL_TIME,
	LIMIT_MESSAGE_TIME,
	/* Of the process: what all senders take together. */
	LIMIT_SESSIONS,
	LIMIT_MEMORY,
	LIMIT_DNS_IN_FLIGHT,
};

#define LIMIT_COUNT 17

/* A set of limits is an unsigned with these bits. */
static inline unsigned
limit_bit(enum limit limit)
{
	return 1U << limit;
}

/* "header_octets" and so on. */
const char *limit_name(enum limit limit);

/* Append the names of a set, with commas between. */
void limit_append_names(struct strbuf *text, unsigned limits);

/* How many messages have hit each.  Zeroed is right at the start; any thread
 * may count. */
struct limit_counters {
	atomic_ullong hits[LIMIT_COUNT];
};

void limit_count(struct limit_counters *counters, unsigned limits);

/* " header_octets=2 questions=1": those that were hit. */
void limit_append_counters(struct strbuf *text,
    struct limit_counters *counters);

#endif
