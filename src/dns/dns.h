/* dns/dns.h - the resolver that all modules ask.
 *
 * Implementations: unbound.h (real DNS), cache.h (another one's answers, kept),
 * zone.h (a zone in memory). */
#ifndef ASSAY_DNS_DNS_H
#define ASSAY_DNS_DNS_H

#include "base/slice.h"

struct arena;

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_NOERROR = 0,	/* at least one record of the type asked for */
	DNS_NODATA,		/* the name exists, without such a record */
	DNS_NXDOMAIN,		/* the name does not exist (RFC 8020) */
	DNS_TEMPFAIL,		/* SERVFAIL, timeout, bogus, no memory: why */
};

struct dns_record {
	/* TXT: the character-strings joined, any octets.
	 * TLSA: the RDATA as it is, of whatever length (RFC 6698 2.1).
	 * CNAME, PTR: the name; MX: the exchange.  Lower case, no dot at the
	 * end (the root is empty); a dot within a label and octets that are not
	 * printable are \DDD. */
	struct slice text;
	uint16_t preference;		/* MX */
	unsigned char address[16];	/* A: the first 4; AAAA */
};

/* Immutable and reference-counted. */
struct dns_answer {
	enum dns_status status;
	uint32_t ttl_s;		/* of the answer when it came, negative ones
				 * and failures too; 0: not to be kept */
	bool secure;		/* validated by DNSSEC */
	bool is_alias;		/* a CNAME stands at the name that was asked;
				 * status is that of its target */
	const char *why;	/* static text; TEMPFAIL: "timeout", "SERVFAIL"
				 * and so on; else NULL */
	const struct dns_record *records;
	size_t n_records;
};

/* What a protocol has made of an answer and wants to find again beside it: it
 * stands at the head of the protocol's own struct, immutable from then on, and
 * is destroyed with the answer.  DESTROY tells whose it is; a name may hold
 * what several protocols look for. */
struct dns_attachment {
	void (*destroy)(struct dns_attachment *attachment);
	size_t octets;		/* that it takes in memory, about */
	struct dns_attachment *next;	/* set by dns_attach */
};

/* The one with this DESTROY; NULL where there is none.  ANSWER is a resolver's,
 * as are all that have a record. */
const struct dns_attachment *dns_get_attachment(
    const struct dns_answer *answer,
    void (*destroy)(struct dns_attachment *attachment));

/* Any thread may try; the first with this DESTROY stays.  False where
 * ATTACHMENT has not become the answer's and is still the caller's. */
bool dns_attach(const struct dns_answer *answer,
    struct dns_attachment *attachment);

struct resolver;

/* A deadline: the answer if it is at hand, else TEMPFAIL; nobody is asked. */
#define DNS_AT_HAND_MS INT64_MIN

/* Blocks until there is an answer or DEADLINE_MS (base/clock.h, monotonic) has
 * come.  Never NULL: whatever goes wrong is TEMPFAIL.  The answer stays valid
 * until ARENA is reset.  NAME: labels with dots between, no escapes, any octet
 * else; one dot at its end is dropped.  A name that cannot be asked (an empty
 * label, one over 63 octets, 253 in all) is NXDOMAIN. */
const struct dns_answer *dns_query(struct resolver *resolver,
    struct arena *arena, struct slice name, enum dns_type type,
    int64_t deadline_ms);

/* Say that this question will come, so that its answer is on the way.  Never
 * blocks, has no result. */
void dns_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type);

/* Set *RESOLVER to NULL.  No query may be under way or come later. */
void dns_destroy_resolver(struct resolver **resolver);

/* "A", "MX"... for logs and traces; "NOERROR"... */
const char *dns_type_name(enum dns_type type);
const char *dns_status_name(enum dns_status status);

/* The name under which an address is found (RFC 1035 3.5, RFC 3596 2.5):
 * "5.2.0.192.in-addr.arpa".  Empty where memory is out. */
struct ip_address;
struct slice dns_reverse_name(struct arena *arena,
    const struct ip_address *address);

#endif
