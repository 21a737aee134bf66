/* spf/published.h - the SPF record that an answer holds: taken apart once, and
 * kept beside the answer for as long as that is.
 *
 * A check goes over its records again whenever it runs ahead of the message
 * (check.h), and a record may be as long as a DNS message. */
#ifndef ASSAY_SPF_PUBLISHED_H
#define ASSAY_SPF_PUBLISHED_H

#include "dns/dns.h"
#include "spf/record.h"

struct spf_published_term;

/* Borrows the answer's text. */
struct spf_published {
	struct dns_attachment attachment;
	bool is_valid;
	struct spf_syntax_error error;	/* where it is not */
	struct spf_record record;	/* where it is */
	const struct spf_published_term *terms;	/* its directives */
	const unsigned char *addresses;	/* of "ip4" and "ip6", in order */
};

/* Selecting records (4.5): how many SPF records ANSWER holds.  Where it is one
 * that is *PUBLISHED_OUT, which stays as long as ANSWER is held, or is NULL if
 * memory is out.  Any thread may ask. */
size_t spf_find_published(const struct dns_answer *answer,
    const struct spf_published **published_out);

/* Where one is in a record's directives. */
struct spf_published_cursor {
	const struct spf_published *published;
	size_t n_taken;
	const unsigned char *address;
};

/* At the first, PUBLISHED being valid. */
struct spf_published_cursor spf_published_begin(
    const struct spf_published *published);

/* The next directive; false at the end. */
bool spf_published_take(struct spf_published_cursor *cur,
    struct spf_directive *directive_out);

#endif
