/* policy/fail.c - see fail.h. */
#include "policy/fail.h"

#include "base/strbuf.h"
#include "policy/evidence.h"
#include "policy/policy.h"
#include "policy/sealer.h"
#include "policy/sentence.h"
#include "policy/temperror.h"

/* A fail under judgement. */
struct fail {
	const struct policy_options *options;
	const struct inspect_results *results;
	const struct dmarc_evaluation *deciding;
	struct policy_evidence evidence;
	struct arena *arena;
	struct policy_verdict *verdict;
};

/* "strict" is about p=reject alone: not even a sealer helps there. */
static bool
is_strict(const struct fail *fail)
{
	switch (fail->options->dmarc_reject) {
	case POLICY_REJECT_STRICT:
		return fail->deciding->policy == DMARC_POLICY_REJECT;
	case POLICY_REJECT_KNOWLEDGE:
		break;
	}
	return false;
}

/* What was looked for, for the sender's postmaster; all that speaks of a broken
 * signature is one word to him. */
static void
append_search(struct strbuf *text, const struct fail *fail)
{
	unsigned sought = policy_sought_signs(fail->options, fail->results);

	if (is_strict(fail) || sought == 0 ||
	    fail->deciding->policy != DMARC_POLICY_REJECT)
		return;
	if (fail->evidence.found != 0) {
		strbuf_append_cstr(text, "; signs of forwarding (");
		policy_append_signs(text, fail->evidence.found, ", ");
		strbuf_append_cstr(text, ") are not enough here");
		return;
	}
	if ((sought & POLICY_SIGN_SIGNATURE) != 0)
		sought &= ~(unsigned)POLICY_SIGN_SIGNATURE_BODY;
	strbuf_append_cstr(text, "; no sign of forwarding (");
	policy_append_signs(text, sought, ", ");
	strbuf_append_char(text, ')');
}

static void
refuse_dmarc(const struct fail *fail)
{
	const struct dmarc_evaluation *deciding = fail->deciding;
	struct strbuf text;

	sentence_begin(&text, fail->arena);
	strbuf_append_cstr(&text, "rejected by the DMARC policy of ");
	sentence_append_domain(&text, deciding->author_domain);
	strbuf_printf(&text, " (p=%s)", dmarc_policy_name(deciding->policy));
	sentence_append_reason(&text, deciding->reason);
	append_search(&text, fail);
	sentence_reject(fail->verdict, POLICY_REPLY_DMARC,
	    sentence_end(&text, "rejected by DMARC policy"));
}

static void
quarantine(const struct fail *fail)
{
	if (!sentence_quarantine(fail->options, fail->verdict))
		refuse_dmarc(fail);
}

/* RFC 9989 7.4 asks for knowledge beyond p=reject; what shows SIGNS of an
 * indirect flow is treated as under p=quarantine. */
static void
quarantine_for(const struct fail *fail, unsigned signs)
{
	struct policy_verdict *verdict = fail->verdict;
	struct strbuf comment;

	quarantine(fail);
	if (verdict->wanted == POLICY_REJECT)
		return;
	verdict->override = (signs & POLICY_SIGN_FORWARDER) != 0 ?
	    POLICY_OVERRIDE_TRUSTED_FORWARDER :
	    (signs & POLICY_SIGN_LIST) != 0 ? POLICY_OVERRIDE_MAILING_LIST :
	    POLICY_OVERRIDE_LOCAL_POLICY;
	sentence_begin(&comment, fail->arena);
	strbuf_append_cstr(&comment, "evidence=");
	policy_append_signs(&comment, signs, ",");
	verdict->override_comment = sentence_end(&comment, "evidence");
}

static void
accept_sealed(const struct fail *fail)
{
	struct strbuf comment;

	sentence_begin(&comment, fail->arena);
	policy_append_seals(&comment, &fail->results->arc, fail->arena);
	fail->verdict->override = POLICY_OVERRIDE_LOCAL_POLICY;
	fail->verdict->override_comment = sentence_end(&comment, "arc=pass");
}

/* The signs, missing for now, that would turn a refusal: SEALER any, others
 * one of p=reject into quarantine, where that is not a refusal as well. */
static unsigned
find_turning_signs(const struct fail *fail)
{
	unsigned open = fail->evidence.open;

	if (is_strict(fail))
		return 0;
	if (fail->deciding->policy != DMARC_POLICY_REJECT ||
	    fail->evidence.found != 0 ||
	    fail->options->quarantine == POLICY_QUARANTINE_REJECT)
		open &= POLICY_SIGN_SEALER;
	return open;
}

static void
defer_fail(const struct fail *fail, unsigned signs)
{
	struct strbuf text;

	sentence_begin(&text, fail->arena);
	strbuf_append_cstr(&text, "the DMARC policy of ");
	sentence_append_domain(&text, fail->deciding->author_domain);
	strbuf_append_cstr(&text, " cannot be applied now: DNS failed for "
	    "what may be signs of forwarding (");
	policy_append_signs(&text, signs, ", ");
	strbuf_append_char(&text, ')');
	sentence_defer(fail->verdict, sentence_end(&text,
	    "DMARC cannot be evaluated now"));
}

/* A refusal that a missing answer might turn is put off.  Where that is not
 * wanted the sign is taken as found, which is never more than quarantine:
 * whoever writes a chain whose keys cannot be had must gain nothing by it. */
static void
mind_open_signs(const struct fail *fail)
{
	unsigned signs = find_turning_signs(fail);

	if (fail->verdict->wanted != POLICY_REJECT || signs == 0)
		return;
	fail->verdict->open_evidence = signs;
	if (!fail->options->is_temperror_accepted) {
		defer_fail(fail, signs);
		return;
	}
	fail->verdict->wanted = POLICY_ACCEPT;
	fail->verdict->disposition = POLICY_DISPOSITION_NONE;
	quarantine_for(fail, signs);
}

/* Of several Author Domains one that fails decides, however little its policy
 * asks for: it must not let in what another one's, open for now, might refuse.
 * A sealer vouches for all of them. */
static void
mind_open_authors(const struct fail *fail, bool is_sealed)
{
	const struct dmarc_evaluation *open = policy_find_open(
	    &fail->results->dmarc, fail->deciding->policy);

	if (open != NULL && !is_sealed &&
	    !fail->options->is_temperror_accepted &&
	    fail->verdict->wanted != POLICY_REJECT)
		policy_defer_dmarc(open, fail->arena, fail->verdict);
}

static void
judge(const struct fail *fail)
{
	bool is_sealed = (fail->evidence.found & POLICY_SIGN_SEALER) != 0 &&
	    !is_strict(fail);

	switch (fail->deciding->policy) {
	case DMARC_POLICY_NONE:
		break;
	case DMARC_POLICY_QUARANTINE:
		if (is_sealed)
			accept_sealed(fail);
		else
			quarantine(fail);
		break;
	case DMARC_POLICY_REJECT:
		if (is_sealed)
			accept_sealed(fail);
		else if (fail->evidence.found != 0 && !is_strict(fail))
			quarantine_for(fail, fail->evidence.found);
		else
			refuse_dmarc(fail);
		break;
	}
	mind_open_authors(fail, is_sealed);
	mind_open_signs(fail);
}

void
policy_judge_fail(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct fail fail = { .options = options, .results = results,
		.deciding = results->dmarc.deciding, .arena = arena,
		.verdict = verdict };

	policy_find_evidence(options, results, arena, &fail.evidence);
	verdict->evidence = fail.evidence.found;
	policy_trace_evidence(options, results, &fail.evidence);
	judge(&fail);
}
