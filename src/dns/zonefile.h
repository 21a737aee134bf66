/* dns/zonefile.h - the master file format (RFC 1035 5), entry by entry. */
#ifndef ASSAY_DNS_ZONEFILE_H
#define ASSAY_DNS_ZONEFILE_H

#include "dns/dns.h"
#include "dns/name.h"

struct zonefile;

struct zonefile_entry {
	struct dns_name owner;
	bool is_skipped;	/* a type dns.h has not: the rest is unset */
	enum dns_type type;
	uint32_t ttl_s;
	struct dns_record record;	/* text: until the next call */
};

enum zonefile_step {
	ZONEFILE_ENTRY,
	ZONEFILE_END,
	ZONEFILE_MALFORMED,	/* zonefile_problem says what; no way on */
};

/* Borrows TEXT.  Names that are not absolute are below the root until $ORIGIN
 * says otherwise, and the default TTL is 300 until $TTL does.  NULL where
 * memory is out. */
struct zonefile *zonefile_open(struct slice text);
enum zonefile_step zonefile_next(struct zonefile *file,
    struct zonefile_entry *entry_out);
void zonefile_close(struct zonefile **file);

/* Static text, and the line in which the reader stands, from 1. */
const char *zonefile_problem(const struct zonefile *file);
unsigned zonefile_line(const struct zonefile *file);

#endif
