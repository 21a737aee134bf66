/* report/failure.h - failure reports (RFC 9991, in the form of RFC 6591): which
 * message is owed one, and what is kept of it until it is sent.
 *
 * What is kept is redacted: addresses with hashed local parts, no names beside
 * them, no body, the subject only where the operator wants that told. */
#ifndef ASSAY_REPORT_FAILURE_H
#define ASSAY_REPORT_FAILURE_H

#include <stdatomic.h>

#include "base/slice.h"

struct arena;
struct inspect_results;
struct policy_verdict;
struct report_options;
struct siphash_key;
struct store_failure;

/* Octets kept of one message, header included; more fields are left out. */
#define FAILURE_MAX_OCTETS ((size_t)48 * 1024)
#define FAILURE_MAX_HEADER ((size_t)32 * 1024)

/* Like a limit of the whole process: more than these in a second are not made
 * at all, so that a flood of failing mail costs nothing. */
#define FAILURE_MAX_PER_SECOND 20

/* That wait in a store; what comes then is dropped.  A run takes all of them
 * away, every few minutes: so many are there only if nothing runs, and each is
 * as long as a sender likes. */
#define FAILURE_MAX_WAITING 10000

/* Zeroed is right at the start; any thread may use it. */
struct report_failure_gate {
	atomic_llong second;
	atomic_uint n;			/* in that second */
	atomic_ullong n_dropped;	/* in all */
};

/* All borrowed.  RESULTS are those of inspect_finish. */
struct report_failure_request {
	const struct report_options *options;
	const struct inspect_results *results;
	const struct policy_verdict *verdict;
	struct slice authserv_id;
	const struct siphash_key *key;	/* of the redaction; NULL: not known
					 * yet, none is made */
	struct report_failure_gate *gate;
};

/* Whether the Domain Owner has asked for a report on this message (RFC 9989
 * 4.7, fo=), and it is one to report on: evaluated to pass or fail, with a
 * sender, no report itself.  fo=d and fo=s count as the wish for a report of
 * DMARC where a signature or SPF failed. */
bool report_owes_failure(const struct report_failure_request *request);

/* Where one is owed and the gate is open: octets for report_write, in ARENA.
 * False: there is nothing to write. */
bool report_gather_failure(const struct report_failure_request *request,
    struct arena *arena, struct slice *octets_out);

/* OUT borrows OCTETS; its id and time_s are 0, its incidents 1.  False where
 * OCTETS are none of the above's. */
bool report_decode_failure(struct slice octets, struct store_failure *out);

#endif
