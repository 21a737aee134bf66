/* dns/unbound.h - real DNS, by libunbound on a libevent loop. */
#ifndef ASSAY_DNS_UNBOUND_H
#define ASSAY_DNS_UNBOUND_H

#include "dns/dns.h"

struct event_base;
struct log;
struct strbuf;

struct unbound_options {
	/* Forwarders "ADDRESS" or "ADDRESS@PORT"; none: those of
	 * /etc/resolv.conf; the one word "recursive": from the root. */
	const char *const *servers;
	size_t n_servers;
	unsigned timeout_ms;	/* the most that one question may take */
	bool dnssec;
};

#define UNBOUND_OPTIONS_DEFAULT \
	{ .servers = NULL, .n_servers = 0, .timeout_ms = 5000, .dnssec = false }

/* BASE must have been made with evthread_use_pthreads() on and outlive the
 * resolver; one thread runs it (event_base_loop).  dns_query is for all other
 * threads and blocks them; on the loop's thread it answers TEMPFAIL.  Each
 * question's deadline is the earlier of the caller's and timeout_ms from now.
 * To be created and destroyed on the loop's thread, or while the loop does not
 * run.  On failure NULL, the problem appended to PROBLEM. */
struct resolver *unbound_create(struct event_base *base,
    const struct unbound_options *options, struct log *log,
    struct strbuf *problem);

/* "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53": whether it can be a server. */
bool unbound_check_server(struct slice server);

#endif
