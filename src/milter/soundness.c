/* milter/soundness.c - see soundness.h. */
#include "milter/soundness.h"

#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "milter/milter.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/sentence.h"

void
milter_set_sound(bool is_sound)
{
	atomic_store(&service_get()->is_unsound, !is_sound);
}

bool
soundness_is_lost(const struct service *service)
{
	return atomic_load(&service->is_unsound);
}

static bool
has_policy(const struct inspect_results *results)
{
	if (!results->is_dmarc_checked)
		return false;
	for (size_t i = 0; i < results->dmarc.n_evaluations; i++) {
		const struct dmarc_evaluation *e =
		    &results->dmarc.evaluations[i];

		if (e->has_policy && e->policy != DMARC_POLICY_NONE)
			return true;
	}
	return false;
}

/* "the self-test fails; this was reject: dmarc=fail p=reject ..." */
static struct slice
explain(const struct session *session, const struct policy_verdict *verdict)
{
	struct strbuf text;

	sentence_begin(&text, inspect_arena(session->inspect));
	strbuf_printf(&text, "the self-test fails; this was %s",
	    policy_action_name(verdict->wanted));
	sentence_append_reason(&text, verdict->reason);
	return sentence_end(&text, "the self-test fails");
}

void
soundness_apply(const struct session *session,
    const struct inspect_results *results, struct policy_verdict *verdict)
{
	struct slice reason;

	if (verdict->wanted == POLICY_ACCEPT && !has_policy(results))
		return;
	reason = explain(session, verdict);
	sentence_defer(verdict, SLICE("mail cannot be verified here at "
	    "present, try again later"));
	verdict->reason = reason;
	verdict->action = POLICY_TEMPFAIL;
	if (session->context->policy.mode == POLICY_MODE_ENFORCE)
		return;
	verdict->action = POLICY_ACCEPT;
	verdict->code = verdict->enhanced = NULL;
	verdict->text = SLICE_EMPTY;
}
