/* dns/context.h - libunbound, set up as a mail filter needs it. */
#ifndef ASSAY_DNS_CONTEXT_H
#define ASSAY_DNS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct strbuf;
struct ub_ctx;

struct unbound_options {
	/* Forwarders "ADDRESS" or "ADDRESS@PORT"; none: those of
	 * /etc/resolv.conf; the one word "recursive": from the root. */
	const char *const *servers;
	size_t n_servers;
	unsigned timeout_ms;	/* the most that one question may take */
	unsigned max_in_flight;	/* questions on their way at once */
	bool dnssec;
	/* Keys that answers are validated by, as DS or DNSKEY records in a
	 * master file; NULL: the root's, where the system has it. */
	const char *trust_anchor_file;
};

#define DNS_MAX_IN_FLIGHT_DEFAULT 1024

#define DNS_RESOLV_CONF "/etc/resolv.conf"

#define UNBOUND_OPTIONS_DEFAULT \
	{ .servers = NULL, .n_servers = 0, .timeout_ms = 5000, \
	  .max_in_flight = DNS_MAX_IN_FLIGHT_DEFAULT, .dnssec = false, \
	  .trust_anchor_file = NULL }

/* How many sockets a context takes at most, in a process that may have that
 * many descriptors. */
unsigned dns_context_count_sockets(const struct unbound_options *options,
    uint64_t max_descriptors);

/* A context on BASE that asks whom OPTIONS say; free with ub_ctx_delete.
 * MAX_QUESTIONS: how many will be under way at most.  NULL with the problem
 * appended to PROBLEM. */
struct ub_ctx *dns_context_create(struct event_base *base,
    const struct unbound_options *options, unsigned max_questions,
    struct strbuf *problem);

/* Whether it is the context itself that asks from the root. */
bool dns_context_is_recursive(const struct unbound_options *options);

#endif
