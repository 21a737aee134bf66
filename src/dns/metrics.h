/* dns/metrics.h - what the DNS was asked and how it answered: counted on the
 * resolver's thread, read by any, in memory that processes may share. */
#ifndef ASSAY_DNS_METRICS_H
#define ASSAY_DNS_METRICS_H

#include "base/histogram.h"

#define DNS_N_STATUSES 4	/* of enum dns_status */

/* Zones that are kept in mind for being slow: one that joins takes the place of
 * that on which least time was spent. */
#define DNS_N_SLOW_ZONES 32
#define DNS_SLOW_ZONE_NAME_MAX 63	/* octets; what is longer is cut in front */

/* Written by one thread.  A reader takes VERSION before and after: where both
 * are the same even number, what stood between is whole. */
struct dns_slow_zone {
	atomic_uint version;
	char name[DNS_SLOW_ZONE_NAME_MAX + 1];	/* escaped; "": a free place */
	uint64_t n_questions, n_failures;
	uint64_t sum_us, max_us;
};

/* Zeroed is right at the start. */
struct dns_metrics {
	atomic_ullong answers[DNS_N_STATUSES];	/* to questions that went out */
	atomic_ullong n_timeouts;	/* of them, with TEMPFAIL */
	struct histogram time;		/* of questions that went out */
	struct histogram wait;		/* of sessions, for an answer */
	atomic_uint n_in_flight;
	struct dns_slow_zone slow_zones[DNS_N_SLOW_ZONES];
};

#endif
