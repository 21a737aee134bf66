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
	/* Whether the question would ask nobody now: its answer is kept or on
	 * its way.  NULL in a resolver that keeps none. */
	bool (*is_known)(struct resolver *resolver, struct slice name,
	    enum dns_type type);
	/* What a cache asks by; NULL in a resolver that has none above it.
	 * Never blocks.  DONE is called once, with CONTEXT and a counted
	 * reference that is DONE's: from within the call, later on the
	 * resolver's own thread, or at the latest within destroy.  NAME is
	 * borrowed for the call.  The question has no deadline but the
	 * resolver's own, since others than the one who asks may come to wait
	 * for it; it is a prefetch while nobody waits. */
	void (*start)(struct resolver *resolver, struct slice name,
	    enum dns_type type, bool is_prefetch,
	    void (*done)(void *context, const struct dns_answer *answer),
	    void *context);
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

/* There was no place among the questions that may be on their way at once.  Who
 * wants to know compares WHY, which is of this one alone. */
extern const struct dns_answer dns_answer_no_place;

/* NXDOMAIN for a name that cannot be asked; as static as those above. */
extern const struct dns_answer dns_answer_impossible_name;

/* TEMPFAIL, WHY being static text.  Never NULL.  The first is for what failed
 * on our side, which says nothing of the name: its TTL is 0, as is that of the
 * static ones above.  The second is for the DNS's own failures, those that may
 * be kept for a moment (RFC 2308 7; at least 1 s, RFC 9520 3.2).  libunbound
 * keeps them for as long by itself: what it gives out of its memory is of the
 * first kind, lest it be kept for the sum of both. */
const struct dns_answer *dns_answer_create_failure(const char *why);
const struct dns_answer *dns_answer_create_dns_failure(const char *why);
#define DNS_FAILURE_TTL_S 5

/* A reply as it came over the wire (RFC 1035 4) to the question NAME, TYPE;
 * CNAMEs are followed within it.  TEMPFAIL "malformed" where it is broken.
 * Never NULL. */
const struct dns_answer *dns_answer_from_packet(struct slice packet,
    struct slice name, enum dns_type type, bool secure);

/* What answers take in memory: of one, without what is attached to it; that of
 * one; and attached to all those that were charged to one account, for as long
 * as they live, in whoever's hands. */
size_t dns_answer_octets(const struct dns_answer *answer);
size_t dns_answer_attached_octets(const struct dns_answer *answer);
struct dns_account;
struct dns_account *dns_account_create(void);	/* NULL: memory is out */
void dns_account_release(struct dns_account *account);
size_t dns_account_octets(const struct dns_account *account);

/* Before anybody else has the answer, and once: later calls do nothing. */
void dns_answer_charge(const struct dns_answer *answer,
    struct dns_account *account);

#endif
