/* policy/verdict.c - see policy.h: what is done with a sender and a message.
 *
 * Each judge_ function fills in what the options want; apply_mode then says
 * what of it is carried out. */
#include <assert.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "policy/evidence.h"
#include "policy/policy.h"
#include "policy/reply.h"
#include "policy/ruling.h"
#include "policy/sealer.h"

#define TEXT_CEILING ((size_t)8192)

/* Octets shown of what comes from outside, before they are escaped. */
#define MAX_NAME 253
#define MAX_SENTENCE 300
#define MAX_EXPLANATION 1000

const char *
policy_action_name(enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		return "accept";
	case POLICY_HOLD:
		return "hold";
	case POLICY_REDIRECT:
		return "redirect";
	case POLICY_REJECT:
		return "reject";
	case POLICY_TEMPFAIL:
		return "tempfail";
	}
	return "";
}

const char *
policy_disposition_name(enum policy_disposition disposition)
{
	switch (disposition) {
	case POLICY_DISPOSITION_NONE:
		return "none";
	case POLICY_DISPOSITION_QUARANTINE:
		return "quarantine";
	case POLICY_DISPOSITION_REJECT:
		return "reject";
	}
	return "";
}

const char *
policy_override_name(enum policy_override override)
{
	switch (override) {
	case POLICY_OVERRIDE_NONE:
		return "";
	case POLICY_OVERRIDE_LOCAL_POLICY:
		return "local_policy";
	case POLICY_OVERRIDE_TRUSTED_FORWARDER:
		return "trusted_forwarder";
	case POLICY_OVERRIDE_MAILING_LIST:
		return "mailing_list";
	}
	return "";
}

/* The text, or FALLBACK where memory is out: a refusal is never left without
 * words. */
static struct slice
take_text(const struct strbuf *buf, const char *fallback)
{
	return buf->has_failed ? slice_from_cstr(fallback) : strbuf_slice(buf);
}

/* In monitor mode the verdict is still known, only nothing comes of it. */
static void
apply_mode(const struct policy_options *options,
    struct policy_verdict *verdict)
{
	bool is_enforced = false;

	switch (options->mode) {
	case POLICY_MODE_UNSET:
	case POLICY_MODE_MONITOR:
		break;
	case POLICY_MODE_ENFORCE:
		is_enforced = true;
		break;
	}
	verdict->action = verdict->wanted;
	if (!is_enforced) {
		verdict->action = POLICY_ACCEPT;
		verdict->disposition = POLICY_DISPOSITION_NONE;
	}
	if (verdict->action != POLICY_REJECT &&
	    verdict->action != POLICY_TEMPFAIL) {
		verdict->code = verdict->enhanced = NULL;
		verdict->text = SLICE_EMPTY;
	}
}

/* ---- the sender ---------------------------------------------------------- */

static const char *
spf_identity_text(enum spf_identity identity)
{
	switch (identity) {
	case SPF_IDENTITY_HELO:
		return "HELO";
	case SPF_IDENTITY_MAIL_FROM:
		return "MAIL FROM";
	}
	return "";
}

/* The domain's own words are marked as such (RFC 7208 6.2, 8.4). */
static void
append_spf_text(struct strbuf *text, const struct spf_outcome *spf)
{
	strbuf_printf(text, "SPF %s check gave %s for ",
	    spf_identity_text(spf->identity), spf_result_name(spf->result));
	strbuf_append_escaped(text, spf->domain, MAX_NAME);
	if (spf->result == SPF_FAIL && spf->explanation.len != 0) {
		strbuf_append_cstr(text, "; that domain explains: ");
		strbuf_append(text, slice_head(spf->explanation,
		    MAX_EXPLANATION));
	} else if (spf->reason.len != 0) {
		strbuf_append_cstr(text, ": ");
		strbuf_append_escaped(text, spf->reason, MAX_SENTENCE);
	}
}

static void
append_spf_reason(struct strbuf *reason, const struct spf_outcome *spf)
{
	strbuf_printf(reason, "spf=%s ", spf_result_name(spf->result));
	strbuf_append_escaped(reason, spf->domain, MAX_NAME);
	if (spf->reason.len != 0) {
		strbuf_append_cstr(reason, ": ");
		strbuf_append_escaped(reason, spf->reason, MAX_SENTENCE);
	}
}

/* RFC 7372 3.2; RFC 7208 8.4, 8.6, 8.7. */
static void
set_spf_codes(enum spf_result result, struct policy_verdict *verdict)
{
	verdict->wanted = POLICY_REJECT;
	verdict->code = "550";
	switch (result) {
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_PASS:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		verdict->enhanced = "5.7.23";
		break;
	case SPF_PERMERROR:
		verdict->enhanced = "5.7.24";
		break;
	case SPF_TEMPERROR:
		verdict->wanted = POLICY_TEMPFAIL;
		verdict->code = "451";
		verdict->enhanced = "4.7.24";
		break;
	}
}

static void
judge_spf(const struct policy_options *options,
    const struct spf_outcome *spf, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text, reason;

	if ((options->spf_reject & (1U << spf->result)) == 0)
		return;
	strbuf_init(&text, arena, TEXT_CEILING);
	strbuf_init(&reason, arena, TEXT_CEILING);
	append_spf_text(&text, spf);
	append_spf_reason(&reason, spf);
	set_spf_codes(spf->result, verdict);
	verdict->reply = POLICY_REPLY_SPF;
	verdict->text = take_text(&text, "SPF check failed");
	verdict->reason = take_text(&reason, "spf");
}

void
policy_judge_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	*verdict = (struct policy_verdict){ .action = POLICY_ACCEPT };
	judge_spf(options, &results->spf, arena, verdict);
	policy_finish_reply(options, results, arena, verdict);
	apply_mode(options, verdict);
}

/* A relay of ours has accepted the message already: refused here it would come
 * back, as a bounce to a sender that is likely forged.  So it is put aside. */
static void
spare_relay(const struct policy_options *options,
    struct policy_verdict *verdict)
{
	switch (options->quarantine) {
	case POLICY_QUARANTINE_HOLD:
		verdict->wanted = POLICY_HOLD;
		return;
	case POLICY_QUARANTINE_REDIRECT:
		verdict->wanted = POLICY_REDIRECT;
		return;
	case POLICY_QUARANTINE_TAG:
	case POLICY_QUARANTINE_NONE:
		verdict->wanted = POLICY_ACCEPT;
		return;
	case POLICY_QUARANTINE_REJECT:	/* that is the operator's word */
		return;
	}
}

/* What policy_judge_sender does at MAIL has to wait for the header where mail
 * is relayed, and what DMARC makes of it comes first. */
static void
judge_relayed_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	if (!results->is_relayed || !results->is_spf_checked ||
	    results->client.family == IP_NONE ||
	    verdict->wanted != POLICY_ACCEPT)
		return;
	judge_spf(options, &results->spf, arena, verdict);
	if (verdict->wanted == POLICY_REJECT)
		spare_relay(options, verdict);
}

/* ---- the message --------------------------------------------------------- */

/* "dmarc=fail p=reject example.org: no identifier is aligned", with
 * "evidence=arc" behind the policy: Postfix cuts a quarantine's reason at 100
 * octets. */
static struct slice
describe_dmarc(const struct inspect_results *results, unsigned signs,
    struct arena *arena)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;
	const struct dmarc_evaluation *deciding = dmarc->deciding;
	struct slice why = deciding->reason;
	struct strbuf reason;

	strbuf_init(&reason, arena, TEXT_CEILING);
	strbuf_printf(&reason, "dmarc=%s", dmarc_result_name(dmarc->result));
	if (deciding->has_policy)
		strbuf_printf(&reason, " p=%s",
		    dmarc_policy_name(deciding->policy));
	if (signs != 0) {
		strbuf_append_cstr(&reason, " evidence=");
		policy_append_signs(&reason, signs, ",");
	}
	if (deciding->author_domain.len != 0) {
		strbuf_append_char(&reason, ' ');
		strbuf_append_escaped(&reason, deciding->author_domain,
		    MAX_NAME);
	}
	if (results->author_status != MAIL_AUTHOR_OK)
		why = slice_from_cstr(mail_author_status_text(
		    results->author_status));
	if (why.len != 0) {
		strbuf_append_cstr(&reason, ": ");
		strbuf_append_escaped(&reason, why, MAX_SENTENCE);
	}
	return take_text(&reason, "dmarc");
}

static void
judge_bad_from(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	if (options->is_bad_from_accepted)
		return;
	strbuf_init(&text, arena, TEXT_CEILING);
	strbuf_append_cstr(&text, "DMARC needs an author domain: ");
	strbuf_append_escaped(&text, slice_from_cstr(mail_author_status_text(
	    results->author_status)), MAX_SENTENCE);
	verdict->wanted = POLICY_REJECT;
	verdict->disposition = POLICY_DISPOSITION_REJECT;
	verdict->code = "550";
	verdict->enhanced = "5.7.1";
	verdict->reply = POLICY_REPLY_BAD_FROM;
	verdict->text = take_text(&text, "DMARC needs an author domain");
}

/* An Author Domain whose missing answer could still lead to more than SETTLED
 * (RFC 9989 5.3.6; p=none must not change handling, 5.4), or NULL. */
static const struct dmarc_evaluation *
find_open(const struct dmarc_outcome *dmarc, enum dmarc_policy settled)
{
	for (size_t i = 0; i < dmarc->n_evaluations; i++) {
		const struct dmarc_evaluation *e = &dmarc->evaluations[i];

		if (e->result == DMARC_TEMPERROR && (e->is_policy_known ?
		    e->policy > settled : settled != DMARC_POLICY_REJECT))
			return e;
	}
	return NULL;
}

static void
defer_dmarc(const struct dmarc_evaluation *open, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	strbuf_init(&text, arena, TEXT_CEILING);
	strbuf_append_cstr(&text, "DMARC cannot be evaluated now for ");
	strbuf_append_escaped(&text, open->author_domain, MAX_NAME);
	if (open->reason.len != 0) {
		strbuf_append_cstr(&text, ": ");
		strbuf_append_escaped(&text, open->reason, MAX_SENTENCE);
	}
	verdict->wanted = POLICY_TEMPFAIL;
	verdict->disposition = POLICY_DISPOSITION_NONE;
	verdict->code = "451";
	verdict->enhanced = "4.7.0";
	verdict->reply = POLICY_REPLY_TEMPERROR;
	verdict->text = take_text(&text, "DMARC cannot be evaluated now");
}

static void
judge_temperror(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;
	const struct dmarc_evaluation *open = find_open(dmarc,
	    DMARC_POLICY_NONE);

	/* A temperror that no evaluation shows is one of our own memory. */
	if (dmarc->n_evaluations == 0)
		open = dmarc->deciding;
	if (open != NULL && !options->is_temperror_accepted)
		defer_dmarc(open, arena, verdict);
}

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
	struct policy_verdict *verdict = fail->verdict;
	struct strbuf text;

	strbuf_init(&text, fail->arena, TEXT_CEILING);
	strbuf_append_cstr(&text, "rejected by the DMARC policy of ");
	strbuf_append_escaped(&text, deciding->author_domain, MAX_NAME);
	strbuf_printf(&text, " (p=%s)", dmarc_policy_name(deciding->policy));
	if (deciding->reason.len != 0) {
		strbuf_append_cstr(&text, ": ");
		strbuf_append_escaped(&text, deciding->reason, MAX_SENTENCE);
	}
	append_search(&text, fail);
	verdict->wanted = POLICY_REJECT;
	verdict->disposition = POLICY_DISPOSITION_REJECT;
	verdict->code = "550";
	verdict->enhanced = "5.7.1";
	verdict->reply = POLICY_REPLY_DMARC;
	verdict->text = take_text(&text, "rejected by DMARC policy");
}

static void
quarantine(const struct fail *fail)
{
	struct policy_verdict *verdict = fail->verdict;

	switch (fail->options->quarantine) {
	case POLICY_QUARANTINE_HOLD:
		verdict->wanted = POLICY_HOLD;
		verdict->disposition = POLICY_DISPOSITION_QUARANTINE;
		break;
	case POLICY_QUARANTINE_TAG:	/* our field's dis= is the tag */
		verdict->disposition = POLICY_DISPOSITION_QUARANTINE;
		break;
	case POLICY_QUARANTINE_REDIRECT:
		verdict->wanted = POLICY_REDIRECT;
		verdict->disposition = POLICY_DISPOSITION_QUARANTINE;
		break;
	case POLICY_QUARANTINE_REJECT:
		refuse_dmarc(fail);
		break;
	case POLICY_QUARANTINE_NONE:
		break;
	}
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
	strbuf_init(&comment, fail->arena, TEXT_CEILING);
	strbuf_append_cstr(&comment, "evidence=");
	policy_append_signs(&comment, signs, ",");
	verdict->override_comment = take_text(&comment, "evidence");
}

static void
accept_sealed(const struct fail *fail)
{
	struct strbuf comment;

	strbuf_init(&comment, fail->arena, TEXT_CEILING);
	policy_append_seals(&comment, &fail->results->arc, fail->arena);
	fail->verdict->override = POLICY_OVERRIDE_LOCAL_POLICY;
	fail->verdict->override_comment = take_text(&comment, "arc=pass");
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
	struct policy_verdict *verdict = fail->verdict;
	struct strbuf text;

	strbuf_init(&text, fail->arena, TEXT_CEILING);
	strbuf_append_cstr(&text, "the DMARC policy of ");
	strbuf_append_escaped(&text, fail->deciding->author_domain, MAX_NAME);
	strbuf_append_cstr(&text, " cannot be applied now: DNS failed for "
	    "what may be signs of forwarding (");
	policy_append_signs(&text, signs, ", ");
	strbuf_append_char(&text, ')');
	verdict->wanted = POLICY_TEMPFAIL;
	verdict->disposition = POLICY_DISPOSITION_NONE;
	verdict->code = "451";
	verdict->enhanced = "4.7.0";
	verdict->reply = POLICY_REPLY_TEMPERROR;
	verdict->text = take_text(&text, "DMARC cannot be evaluated now");
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
	const struct dmarc_evaluation *open = find_open(&fail->results->dmarc,
	    fail->deciding->policy);

	if (open != NULL && !is_sealed &&
	    !fail->options->is_temperror_accepted &&
	    fail->verdict->wanted != POLICY_REJECT)
		defer_dmarc(open, fail->arena, fail->verdict);
}

static void
judge_fail(const struct fail *fail)
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

static void
judge_dmarc(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct fail fail = { .options = options, .results = results,
		.deciding = results->dmarc.deciding, .arena = arena,
		.verdict = verdict };

	if (!results->is_dmarc_checked)
		return;
	assert(fail.deciding != NULL);
	switch (results->dmarc.result) {
	case DMARC_NONE:
	case DMARC_PASS:
		break;
	case DMARC_FAIL:
		policy_find_evidence(options, results, arena, &fail.evidence);
		verdict->evidence = fail.evidence.found;
		judge_fail(&fail);
		break;
	case DMARC_TEMPERROR:
		judge_temperror(options, results, arena, verdict);
		break;
	case DMARC_PERMERROR:	/* a broken record alone is accepted */
		if (results->author_status != MAIL_AUTHOR_OK)
			judge_bad_from(options, results, arena, verdict);
		break;
	}
	verdict->reason = describe_dmarc(results, verdict->evidence, arena);
}

void
policy_judge_message(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	*verdict = (struct policy_verdict){ .action = POLICY_ACCEPT };
	judge_dmarc(options, results, arena, verdict);
	judge_relayed_sender(options, results, arena, verdict);
	policy_apply_rules(options, results, arena, verdict);
	policy_finish_reply(options, results, arena, verdict);
	apply_mode(options, verdict);
}
