/* mail/domain.h - domain names in mail (RFC 5321 4.1.2, RFC 5890). */
#ifndef ASSAY_MAIL_DOMAIN_H
#define ASSAY_MAIL_DOMAIN_H

#include "base/slice.h"

struct arena;

#define DOMAIN_MAX_OCTETS 253	/* as text, without the root's dot */
#define DOMAIN_MAX_LABEL 63

/* The name as it is compared and looked up: A-labels (UTS 46 mapping, IDNA2008,
 * not transitional), lower case, no dot at the end (one is dropped).  False
 * where NAME is no domain name: empty, an empty label, a label or name too
 * long, an octet that no host name has (letters, digits, hyphen, underscore),
 * bad UTF-8, a label IDNA forbids, an address literal; or the arena is full
 * (arena_has_failed).  ASCII names are not judged by IDNA. */
bool domain_normalize(struct arena *arena, struct slice name,
    struct slice *domain_out);

/* The rest of these want normalized names. */

size_t domain_count_labels(struct slice domain);

/* The last N labels; the whole name where it has fewer. */
struct slice domain_last_labels(struct slice domain, size_t n);

/* Whether DOMAIN is PARENT or below it. */
bool domain_is_within(struct slice domain, struct slice parent);

#endif
