/* inspect/evaluate.c - see inspect.h: the message's end, when what was begun
 * earlier gives its result. */
#include "inspect/inspect.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/trace.h"
#include "dkim/body.h"
#include "inspect/sender.h"
#include "inspect/state.h"
#include "mail/domain.h"

static void
finish_dkim(struct inspect *in, bool is_body_valid, int64_t deadline_ms)
{
	if (in->has_dkim)
		trace_open(in->trace, "dkim", SLICE_EMPTY);
	if (in->verifier != NULL)
		dkim_finish(in->verifier, is_body_valid, deadline_ms,
		    &in->results.dkim, &in->results.n_dkim);
	if (in->has_dkim)
		trace_close(in->trace, in->results.n_dkim != 0 ? NULL :
		    "none", in->results.n_dkim != 0 ? SLICE_EMPTY :
		    SLICE("it is not signed"));
	in->results.is_dkim_checked = in->has_dkim;
}

/* Behind DMARC, so that a chain whose keys are slow to come takes no time from
 * it. */
static void
finish_arc(struct inspect *in, bool is_body_valid, int64_t deadline_ms)
{
	if (in->chain != NULL)
		arc_finish(in->chain, is_body_valid, deadline_ms,
		    &in->results.arc);
	else if (in->has_arc)
		trace_tell(in->trace, "arc", SLICE_EMPTY, "none",
		    SLICE("nobody has sealed it"));
	in->results.is_arc_checked = in->has_arc;
}

/* SPF's domain is lower case already, but may be no domain at all. */
static bool
identify_spf(struct inspect *in, struct dmarc_identifier *identifier)
{
	const struct spf_outcome *spf = &in->results.spf;

	if (!in->results.is_spf_checked || (spf->result != SPF_PASS &&
	    spf->result != SPF_TEMPERROR))
		return false;
	identifier->is_dkim = false;
	identifier->is_temperror = spf->result == SPF_TEMPERROR;
	return domain_normalize(in->arena, spf->domain, &identifier->domain);
}

static bool
identify_dkim(const struct dkim_outcome *dkim,
    struct dmarc_identifier *identifier)
{
	if (dkim->domain.len == 0 || (dkim->result != DKIM_RESULT_PASS &&
	    dkim->result != DKIM_RESULT_TEMPERROR))
		return false;
	identifier->is_dkim = true;
	identifier->is_temperror = dkim->result == DKIM_RESULT_TEMPERROR;
	identifier->domain = dkim->domain;
	return true;
}

/* Whether there is a signature that broke on the way: policy/ will want to know
 * if it is the author's own. */
static bool
has_broken_signature(const struct inspect_results *results)
{
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result != DKIM_RESULT_PASS &&
		    results->dkim[i].covers_from &&
		    results->dkim[i].key_exists)
			return true;
	return false;
}

static void
check_dmarc(struct inspect *in, int64_t deadline_ms)
{
	struct inspect_results *results = &in->results;
	struct dmarc_identifier *identifiers = arena_alloc_array(in->arena,
	    results->n_dkim + 1, sizeof(*identifiers));
	size_t n = 0;
	struct dmarc_request request = {
		.author_status = results->author_status,
		.authors = &results->authors,
		.identifiers = identifiers,
		.wants_org = has_broken_signature(results),
		.deadline_ms = deadline_ms,
		.trace = in->trace,
	};

	if (identifiers == NULL)
		return;		/* the arena tells inspect_finish */
	if (identify_spf(in, &identifiers[n]))
		n++;
	for (size_t i = 0; i < results->n_dkim; i++)
		if (identify_dkim(&results->dkim[i], &identifiers[n]))
			n++;
	request.n_identifiers = n;
	dmarc_check(&request, &in->options->dmarc, in->resolver, in->arena,
	    &results->dmarc);
	results->is_dmarc_checked = true;
}

/* Those that only the results tell of. */
static void
note_limits_of_results(struct inspect *in)
{
	const struct inspect_results *results = &in->results;

	in->results.limits_hit |= budget_limits_hit(in->budget);
	if (results->n_ignored_signatures != 0)
		state_note_limit(in, LIMIT_SIGNATURES);
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].reason == DKIM_REASON_TOO_MANY)
			state_note_limit(in, LIMIT_SIGNATURES);
		else if (results->dkim[i].reason == DKIM_REASON_KEY_TOO_LONG)
			state_note_limit(in, LIMIT_KEY_SIZE);
	if (results->arc.reason == ARC_REASON_TOO_MANY)
		state_note_limit(in, LIMIT_ARC_SETS);
}

static void
evaluate(struct inspect *in)
{
	struct inspect_results *results = &in->results;
	int64_t deadline_ms = clock_monotonic_ms() +
	    in->options->finish_budget_ms;
	bool is_body_valid = in->body != NULL && dkim_body_finish(in->body);

	sender_check(in, deadline_ms);
	finish_dkim(in, is_body_valid, deadline_ms);
	if (in->has_dmarc)
		check_dmarc(in, deadline_ms);
	finish_arc(in, is_body_valid, deadline_ms);
	sender_check_helo(in, deadline_ms);	/* nothing hangs on it */
	if (clock_monotonic_ms() >= deadline_ms)
		state_note_limit(in, LIMIT_MESSAGE_TIME);
	note_limits_of_results(in);
	results->forged_fields = in->forged.places;
	results->n_forged_fields = in->forged.n_places;
}

enum inspect_status
inspect_finish(struct inspect *in,
    const struct inspect_results **results_out)
{
	*results_out = NULL;
	if (in->stage != STAGE_BODY && in->stage != STAGE_FINISHED)
		return INSPECT_OUT_OF_ORDER;
	if (in->stage == STAGE_BODY && !in->has_failed &&
	    !in->forged.has_overflowed) {
		evaluate(in);
		if (arena_has_failed(in->arena))
			state_fail_message(in);
	}
	if (in->forged.has_overflowed)
		state_note_limit(in, LIMIT_FORGED_FIELDS);
	in->stage = STAGE_FINISHED;
	if (in->has_failed)
		return INSPECT_NO_MEMORY;
	if (in->forged.has_overflowed)
		return INSPECT_TOO_MANY_FORGED;
	*results_out = &in->results;
	return INSPECT_OK;
}
