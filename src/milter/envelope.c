/* milter/envelope.c - see envelope.h. */
#include "milter/envelope.h"

#include "base/arena.h"
#include "inspect/inspect.h"
#include "milter/logline.h"
#include "milter/negotiate.h"
#include "milter/remember.h"
#include "milter/service.h"
#include "milter/session.h"
#include "milter/soundness.h"

#define MEGABYTE ((size_t)1024 * 1024)

static enum envelope_step
defer(struct policy_verdict *verdict, const char *enhanced, struct slice text)
{
	*verdict = (struct policy_verdict){
		.action = POLICY_TEMPFAIL,
		.wanted = POLICY_TEMPFAIL,
		.code = "451",
		.enhanced = enhanced,
		.text = text,
	};
	return ENVELOPE_REFUSED;
}

/* Configured, else the MTA's name for itself, else the host's. */
static struct slice
choose_authserv_id(const struct session *session,
    const struct envelope *envelope)
{
	const struct milter_context *context = session->context;
	struct slice id = slice_from_cstr(context->authserv_id);

	if (id.len == 0)
		id = envelope->mta_name;
	return id.len != 0 ? id : slice_from_cstr(context->hostname);
}

static bool
open_message(struct session *session, const struct envelope *envelope)
{
	struct slice id = choose_authserv_id(session, envelope);
	enum inspect_status status = session->trust == POLICY_INSPECT ?
	    inspect_mail(session->inspect, envelope->sender,
	    envelope->is_smtputf8, id) :
	    inspect_mail_unchecked(session->inspect, envelope->sender,
	    envelope->is_smtputf8, id);

	return status == INSPECT_OK && arena_copy(
	    inspect_arena(session->inspect), id, &session->authserv_id);
}

/* The message cannot be begun.  Mail that is no SMTP client's must not be
 * refused, it would stay in the queue: it goes on without us. */
static enum envelope_step
give_up(struct session *session, struct policy_verdict *verdict,
    const char *why)
{
	logline_write(LOG_LEVEL_ERROR, &(struct logline){
		.session = session, .results = inspect_peek(session->inspect),
		.is_at_mail = true, .note = why });
	measure_fault(session);
	return session->trust == POLICY_NOT_SMTP ? ENVELOPE_PASSED_BY :
	    defer(verdict, "4.3.0", SLICE("temporary failure, try again "
	    "later"));
}

/* SPF is waited for here only where a result can be refused here. */
static enum envelope_step
judge_sender(struct session *session, struct policy_verdict *verdict)
{
	const struct policy_options *policy =
	    &session->context->policy;
	const struct spf_outcome *spf;
	bool is_unsound = soundness_is_lost(session->service);

	if (policy->spf_reject == 0 || session->trust != POLICY_INSPECT ||
	    !session->context->inspect.is_spf_enabled ||
	    inspect_peek(session->inspect)->is_relayed)
		return ENVELOPE_OPEN;
	if (inspect_get_spf(session->inspect, &spf) != INSPECT_OK)
		return give_up(session, verdict, "SPF found no memory");
	session_name_message(session);
	policy_judge_sender(policy, inspect_peek(session->inspect),
	    inspect_arena(session->inspect), verdict);
	if (verdict->wanted == POLICY_ACCEPT)
		return ENVELOPE_OPEN;
	if (is_unsound)
		soundness_apply(session, inspect_peek(session->inspect),
		    verdict);
	logline_write(LOG_LEVEL_INFO, &(struct logline){
		.session = session, .results = inspect_peek(session->inspect),
		.verdict = verdict, .is_at_mail = true,
		.note = is_unsound ? SOUNDNESS_NOTE : NULL });
	if (verdict->action == POLICY_ACCEPT)
		return ENVELOPE_OPEN;
	if (!is_unsound)
		remember_message(session, verdict);
	measure_verdict(session, verdict, is_unsound);
	return ENVELOPE_REFUSED;
}

/* While draining.  Local mail cannot wait: it goes on without us. */
static enum envelope_step
turn_away(struct session *session, struct policy_verdict *verdict)
{
	log_write(session->service->log, LOG_LEVEL_DEBUG,
	    "session=%s: shutting down, no new message", session->id);
	measure_turned_away(session);
	return session->client.family == IP_NONE ? ENVELOPE_PASSED_BY :
	    defer(verdict, "4.3.2", SLICE("shutting down, try again later"));
}

/* A configuration that is younger than the session may need what the MTA did
 * not offer.  A new session would be refused, whereupon the MTA does whatever
 * it is told to do without a milter; this one lasts, and its mail waits. */
static bool
can_perform(const struct session *session)
{
	return !session->is_negotiated ||	/* then the end will tell */
	    negotiate_suffices(&session->context->policy, session->actions);
}

/* Local mail cannot wait: it goes on without us. */
static enum envelope_step
put_off(struct session *session, struct policy_verdict *verdict)
{
	log_write_limited(session->service->log,
	    &session->service->action_limit, LOG_LEVEL_ERROR, "session=%s: "
	    "the MTA did not offer all that the configuration needs by now "
	    "(dmarc.quarantine): the session's mail is deferred", session->id);
	measure_turned_away(session);
	return session->client.family == IP_NONE ? ENVELOPE_PASSED_BY :
	    defer(verdict, "4.3.0", SLICE("temporary failure, try again "
	    "later"));
}

/* Those that are open go on, and take what they may. */
static bool
is_memory_full(const struct session *session)
{
	const struct service *service = session->service;

	return session->context->limits.memory_mb != 0 &&
	    atomic_load_explicit(&service->memory.octets,
	    memory_order_relaxed) / MEGABYTE >=
	    session->context->limits.memory_mb;
}

/* Local mail cannot wait: it goes on without us. */
static enum envelope_step
refuse_memory(struct session *session, struct policy_verdict *verdict)
{
	session_hit_limit(session, LIMIT_MEMORY);
	measure_turned_away(session);
	return session->client.family == IP_NONE ? ENVELOPE_PASSED_BY :
	    defer(verdict, "4.3.1", SLICE("too much mail at once, try again "
	    "later"));
}

enum envelope_step
envelope_begin(struct session *session, const struct envelope *envelope,
    struct policy_verdict *verdict)
{
	if (!session->is_connected)	/* no MTA does so; nothing is known */
		return defer(verdict, "4.3.0",
		    SLICE("MAIL without connection"));
	if (!session_begin_message(session))
		return turn_away(session, verdict);
	if (!can_perform(session))
		return put_off(session, verdict);
	if (is_memory_full(session))
		return refuse_memory(session, verdict);
	session->trust = policy_check_trust(&session->context->policy,
	    &session->client, envelope->is_authenticated);
	if (!open_message(session, envelope))
		return give_up(session, verdict, "no memory for the message");
	session_set_queue_id(session, envelope->queue_id);
	return judge_sender(session, verdict);
}
