/* milter/conclude.c - see conclude.h.
 *
 * Whatever fails on the way, a message that should have been judged is never
 * let in without it: it is deferred, as if the MTA had not reached us.  Only
 * mail that is no SMTP client's goes on, since it would stay in the queue. */
#include "milter/conclude.h"

#include "base/arena.h"
#include "base/clock.h"
#include "inspect/inspect.h"
#include "milter/logline.h"
#include "milter/perform.h"
#include "milter/remember.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/field.h"

static const char internal_text[] = "temporary failure, try again later";

void
conclude_header(struct session *session)
{
	if (session->has_header_ended)
		return;
	session->has_header_ended = true;
	if (inspect_end_header(session->inspect) != INSPECT_OK)
		session_note_failure(session, "the header could not be read");
}

/* Whatever the mode is: what claims our results must not be let in. */
static void
refuse_forgery(struct policy_verdict *verdict)
{
	*verdict = (struct policy_verdict){
		.action = POLICY_REJECT,
		.wanted = POLICY_REJECT,
		.code = "550",
		.enhanced = "5.7.1",
		.text = SLICE("too many Authentication-Results fields"),
		.reason = SLICE("more forged fields than can be removed"),
	};
}

static void
make_failure(const char *why, struct policy_verdict *verdict)
{
	*verdict = (struct policy_verdict){
		.action = POLICY_TEMPFAIL,
		.wanted = POLICY_TEMPFAIL,
		.code = "451",
		.enhanced = "4.3.0",
		.text = slice_from_cstr(internal_text),
		.reason = slice_from_cstr(why),
	};
}

static bool
build_field(struct session *session, const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice *field)
{
	struct arena *arena = inspect_arena(session->inspect);

	if (session->trust != POLICY_INSPECT)
		return policy_build_empty_field(arena, session->authserv_id,
		    field);
	return policy_build_field(arena, session->authserv_id, results,
	    verdict, field);
}

/* All that is done before the final reply; what went wrong, or NULL. */
static const char *
carry_out(struct session *session, SMFICTX *ctx,
    const struct inspect_results *results,
    const struct policy_verdict *verdict)
{
	struct slice field;

	switch (verdict->action) {
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		return NULL;	/* nobody will see its fields */
	case POLICY_ACCEPT:
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		break;
	}
	if (!build_field(session, results, verdict, &field))
		return "our field cannot be built";
	return perform_changes(ctx, session, results, verdict, field);
}

/* Rules that have ended are told of at start, and then once a day. */
static void
remind_of_rules(struct session *session, int64_t now_s)
{
	const struct milter_context *context = session->context;
	const struct policy_options *policy = &context->policy;
	long long today = now_s / CLOCK_DAY_S;
	long long last = atomic_load(&session->service->day);

	if (today <= last || !atomic_compare_exchange_strong(
	    &session->service->day, &last, today))
		return;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (policy_rule_has_ended(rule, now_s))
			log_write(context->log, LOG_LEVEL_WARNING,
			    "rule %.*s held until %.*s (%.*s): it is off",
			    SLICE_PRINTF(rule->name),
			    SLICE_PRINTF(rule->until),
			    SLICE_PRINTF(rule->why));
	}
}

/* Who stands behind a relay of ours may be trusted like who comes himself,
 * where it is the relay that saw him. */
static void
trust_relayed(struct session *session, const struct inspect_results *results)
{
	if (results->is_relayed && !results->is_client_hearsay &&
	    results->client.family != IP_NONE)
		session->trust = policy_check_trust(
		    &session->context->policy, &results->client,
		    false);
}

/* Rules are for mail that is inspected, too. */
static void
judge(struct session *session, const struct inspect_results *results,
    struct policy_verdict *verdict)
{
	if (session->trust != POLICY_INSPECT)
		*verdict = (struct policy_verdict){ .action = POLICY_ACCEPT };
	else
		policy_judge_message(&session->context->policy,
		    results, inspect_arena(session->inspect), verdict);
}

/* Fills in the verdict and does all but the final reply; what went wrong, or
 * NULL. */
static const char *
finish(struct session *session, SMFICTX *ctx, struct policy_verdict *verdict)
{
	const struct inspect_results *results;

	if (session->failure != NULL)
		return session->failure;
	switch (inspect_finish(session->inspect, &results)) {
	case INSPECT_OK:
		break;
	case INSPECT_OUT_OF_ORDER:
		return "the MTA's events are out of order";
	case INSPECT_TOO_MANY_FORGED:
		refuse_forgery(verdict);
		return NULL;
	case INSPECT_NO_MEMORY:
		return "the message needs more memory than it may have";
	}
	session_name_message(session);
	remind_of_rules(session, results->start_s);
	trust_relayed(session, results);
	judge(session, results, verdict);
	return carry_out(session, ctx, results, verdict);
}

static sfsistat
reply(struct session *session, SMFICTX *ctx,
    const struct policy_verdict *verdict)
{
	sfsistat answer = SMFIS_CONTINUE;

	switch (verdict->action) {
	case POLICY_ACCEPT:
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		return SMFIS_CONTINUE;
	case POLICY_REJECT:
		answer = SMFIS_REJECT;
		break;
	case POLICY_TEMPFAIL:
		answer = SMFIS_TEMPFAIL;
		break;
	}
	if (!perform_reply(ctx, verdict->code, verdict->enhanced,
	    verdict->text, 0))
		log_write(session->service->log, LOG_LEVEL_WARNING,
		    "session=%s: the MTA's own text is sent in place of ours",
		    session->id);
	return answer;
}

sfsistat
conclude_message(struct session *session, SMFICTX *ctx)
{
	struct policy_verdict verdict;
	const char *failure;
	sfsistat answer;

	session_look_for_queue_id(session, ctx);
	conclude_header(session);
	failure = finish(session, ctx, &verdict);
	if (failure != NULL)
		make_failure(failure, &verdict);
	if (session->trust == POLICY_NOT_SMTP)
		verdict.action = POLICY_ACCEPT;
	logline_write(failure != NULL ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	    &(struct logline){ .session = session,
		.results = inspect_peek(session->inspect),
		.verdict = &verdict });
	if (failure == NULL)
		remember_message(session, &verdict);
	answer = reply(session, ctx, &verdict);
	session_end_message(session);
	return answer;
}
