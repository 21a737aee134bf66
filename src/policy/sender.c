/* policy/sender.c - see sender.h. */
#include "policy/sender.h"

#include "base/strbuf.h"
#include "policy/policy.h"
#include "policy/sentence.h"

#define MAX_EXPLANATION 1000	/* octets shown of it */

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
	sentence_append_domain(text, spf->domain);
	if (spf->result == SPF_FAIL && spf->explanation.len != 0) {
		strbuf_append_cstr(text, "; that domain explains: ");
		strbuf_append(text, slice_head(spf->explanation,
		    MAX_EXPLANATION));
	} else {
		sentence_append_reason(text, spf->reason);
	}
}

static void
append_spf_reason(struct strbuf *reason, const struct spf_outcome *spf)
{
	strbuf_printf(reason, "spf=%s ", spf_result_name(spf->result));
	sentence_append_domain(reason, spf->domain);
	sentence_append_reason(reason, spf->reason);
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

void
policy_judge_spf(const struct policy_options *options,
    const struct spf_outcome *spf, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text, reason;

	if ((options->spf_reject & (1U << spf->result)) == 0)
		return;
	sentence_begin(&text, arena);
	sentence_begin(&reason, arena);
	append_spf_text(&text, spf);
	append_spf_reason(&reason, spf);
	set_spf_codes(spf->result, verdict);
	verdict->reply = POLICY_REPLY_SPF;
	verdict->text = sentence_end(&text, "SPF check failed");
	verdict->reason = sentence_end(&reason, "spf");
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

void
policy_judge_relayed_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	if (!results->is_relayed || !results->is_spf_checked ||
	    results->client.family == IP_NONE ||
	    verdict->wanted != POLICY_ACCEPT)
		return;
	policy_judge_spf(options, &results->spf, arena, verdict);
	if (verdict->wanted == POLICY_REJECT)
		spare_relay(options, verdict);
}
