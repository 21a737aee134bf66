/* dmarc/check.c - see check.h. */
#include "dmarc/check.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "dmarc/align.h"
#include "dmarc/policy.h"
#include "dmarc/walk.h"

/* A sentence names three domains at most. */
#define MAX_REASON 1024

static const char *const result_names[] = {
	[DMARC_NONE] = "none",
	[DMARC_PASS] = "pass",
	[DMARC_FAIL] = "fail",
	[DMARC_TEMPERROR] = "temperror",
	[DMARC_PERMERROR] = "permerror",
};

/* For an arena without room for a better one. */
static const struct dmarc_evaluation evaluation_no_memory = {
	.result = DMARC_TEMPERROR,
	.reason = SLICE_INIT("no memory"),
};

const char *
dmarc_result_name(enum dmarc_result result)
{
	return result_names[result];
}

/* ---- reasons ------------------------------------------------------------- */

static struct slice
finish_reason(const struct strbuf *text)
{
	return text->has_failed ? SLICE("no memory") : strbuf_slice(text);
}

static struct slice
explain_lookup(struct arena *arena, const struct dmarc_lookup *failed)
{
	struct strbuf text;

	if (failed->name.len == 0)
		return slice_from_cstr(failed->why);
	strbuf_init(&text, arena, MAX_REASON);
	strbuf_printf(&text, "DNS failed for _dmarc.%.*s (%s)",
	    SLICE_PRINTF(failed->name), failed->why);
	return finish_reason(&text);
}

static struct slice
explain_missing(struct dmarc_finder *finder, struct slice author)
{
	size_t n = dmarc_look_up(finder, author)->n_records;
	struct strbuf text;

	strbuf_init(&text, finder->arena, MAX_REASON);
	strbuf_printf(&text, "no policy record applies to %.*s",
	    SLICE_PRINTF(author));
	if (n > 1)
		strbuf_printf(&text, "; the %zu it has count as none", n);
	return finish_reason(&text);
}

static struct slice
explain_unusable(struct arena *arena, const struct dmarc_lookup *found)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_REASON);
	strbuf_printf(&text, "the record of %.*s cannot be applied: %s, and "
	    "it asks nobody for reports", SLICE_PRINTF(found->name),
	    found->record.problem);
	return finish_reason(&text);
}

static struct slice
explain_pass(struct arena *arena, struct slice author,
    const struct dmarc_alignment *alignment)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_REASON);
	if (alignment->dkim != NULL)
		strbuf_printf(&text, "DKIM domain %.*s",
		    SLICE_PRINTF(alignment->dkim->domain));
	if (alignment->dkim != NULL && alignment->spf != NULL)
		strbuf_append_cstr(&text, " and ");
	if (alignment->spf != NULL)
		strbuf_printf(&text, "SPF domain %.*s",
		    SLICE_PRINTF(alignment->spf->domain));
	strbuf_printf(&text, " aligned with %.*s", SLICE_PRINTF(author));
	return finish_reason(&text);
}

static struct slice
explain_fail(struct arena *arena, struct slice author,
    const struct dmarc_lookup *found, const struct dmarc_choice *choice)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_REASON);
	strbuf_printf(&text, "nothing aligned with %.*s passed",
	    SLICE_PRINTF(author));
	if (!slice_eq(found->name, author))
		strbuf_printf(&text, "; the record is that of %.*s",
		    SLICE_PRINTF(found->name));
	if (found->record.problem != NULL)
		strbuf_printf(&text, "; p=none, as %s", found->record.problem);
	if (choice->policy != choice->published)
		strbuf_printf(&text, "; t=y makes %s of %s",
		    dmarc_policy_name(choice->policy),
		    dmarc_policy_name(choice->published));
	return finish_reason(&text);
}

static struct slice
explain_open(struct arena *arena, const struct dmarc_alignment *alignment)
{
	struct strbuf text;

	if (alignment->failed != NULL)
		return explain_lookup(arena, alignment->failed);
	strbuf_init(&text, arena, MAX_REASON);
	strbuf_printf(&text, "%s for the aligned domain %.*s could not be "
	    "checked for now", alignment->open->is_dkim ? "DKIM" : "SPF",
	    SLICE_PRINTF(alignment->open->domain));
	return finish_reason(&text);
}

static struct slice
explain_existence(struct arena *arena, struct slice author)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_REASON);
	strbuf_printf(&text, "DNS failed for %.*s: whether np or sp applies to "
	    "it is not known", SLICE_PRINTF(author));
	return finish_reason(&text);
}

/* ---- one Author Domain --------------------------------------------------- */

static enum dmarc_result
result_of(const struct dmarc_alignment *alignment)
{
	if (alignment->spf != NULL || alignment->dkim != NULL)
		return DMARC_PASS;
	return alignment->open != NULL ? DMARC_TEMPERROR : DMARC_FAIL;
}

static void
apply_record(struct dmarc_finder *finder,
    struct dmarc_identifiers *identifiers, const struct dmarc_lookup *found,
    struct dmarc_evaluation *evaluation)
{
	struct slice author = evaluation->author_domain;
	struct dmarc_alignment alignment;
	struct dmarc_choice choice;

	dmarc_align(finder, identifiers, author, &found->record, &alignment);
	evaluation->result = result_of(&alignment);
	dmarc_choose_policy(finder, author, found,
	    evaluation->result == DMARC_PASS, &choice);
	evaluation->has_policy = true;
	evaluation->policy_domain = found->name;
	evaluation->record = &found->record;
	evaluation->published = choice.published;
	evaluation->policy = choice.policy;
	evaluation->is_policy_known = choice.is_known;
	evaluation->is_spf_aligned = alignment.spf != NULL;
	evaluation->is_dkim_aligned = alignment.dkim != NULL;
	if (evaluation->result == DMARC_PASS) {
		evaluation->reason = explain_pass(finder->arena, author,
		    &alignment);
	} else if (evaluation->result == DMARC_TEMPERROR) {
		evaluation->reason = explain_open(finder->arena, &alignment);
	} else if (!choice.is_known) {
		/* A fail, but what it leads to is open (5.3.6). */
		evaluation->result = DMARC_TEMPERROR;
		evaluation->reason = explain_existence(finder->arena, author);
	} else {
		evaluation->reason = explain_fail(finder->arena, author, found,
		    &choice);
	}
}

static void
trace_policy(struct trace *trace, const struct dmarc_evaluation *evaluation)
{
	const struct dmarc_record *record = evaluation->record;

	if (trace == NULL || !evaluation->has_policy)
		return;
	trace_printf(trace, "policy", "%s by the record of %.*s%s%s",
	    dmarc_policy_name(evaluation->policy),
	    SLICE_PRINTF(evaluation->policy_domain),
	    slice_eq(evaluation->policy_domain, evaluation->author_domain) ?
	    " (p=)" : evaluation->published == record->sp ? " (sp=)" :
	    " (np=)", record->is_testing ? ", lowered by t=y" : "");
}

static void
evaluate(struct dmarc_finder *finder, struct dmarc_identifiers *identifiers,
    struct slice author, bool wants_org, struct dmarc_evaluation *evaluation)
{
	const struct dmarc_lookup *failed, *found;
	const struct dmarc_org *org;

	trace_open(finder->trace, "dmarc", author);
	found = dmarc_find_record(finder, author, &failed);
	evaluation->author_domain = author;
	evaluation->is_policy_known = true;
	if (failed != NULL) {
		evaluation->result = DMARC_TEMPERROR;
		evaluation->is_policy_known = false;
		evaluation->reason = explain_lookup(finder->arena, failed);
	} else if (found == NULL) {
		evaluation->result = DMARC_NONE;
		evaluation->reason = explain_missing(finder, author);
	} else {
		switch (found->status) {
		case DMARC_RECORD_OK:
			apply_record(finder, identifiers, found, evaluation);
			break;
		case DMARC_RECORD_OTHER:	/* counts as no record */
			evaluation->result = DMARC_NONE;
			evaluation->reason = explain_missing(finder, author);
			break;
		case DMARC_RECORD_NO_POLICY:
			evaluation->result = DMARC_NONE;
			evaluation->reason = explain_unusable(finder->arena,
			    found);
			break;
		case DMARC_RECORD_BAD_POLICY:
			evaluation->result = DMARC_PERMERROR;
			evaluation->reason = explain_unusable(finder->arena,
			    found);
			break;
		}
	}
	org = wants_org && evaluation->result == DMARC_FAIL ?
	    dmarc_find_org(finder, author) : dmarc_get_org(finder, author);
	if (org != NULL && org->failed == NULL)
		evaluation->org_domain = org->name;
	trace_policy(finder->trace, evaluation);
	trace_close(finder->trace, dmarc_result_name(evaluation->result),
	    evaluation->reason);
}

/* ---- several Author Domains (RFC 9989 11.5) ------------------------------ */

/* Of several results the first of this order decides. */
static unsigned
rank_of(enum dmarc_result result)
{
	switch (result) {
	case DMARC_FAIL:
		return 0;
	case DMARC_TEMPERROR:
		return 1;
	case DMARC_PERMERROR:
		return 2;
	case DMARC_NONE:
		return 3;
	case DMARC_PASS:
		break;
	}
	return 4;
}

/* How much may be done to the message; what is not known may be anything. */
static unsigned
strictness_of(const struct dmarc_evaluation *evaluation)
{
	switch (evaluation->result) {
	case DMARC_FAIL:
	case DMARC_TEMPERROR:
		return evaluation->is_policy_known ?
		    (unsigned)evaluation->policy : DMARC_POLICY_REJECT + 1;
	case DMARC_NONE:
	case DMARC_PASS:
	case DMARC_PERMERROR:
		break;
	}
	return 0;	/* the first one of the kind decides */
}

static bool
outweighs(const struct dmarc_evaluation *a, const struct dmarc_evaluation *b)
{
	if (rank_of(a->result) != rank_of(b->result))
		return rank_of(a->result) < rank_of(b->result);
	return strictness_of(a) > strictness_of(b);
}

static const struct dmarc_evaluation *
find_deciding(const struct dmarc_evaluation *evaluations, size_t n)
{
	const struct dmarc_evaluation *deciding = &evaluations[0];

	for (size_t i = 1; i < n; i++)
		if (outweighs(&evaluations[i], deciding))
			deciding = &evaluations[i];
	return deciding;
}

/* ---- the message --------------------------------------------------------- */

static void
refuse_author(struct arena *arena, enum mail_author_status status,
    struct dmarc_outcome *outcome)
{
	struct dmarc_evaluation *evaluation = NULL;

	if (status != MAIL_AUTHOR_NO_MEMORY)
		evaluation = arena_alloc(arena, sizeof(*evaluation));
	if (evaluation == NULL)
		return;
	evaluation->result = DMARC_PERMERROR;
	evaluation->is_policy_known = true;
	evaluation->reason = slice_from_cstr(mail_author_status_text(status));
	outcome->result = evaluation->result;
	outcome->deciding = evaluation;
}

void
dmarc_check(const struct dmarc_request *request,
    const struct dmarc_options *options, struct resolver *resolver,
    struct arena *arena, struct dmarc_outcome *outcome)
{
	struct dmarc_identifiers identifiers = {
		.items = request->identifiers, .n = request->n_identifiers
	};
	struct dmarc_evaluation *evaluations;
	struct dmarc_finder finder;
	size_t n;

	*outcome = (struct dmarc_outcome){ .result = DMARC_TEMPERROR,
		.deciding = &evaluation_no_memory };
	if (request->author_status != MAIL_AUTHOR_OK) {
		refuse_author(arena, request->author_status, outcome);
		trace_tell(request->trace, "dmarc", SLICE_EMPTY,
		    dmarc_result_name(outcome->result), slice_from_cstr(
		    mail_author_status_text(request->author_status)));
		return;
	}
	n = request->authors->n_domains;
	evaluations = arena_alloc_array(arena, n, sizeof(*evaluations));
	if (evaluations == NULL || n == 0)
		return;
	dmarc_finder_init(&finder, options, resolver, arena,
	    request->deadline_ms);
	finder.trace = request->trace;
	for (size_t i = 0; i < n; i++)
		evaluate(&finder, &identifiers,
		    request->authors->domains[i], request->wants_org,
		    &evaluations[i]);
	outcome->deciding = find_deciding(evaluations, n);
	outcome->result = outcome->deciding->result;
	outcome->evaluations = evaluations;
	outcome->n_evaluations = n;
}
