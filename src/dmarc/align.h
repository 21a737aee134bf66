/* dmarc/align.h - Identifier Alignment (RFC 9989 3.2.10, 4.4, 4.10.2). */
#ifndef ASSAY_DMARC_ALIGN_H
#define ASSAY_DMARC_ALIGN_H

#include "dmarc/identifier.h"
#include "dmarc/record.h"

struct dmarc_finder;
struct dmarc_lookup;

/* Identifiers whose own Organizational Domain is looked for, of one message;
 * any beyond that which differ from the Author Domain are not aligned. */
#define DMARC_MAX_IDENTIFIER_WALKS 16

/* One message's authenticated identifiers. */
struct dmarc_identifiers {
	const struct dmarc_identifier *items;	/* borrowed */
	size_t n;
	size_t n_walks;		/* of DMARC_MAX_IDENTIFIER_WALKS */
};

struct dmarc_alignment {
	/* Aligned and passed: the first such identifier, or NULL. */
	const struct dmarc_identifier *spf, *dkim;
	/* To be looked at where both are NULL: one that is aligned, but not
	 * known to have passed, or that passed and whose alignment hangs on a
	 * lookup that failed for now; else NULL. */
	const struct dmarc_identifier *open;
	const struct dmarc_lookup *failed;	/* that lookup, or NULL */
};

/* Looks at the identifiers in the light of RECORD, which applies to AUTHOR; no
 * walk is made that cannot change the answer.  Blocks on DNS. */
void dmarc_align(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    const struct dmarc_record *record, struct dmarc_alignment *alignment_out);

#endif
