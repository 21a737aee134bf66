/* dns/metrics.h - what the DNS was asked and how it answered: counted on the
 * resolver's thread, read by any, in memory that processes may share. */
#ifndef ASSAY_DNS_METRICS_H
#define ASSAY_DNS_METRICS_H

#include "base/histogram.h"
#include "dns/dns.h"

#define DNS_N_STATUSES 4	/* of enum dns_status */

/* Zones that are kept in mind for being slow: a question that took longer than
 * this has its zone join, which takes the place of that on which least such
 * time was spent lately. */
#define DNS_SLOW_US 100000
#define DNS_N_SLOW_ZONES 32
#define DNS_SLOW_ZONE_NAME_MAX 63	/* octets; cut in front */

/* Written by one thread.  A reader takes VERSION before and after: where both
 * are the same even number, what stood between is whole. */
struct dns_slow_zone {
	atomic_uint version;
	char name[DNS_SLOW_ZONE_NAME_MAX + 1];	/* escaped; "": a free place */
	/* Since it joined; of questions that went out. */
	uint64_t n_questions, n_failures;
	uint64_t sum_us, max_us;
	uint64_t slow_us;	/* of slow ones; halved every hour */
};

/* Zeroed is right at the start.  A question that went out is one that
 * libunbound did not answer from its memory. */
struct dns_metrics {
	atomic_ullong answers[DNS_N_STATUSES];	/* to questions that went out */
	atomic_ullong n_timeouts;	/* of them, with TEMPFAIL */
	struct histogram time;		/* of questions that went out */
	struct histogram wait;		/* of sessions, for an answer */
	atomic_uint n_in_flight;
	struct dns_slow_zone slow_zones[DNS_N_SLOW_ZONES];
	atomic_llong halved_ms;		/* slow_us were, last; monotonic */
};

/* A process begins to count here, where another one may have left off: nothing
 * is in flight.  Once, before there is a resolver. */
void dns_begin_metrics(struct dns_metrics *metrics);

/* A question that went out has its answer after US, or none in time.  NAME is
 * as dns_name_print has it; NOW_MS monotonic.  The resolver's thread. */
void dns_count_answer(struct dns_metrics *metrics, struct slice name,
    enum dns_status status, bool has_timed_out, uint64_t us, int64_t now_ms);

/* The zone that NAME is taken to be of: "example.org" for
 * "selector._domainkey.mail.example.org".  Borrows NAME.  A guess: no public
 * suffix list is asked. */
struct slice dns_guess_zone(struct slice name);

#endif
