/* cli/dane.h - what DANE says of a domain's mail hosts (RFC 7672): TLSA records
 * at _25._tcp.<host>, which count where DNSSEC vouches for all of the way
 * there.  Without resolver.dnssec nothing is secure, and nothing counts. */
#ifndef ASSAY_CLI_DANE_H
#define ASSAY_CLI_DANE_H

#include "base/slice.h"

struct arena;
struct dns_answer;
struct resolver;

enum dane_state {
	DANE_ABSENT = 0,	/* no records, or its addresses are not secure,
				 * so that nobody looks for any (2.2.2) */
	DANE_INSECURE,		/* records that nobody vouches for */
	DANE_FAILED,		/* DNS gives no answer: the host is not to be
				 * delivered to (2.1.1) */
	DANE_UNUSABLE,		/* secure, but of no kind for SMTP (3.1.3): TLS
				 * without a look at the certificate */
	DANE_USABLE,
};

struct dane_host {
	struct slice name;
	bool has_secure_address;
	bool is_unreachable;	/* DNS does not tell its addresses */
	enum dane_state state;
	const struct dns_answer *tlsa;	/* NULL: was not asked for */
};

/* One host.  Blocks until DEADLINE_MS; answers live in ARENA.  *TTL_S is
 * lowered to that of what was found. */
void dane_look(struct resolver *resolver, struct arena *arena,
    struct slice host, int64_t deadline_ms, struct dane_host *host_out,
    uint32_t *ttl_s);

/* The question itself, whoever vouches for what. */
const struct dns_answer *dane_ask(struct resolver *resolver,
    struct arena *arena, struct slice host, int64_t deadline_ms);

/* Whether a TLSA record, as dns.h has it, is of a kind for SMTP. */
bool dane_is_usable(struct slice rdata);

/* A domain's hosts together. */
enum dane_coverage {
	DANE_COVERS_NONE = 0,
	DANE_COVERS_UNUSABLY,	/* secure records, none of which is usable */
	DANE_COVERS_SOME,	/* hosts, not all */
	DANE_COVERS_ALL,
};

/* For where DOMAIN's MX records lead, or its own host where it has none.  False
 * where DNS fails before anything is known: what was known before holds. */
bool dane_find(struct resolver *resolver, struct arena *arena,
    struct slice domain, int64_t deadline_ms,
    enum dane_coverage *coverage_out, uint32_t *ttl_s);

/* "none", "some"... */
const char *dane_coverage_name(enum dane_coverage coverage);

#endif
