/* dmarc/align.c - see align.h. */
#include "dmarc/align.h"

#include "base/trace.h"
#include "dmarc/walk.h"
#include "mail/domain.h"

enum aligned {
	ALIGNED_NO,
	ALIGNED_YES,
	ALIGNED_UNKNOWN,	/* a lookup failed for now */
};

/* One call of dmarc_align. */
struct aligner {
	struct dmarc_finder *finder;
	struct dmarc_identifiers *identifiers;
	struct slice author;
	const struct dmarc_record *record;
	struct dmarc_alignment *alignment;
};

/* The identifier's Organizational Domain; NULL beyond what is asked for. */
static const struct dmarc_org *
find_identifier_org(struct aligner *aligner, struct slice domain)
{
	const struct dmarc_org *org = dmarc_get_org(aligner->finder, domain);

	if (org != NULL)
		return org;
	if (aligner->identifiers->n_walks == DMARC_MAX_IDENTIFIER_WALKS)
		return NULL;
	aligner->identifiers->n_walks++;
	return dmarc_find_org(aligner->finder, domain);
}

/* Each side's Organizational Domain is that side or above it: a domain that is
 * not within the other's cannot share it, whatever a walk would find. */
static bool
may_share_org(struct aligner *aligner, struct slice domain)
{
	const struct dmarc_org *org;

	if (!slice_eq(domain_last_labels(aligner->author, 1),
	    domain_last_labels(domain, 1)))
		return false;
	org = dmarc_find_org(aligner->finder, aligner->author);
	return org->failed != NULL || domain_is_within(domain, org->name);
}

/* *FAILED_OUT is set where the answer is ALIGNED_UNKNOWN. */
static enum aligned
compare_orgs(struct aligner *aligner, struct slice domain,
    const struct dmarc_lookup **failed_out)
{
	const struct dmarc_org *author, *identifier;

	author = dmarc_find_org(aligner->finder, aligner->author);
	identifier = find_identifier_org(aligner, domain);
	if (identifier == NULL || (identifier->failed == NULL &&
	    !domain_is_within(aligner->author, identifier->name)))
		return ALIGNED_NO;
	*failed_out = author->failed != NULL ? author->failed :
	    identifier->failed;
	if (*failed_out != NULL)
		return ALIGNED_UNKNOWN;
	return slice_eq(author->name, identifier->name) ? ALIGNED_YES :
	    ALIGNED_NO;
}

static bool
is_equal(const struct aligner *aligner,
    const struct dmarc_identifier *identifier)
{
	return slice_eq(identifier->domain, aligner->author);
}

static bool
is_strict(const struct aligner *aligner,
    const struct dmarc_identifier *identifier)
{
	return identifier->is_dkim ? aligner->record->is_dkim_strict :
	    aligner->record->is_spf_strict;
}

/* Whether the two Organizational Domains decide. */
static bool
needs_orgs(struct aligner *aligner, const struct dmarc_identifier *identifier)
{
	return !is_strict(aligner, identifier) &&
	    !is_equal(aligner, identifier) && identifier->domain.len > 0 &&
	    may_share_org(aligner, identifier->domain);
}

/* NULL where the two organizational domains say it. */
static const char *
explain_answer(const struct aligner *aligner,
    const struct dmarc_identifier *identifier, bool is_org_known)
{
	if (is_equal(aligner, identifier))
		return "it is the author domain";
	if (is_strict(aligner, identifier))
		return "it is not the author domain itself";
	return is_org_known ? NULL : "it cannot share the author domain's";
}

static void
trace_alignment(const struct aligner *aligner,
    const struct dmarc_identifier *identifier, enum aligned answer)
{
	static const char *const outcomes[] = {
		[ALIGNED_NO] = "not aligned",
		[ALIGNED_YES] = "aligned",
		[ALIGNED_UNKNOWN] = "not known",
	};
	const struct dmarc_org *ours = dmarc_get_org(aligner->finder,
	    aligner->author);
	const struct dmarc_org *theirs = dmarc_get_org(aligner->finder,
	    identifier->domain);
	struct trace *trace = aligner->finder->trace;

	trace_open(trace, identifier->is_dkim ? "dkim identifier" :
	    "spf identifier", identifier->domain);
	trace_add(trace, "mode", is_strict(aligner, identifier) ?
	    SLICE("strict: the same domain") :
	    SLICE("relaxed: the same organizational domain"));
	if (ours != NULL)
		trace_add(trace, "author's organizational domain", ours->name);
	if (theirs != NULL)
		trace_add(trace, "its organizational domain", theirs->name);
	trace_close(trace, outcomes[answer], slice_from_cstr(
	    explain_answer(aligner, identifier, theirs != NULL)));
}

static enum aligned
align(struct aligner *aligner, const struct dmarc_identifier *identifier,
    const struct dmarc_lookup **failed_out)
{
	enum aligned answer = ALIGNED_NO;

	*failed_out = NULL;
	if (is_equal(aligner, identifier))
		answer = ALIGNED_YES;
	else if (needs_orgs(aligner, identifier))
		answer = compare_orgs(aligner, identifier->domain, failed_out);
	if (aligner->finder->trace != NULL)
		trace_alignment(aligner, identifier, answer);
	return answer;
}

/* Where the aligned pass of the identifier's mechanism is kept. */
static const struct dmarc_identifier **
slot_of(const struct aligner *aligner,
    const struct dmarc_identifier *identifier)
{
	return identifier->is_dkim ? &aligner->alignment->dkim :
	    &aligner->alignment->spf;
}

static bool
has_pass(const struct aligner *aligner)
{
	return aligner->alignment->spf != NULL ||
	    aligner->alignment->dkim != NULL;
}

/* Walks that come one after the other, each waiting for a slow server, would
 * hold the client for long: all their questions are asked at once. */
static void
prefetch_orgs(struct aligner *aligner, bool is_temperror)
{
	const struct dmarc_identifiers *identifiers = aligner->identifiers;
	size_t n = identifiers->n_walks;

	for (size_t i = 0; i < identifiers->n &&
	    n < DMARC_MAX_IDENTIFIER_WALKS; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];

		if (identifier->is_temperror != is_temperror ||
		    *slot_of(aligner, identifier) != NULL ||
		    !needs_orgs(aligner, identifier))
			continue;
		dmarc_prefetch_org(aligner->finder, identifier->domain);
		n++;
	}
}

/* Equal domains need no walk and come first. */
static void
find_equal(struct aligner *aligner)
{
	const struct dmarc_identifiers *identifiers = aligner->identifiers;

	for (size_t i = 0; i < identifiers->n; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];

		if (!identifier->is_temperror &&
		    is_equal(aligner, identifier) &&
		    *slot_of(aligner, identifier) == NULL) {
			*slot_of(aligner, identifier) = identifier;
			if (aligner->finder->trace != NULL)
				trace_alignment(aligner, identifier,
				    ALIGNED_YES);
		}
	}
}

static void
note_open(struct aligner *aligner, const struct dmarc_identifier *identifier,
    const struct dmarc_lookup *failed)
{
	if (aligner->alignment->open != NULL)
		return;
	aligner->alignment->open = identifier;
	aligner->alignment->failed = failed;
}

/* Of each mechanism that has no aligned pass yet: reports want to know it of
 * both. */
static void
find_passes(struct aligner *aligner)
{
	const struct dmarc_identifiers *identifiers = aligner->identifiers;

	prefetch_orgs(aligner, false);
	for (size_t i = 0; i < identifiers->n; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];
		const struct dmarc_lookup *failed;

		if (identifier->is_temperror ||
		    *slot_of(aligner, identifier) != NULL)
			continue;
		switch (align(aligner, identifier, &failed)) {
		case ALIGNED_NO:
			break;
		case ALIGNED_YES:
			*slot_of(aligner, identifier) = identifier;
			break;
		case ALIGNED_UNKNOWN:
			note_open(aligner, identifier, failed);
			break;
		}
	}
}

/* An identifier that might have passed leaves the outcome open, if it is
 * aligned or might be; the first will do. */
static void
find_possible_pass(struct aligner *aligner)
{
	const struct dmarc_identifiers *identifiers = aligner->identifiers;

	prefetch_orgs(aligner, true);
	for (size_t i = 0; i < identifiers->n &&
	    aligner->alignment->open == NULL; i++) {
		const struct dmarc_identifier *identifier =
		    &identifiers->items[i];
		const struct dmarc_lookup *failed;

		if (identifier->is_temperror &&
		    align(aligner, identifier, &failed) != ALIGNED_NO)
			note_open(aligner, identifier, failed);
	}
}

void
dmarc_align(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, struct slice author,
    const struct dmarc_record *record, struct dmarc_alignment *alignment_out)
{
	struct aligner aligner = { .finder = finder,
		.identifiers = identifiers, .author = author,
		.record = record, .alignment = alignment_out };

	*alignment_out = (struct dmarc_alignment){ .spf = NULL };
	find_equal(&aligner);
	find_passes(&aligner);
	if (!has_pass(&aligner) && alignment_out->open == NULL)
		find_possible_pass(&aligner);
}
