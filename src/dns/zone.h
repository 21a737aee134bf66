/* dns/zone.h - a zone in memory: resolver.zone_file, the test suites, assay
 * verify.  A name that is not there is NXDOMAIN; one above a name that is
 * there is NODATA (RFC 8020).  CNAMEs are followed, wildcards are known
 * (RFC 4592). */
#ifndef ASSAY_DNS_ZONE_H
#define ASSAY_DNS_ZONE_H

#include "dns/dns.h"

struct strbuf;
struct resolver;

/* What to answer where no record of the type asked for is listed. */
enum zone_fault {
	ZONE_FAULT_NONE = 0,
	ZONE_FAULT_SERVFAIL,
	ZONE_FAULT_TIMEOUT,	/* at once: nothing waits here */
};

/* NULL where memory is out.  Free with dns_destroy_resolver. */
struct resolver *zone_create(void);

/* Records of any domains.  NAME and text in the record as dns.h has them.
 * False where the name cannot be or memory is out.  Not after the first
 * query. */
bool zone_add_record(struct resolver *zone, struct slice name,
    enum dns_type type, const struct dns_record *record, uint32_t ttl_s);
bool zone_add_fault(struct resolver *zone, struct slice name,
    enum zone_fault fault);

/* A master file (RFC 1035 5): $ORIGIN, $TTL, parentheses, quoted strings,
 * \DDD, comments, owner left out, class IN.  Types that dns.h does not name
 * make the owner exist and are skipped.  On failure the problem is appended to
 * PROBLEM as "FILE:LINE: what", and the zone holds what came before. */
bool zone_load_file(struct resolver *zone, const char *path,
    struct strbuf *problem);

#endif
