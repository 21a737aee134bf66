/* dns/unbound.h - real DNS, by libunbound on a libevent loop. */
#ifndef ASSAY_DNS_UNBOUND_H
#define ASSAY_DNS_UNBOUND_H

#include "dns/context.h"
#include "dns/dns.h"

struct dns_metrics;
struct log;

/* BASE must have been made with evthread_use_pthreads() on and outlive the
 * resolver; one thread runs it (event_base_loop).  dns_query is for all other
 * threads and blocks them; on the loop's thread it answers TEMPFAIL.  Each
 * question's deadline is the earlier of the caller's and timeout_ms from now.
 * To be created and destroyed on the loop's thread, or while the loop does not
 * run.  On failure NULL, the problem appended to PROBLEM. */
struct resolver *unbound_create(struct event_base *base,
    const struct unbound_options *options, struct log *log,
    struct strbuf *problem);

/* Count there (dns/metrics.h), which is borrowed; before the first question.
 * Several resolvers of one loop may count into one. */
void unbound_set_metrics(struct resolver *unbound,
    struct dns_metrics *metrics);

#endif
