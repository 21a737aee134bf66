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
#include "milter/remember.h"
#include "milter/service.h"
#include "milter/session.h"
#include "milter/soundness.h"
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
build_field(struct session *session, struct conclusion *conclusion)
{
	struct arena *arena = inspect_arena(session->inspect);

	if (session->trust != POLICY_INSPECT || conclusion->is_unsound)
		return policy_build_empty_field(arena, session->authserv_id,
		    &conclusion->field);
	return policy_build_field(arena, session->authserv_id,
	    conclusion->results, &conclusion->verdict, &conclusion->field);
}

/* Where it will be seen; what went wrong, or NULL. */
static const char *
add_field(struct session *session, struct conclusion *conclusion)
{
	switch (conclusion->verdict.action) {
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		return NULL;
	case POLICY_ACCEPT:
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		break;
	}
	return build_field(session, conclusion) ? NULL :
	    "our field cannot be built";
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
judge(struct session *session, struct conclusion *conclusion)
{
	const struct inspect_results *results = conclusion->results;
	struct policy_verdict *verdict = &conclusion->verdict;

	if (session->trust != POLICY_INSPECT) {
		*verdict = (struct policy_verdict){ .action = POLICY_ACCEPT };
		return;
	}
	policy_judge_message(&session->context->policy, results,
	    inspect_arena(session->inspect), verdict);
	conclusion->is_unsound = soundness_is_lost(session->service);
	if (conclusion->is_unsound)
		soundness_apply(session, results, verdict);
}

/* What went wrong, or NULL. */
static const char *
finish(struct session *session, struct conclusion *conclusion)
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
		refuse_forgery(&conclusion->verdict);
		return NULL;
	case INSPECT_NO_MEMORY:
		return "the message needs more memory than it may have";
	}
	session_name_message(session);
	remind_of_rules(session, results->start_s);
	trust_relayed(session, results);
	judge(session, conclusion);
	return add_field(session, conclusion);
}

/* Mail that is no SMTP client's would stay in the queue. */
static void
let_in_local(const struct session *session, struct conclusion *conclusion)
{
	if (session->trust == POLICY_NOT_SMTP)
		conclusion->verdict.action = POLICY_ACCEPT;
}

void
conclude_failure(const struct session *session, struct conclusion *conclusion,
    const char *why)
{
	make_failure(why, &conclusion->verdict);
	conclusion->failure = why;
	conclusion->field = SLICE_EMPTY;
	let_in_local(session, conclusion);
}

void
conclude_message(struct session *session, struct conclusion *conclusion)
{
	const char *why;

	conclude_header(session);
	*conclusion = (struct conclusion){
		.results = inspect_peek(session->inspect) };
	why = finish(session, conclusion);
	let_in_local(session, conclusion);
	if (why != NULL)
		conclude_failure(session, conclusion, why);
}

void
conclude_record(struct session *session,
    const struct conclusion *conclusion)
{
	bool is_ours = conclusion->failure != NULL;
	bool is_worthless = is_ours || conclusion->is_unsound;

	logline_write(is_ours ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	    &(struct logline){ .session = session,
		.results = conclusion->results,
		.verdict = &conclusion->verdict,
		.note = conclusion->is_unsound ? SOUNDNESS_NOTE : NULL });
	measure_verdict(session, &conclusion->verdict, is_worthless);
	if (!is_worthless)
		remember_message(session, &conclusion->verdict);
}
