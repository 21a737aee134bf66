/* dns/resolver.h - what an implementation of dns.h provides. */
#ifndef ASSAY_DNS_RESOLVER_H
#define ASSAY_DNS_RESOLVER_H

#include "dns/dns.h"

struct resolver_ops {
	/* As dns_query, but NAME is checked already, in lower case and without
	 * the dot at the end, and the answer is a counted reference that the
	 * caller gives back. */
	const struct dns_answer *(*query)(struct resolver *resolver,
	    struct slice name, enum dns_type type, int64_t deadline_ms);
	void (*prefetch)(struct resolver *resolver, struct slice name,
	    enum dns_type type);
	void (*destroy)(struct resolver *resolver);
};

/* The first member of each implementation's own struct. */
struct resolver {
	const struct resolver_ops *ops;
};

/* Answers are made with malloc, in one block: the struct, the records, the
 * text.  dns_answer_create copies; NULL where memory is out. */
const struct dns_answer *dns_answer_create(const struct dns_answer *model);
const struct dns_answer *dns_answer_retain(const struct dns_answer *answer);
void dns_answer_release(const struct dns_answer *answer);

/* Answers that need no memory, for when there is none; counting them does
 * nothing. */
extern const struct dns_answer dns_answer_no_memory, dns_answer_timeout;

/* NXDOMAIN for a name that cannot be asked; as static as those above. */
extern const struct dns_answer dns_answer_impossible_name;

/* TEMPFAIL, WHY being static text.  Never NULL. */
const struct dns_answer *dns_answer_create_failure(const char *why);

/* A reply as it came over the wire (RFC 1035 4) to the question NAME, TYPE;
 * CNAMEs are followed within it.  TEMPFAIL "malformed" where it is broken.
 * Never NULL. */
const struct dns_answer *dns_answer_from_packet(struct slice packet,
    struct slice name, enum dns_type type, bool secure);

#endif
