/* dns/name.h - a domain name as it goes over the wire (RFC 1035 3.1): labels
 * with their lengths before them, in lower case, the root's empty label last.
 * Only so are names compared; text is for input and output. */
#ifndef ASSAY_DNS_NAME_H
#define ASSAY_DNS_NAME_H

#include "base/slice.h"

#define DNS_LABEL_MAX 63	/* octets (RFC 1035 2.3.4) */
#define DNS_NAME_MAX 255	/* on the wire, the root's label included */
#define DNS_NAME_TEXT_MAX 253	/* the same without escapes and final dot */
#define DNS_NAME_ESCAPED_MAX (4 * DNS_NAME_MAX)

struct dns_name {
	unsigned char wire[DNS_NAME_MAX];
	size_t len;		/* 1 for the root */
};

/* dns.h's form for questions: no escapes, any octet but the dot within a
 * label, one dot at the end dropped.  False for a name that cannot be; the
 * root is none to ask about. */
bool dns_name_parse(struct slice text, struct dns_name *name_out);

/* The form of master files and of names in records: \DDD and \X are escapes
 * (RFC 1035 5.1).  A name without a dot at its end has ORIGIN appended where
 * that is not NULL, else the root.  "." is the root. */
bool dns_name_parse_escaped(struct slice text, const struct dns_name *origin,
    struct dns_name *name_out);

/* What stands behind a backslash: three digits for an octet, or another octet
 * for itself. */
struct cursor;
bool dns_name_take_escaped(struct cursor *cur, char *c_out);

/* Read the name at *POS of PACKET, following compression (RFC 1035 4.1.4), and
 * move *POS behind it.  False where it is broken; *POS is undefined then. */
bool dns_name_unpack(struct slice packet, size_t *pos,
    struct dns_name *name_out);

/* "*" under the name SUFFIX, given as its wire form. */
bool dns_name_make_wildcard(struct slice suffix, struct dns_name *name_out);

/* The wire form, borrowed; a suffix of it at a label is a name, too. */
struct slice dns_name_slice(const struct dns_name *name);
bool dns_name_eq(const struct dns_name *a, const struct dns_name *b);

/* The name above the wire form NAME, which is not the root. */
struct slice dns_name_parent(struct slice name);

/* Whether the wire form NAME is ZONE or below it. */
bool dns_name_is_within(struct slice name, struct slice zone);

/* As dns.h has names in records: no dot at the end, the root empty, and \DDD
 * for a dot within a label, the backslash and what is not visible ASCII.
 * Returns the length; no NUL. */
size_t dns_name_print(const struct dns_name *name,
    char text_out[DNS_NAME_ESCAPED_MAX]);

#endif
