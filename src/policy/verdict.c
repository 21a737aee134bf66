/* policy/verdict.c - see policy.h: what is done with a sender and a message.
 *
 * Each judge_ function fills in what the options want; apply_mode then says
 * what of it is carried out. */
#include <assert.h>

#include "base/strbuf.h"
#include "base/trace.h"
#include "policy/fail.h"
#include "policy/policy.h"
#include "policy/reply.h"
#include "policy/ruling.h"
#include "policy/sender.h"
#include "policy/sentence.h"
#include "policy/temperror.h"

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

static void
trace_verdict(struct trace *trace, const struct policy_verdict *verdict)
{
	if (trace == NULL)
		return;
	if (verdict->wanted != verdict->action)
		trace_add(trace, "note", SLICE("with mode = \"monitor\" "
		    "nothing comes of it: it is accepted"));
	if (verdict->code != NULL)
		trace_printf(trace, "reply", "%s %s %.*s", verdict->code,
		    verdict->enhanced, SLICE_PRINTF(verdict->text));
	if (verdict->override != POLICY_OVERRIDE_NONE)
		trace_tell(trace, "override", SLICE_EMPTY,
		    policy_override_name(verdict->override),
		    verdict->override_comment);
	trace_close(trace, policy_action_name(verdict->wanted),
	    verdict->reason);
}

void
policy_judge_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	*verdict = (struct policy_verdict){ .action = POLICY_ACCEPT };
	trace_open(results->trace, "verdict at MAIL FROM", SLICE_EMPTY);
	policy_judge_spf(options, &results->spf, arena, verdict);
	policy_finish_reply(options, results, arena, verdict);
	apply_mode(options, verdict);
	trace_verdict(results->trace, verdict);
}

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

	sentence_begin(&reason, arena);
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
		sentence_append_domain(&reason, deciding->author_domain);
	}
	if (results->author_status != MAIL_AUTHOR_OK)
		why = slice_from_cstr(mail_author_status_text(
		    results->author_status));
	sentence_append_reason(&reason, why);
	return sentence_end(&reason, "dmarc");
}

static void
judge_bad_from(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	if (options->is_bad_from_accepted)
		return;
	sentence_begin(&text, arena);
	strbuf_append_cstr(&text, "DMARC needs an author domain");
	sentence_append_reason(&text, slice_from_cstr(
	    mail_author_status_text(results->author_status)));
	sentence_reject(verdict, POLICY_REPLY_BAD_FROM,
	    sentence_end(&text, "DMARC needs an author domain"));
}

static void
judge_dmarc(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	if (!results->is_dmarc_checked)
		return;
	assert(results->dmarc.deciding != NULL);
	switch (results->dmarc.result) {
	case DMARC_NONE:
	case DMARC_PASS:
		break;
	case DMARC_FAIL:
		policy_judge_fail(options, results, arena, verdict);
		break;
	case DMARC_TEMPERROR:
		policy_judge_temperror(options, results, arena, verdict);
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
	trace_open(results->trace, "verdict", SLICE_EMPTY);
	judge_dmarc(options, results, arena, verdict);
	policy_judge_relayed_sender(options, results, arena, verdict);
	policy_apply_rules(options, results, arena, verdict);
	policy_finish_reply(options, results, arena, verdict);
	apply_mode(options, verdict);
	trace_verdict(results->trace, verdict);
}
