/* dmarc/align.c - see align.h. */
#include "dmarc/align.h"

#include "dmarc/check.h"
#include "dmarc/walk.h"
#include "mail/domain.h"

enum aligned {
	ALIGNED_NO,
	ALIGNED_YES,
	ALIGNED_UNKNOWN,	/* a lookup failed for now */
};

/* The identifier's Organizational Domain; NULL where too many were asked for. */
static const struct dmarc_org *
find_identifier_org(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice domain)
{
	const struct dmarc_org *org = dmarc_get_org(finder, domain);

	if (org != NULL)
		return org;
	if (identifiers->n_walks == DMARC_MAX_IDENTIFIER_WALKS)
		return NULL;
	identifiers->n_walks++;
	return dmarc_find_org(finder, domain);
}

static bool
have_common_top(struct slice a, struct slice b)
{
	return slice_eq(domain_last_labels(a, 1), domain_last_labels(b, 1));
}

/* Each side's Organizational Domain is that domain or above it, so a domain
 * that is not within the other's cannot share it.  *FAILED_OUT is set where the
 * answer is ALIGNED_UNKNOWN. */
static enum aligned
align_relaxed(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    struct slice identifier, const struct dmarc_lookup **failed_out)
{
	const struct dmarc_org *author_org, *identifier_org;

	if (!have_common_top(author, identifier))
		return ALIGNED_NO;
	author_org = dmarc_find_org(finder, author);
	if (author_org->failed == NULL &&
	    !domain_is_within(identifier, author_org->name))
		return ALIGNED_NO;
	identifier_org = find_identifier_org(finder, identifiers, identifier);
	if (identifier_org == NULL)
		return ALIGNED_NO;
	if (identifier_org->failed == NULL &&
	    !domain_is_within(author, identifier_org->name))
		return ALIGNED_NO;
	*failed_out = author_org->failed != NULL ? author_org->failed :
	    identifier_org->failed;
	if (*failed_out != NULL)
		return ALIGNED_UNKNOWN;
	return slice_eq(author_org->name, identifier_org->name) ?
	    ALIGNED_YES : ALIGNED_NO;
}

static enum aligned
align_identifier(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    const struct dmarc_record *record,
    const struct dmarc_identifier *identifier,
    const struct dmarc_lookup **failed_out)
{
	bool is_strict = identifier->is_dkim ? record->is_dkim_strict :
	    record->is_spf_strict;

	*failed_out = NULL;
	if (slice_eq(identifier->domain, author))
		return ALIGNED_YES;
	if (is_strict || identifier->domain.len == 0)
		return ALIGNED_NO;
	return align_relaxed(finder, identifiers, author, identifier->domain,
	    failed_out);
}

/* Equal ones need no walk and come first. */
static void
find_equal(const struct dmarc_identifiers *identifiers, struct slice author,
    struct dmarc_alignment *alignment)
{
	for (size_t i = 0; i < identifiers->n; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];
		const struct dmarc_identifier **slot = identifier->is_dkim ?
		    &alignment->dkim : &alignment->spf;

		if (*slot == NULL && !identifier->is_temperror &&
		    slice_eq(identifier->domain, author))
			*slot = identifier;
	}
}

/* Those that passed (or those that may have), of mechanisms that have no aligned
 * pass yet: reports want to know it of both. */
static void
find_aligned(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    const struct dmarc_record *record, bool is_temperror,
    struct dmarc_alignment *alignment)
{
	for (size_t i = 0; i < identifiers->n; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];
		const struct dmarc_identifier **slot = identifier->is_dkim ?
		    &alignment->dkim : &alignment->spf;
		const struct dmarc_lookup *failed;
		enum aligned aligned;

		if (*slot != NULL || identifier->is_temperror != is_temperror)
			continue;
		aligned = align_identifier(finder, identifiers, author, record,
		    identifier, &failed);
		if (aligned == ALIGNED_NO)
			continue;
		if (aligned == ALIGNED_YES && !is_temperror) {
			*slot = identifier;
		} else if (alignment->open == NULL) {
			alignment->open = identifier;
			alignment->failed = failed;
		}
	}
}

void
dmarc_align(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    const struct dmarc_record *record, struct dmarc_alignment *alignment_out)
{
	*alignment_out = (struct dmarc_alignment){ .spf = NULL };
	find_equal(identifiers, author, alignment_out);
	find_aligned(finder, identifiers, author, record, false,
	    alignment_out);
	if (alignment_out->spf != NULL || alignment_out->dkim != NULL) {
		alignment_out->open = NULL;
		alignment_out->failed = NULL;
		return;
	}
	find_aligned(finder, identifiers, author, record, true,
	    alignment_out);
}
