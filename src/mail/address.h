/* mail/address.h - whose message this is: the From field (RFC 5322 3.6.2, 4.4;
 * 6854; 6532; RFC 9989 5.3.1, 11.5).  SMTP's paths are in mail/path.h. */
#ifndef ASSAY_MAIL_ADDRESS_H
#define ASSAY_MAIL_ADDRESS_H

#include "base/slice.h"
#include "mail/path.h"

struct arena;

#define MAIL_MAX_AUTHOR_DOMAINS 4	/* distinct ones looked at */
#define MAIL_MAX_AUTHORS 100		/* addresses in one field */

enum mail_author_status {
	MAIL_AUTHOR_OK = 0,	/* at least one domain */
	MAIL_AUTHOR_ABSENT,	/* no From field; for who reads the header */
	MAIL_AUTHOR_REPEATED,	/* more than one; the same */
	MAIL_AUTHOR_EMPTY,	/* no address: nothing, or an empty group */
	MAIL_AUTHOR_MALFORMED,	/* no address-list, or not for all readers
				 * the same; a domain that is none */
	MAIL_AUTHOR_NO_DOMAIN,	/* an address without one, or a literal */
	MAIL_AUTHOR_TOO_MANY,	/* over a limit above */
	MAIL_AUTHOR_NO_MEMORY,
};

struct mail_authors {
	/* Distinct, normalized (mail/domain.h), in order of appearance. */
	struct slice domains[MAIL_MAX_AUTHOR_DOMAINS];
	size_t n_domains;
	/* The first address as written: for the log, never for a decision. */
	struct slice first_address;
};

/* One field's value, name and colon gone.  *AUTHORS_OUT lives in ARENA and is
 * empty unless OK.  Display names, comments and encoded-words never give an
 * address; "user@domain." loses its dot.  Let pass are unquoted "@", "[...]"
 * and commas in the phrase before an angle address, and any bare word beside an
 * address that has a domain.  What two readers could take for different
 * addresses is MALFORMED. */
enum mail_author_status mail_parse_authors(struct arena *arena,
    struct slice value, struct mail_authors *authors_out);

/* One sentence for people: "the message has no From field". */
const char *mail_author_status_text(enum mail_author_status status);

#endif
