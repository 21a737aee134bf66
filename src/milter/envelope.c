/* milter/envelope.c - see envelope.h. */
#include "milter/envelope.h"

#include <string.h>

#include "base/arena.h"
#include "inspect/inspect.h"
#include "milter/logline.h"
#include "milter/macros.h"
#include "milter/negotiate.h"
#include "milter/perform.h"
#include "milter/remember.h"
#include "milter/service.h"
#include "milter/session.h"

static sfsistat
defer(SMFICTX *ctx, const char *enhanced, struct slice text)
{
	/* Without our text the MTA uses its own; the refusal stands. */
	(void)perform_reply(ctx, "451", enhanced, text, 0);
	return SMFIS_TEMPFAIL;
}

static bool
has_parameter(char *const *argv, struct slice name)
{
	for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++)
		if (slice_eq_nocase(slice_from_cstr(argv[i]), name))
			return true;
	return false;
}

/* Configured, else the MTA's name for itself, else the host's. */
static struct slice
choose_authserv_id(const struct session *session, SMFICTX *ctx)
{
	const struct milter_context *context = session->context;
	struct slice id = slice_from_cstr(context->authserv_id);

	if (id.len == 0)
		id = macros_get(ctx, MACRO_HOSTNAME);
	return id.len != 0 ? id : slice_from_cstr(context->hostname);
}

static bool
open_message(struct session *session, SMFICTX *ctx, char *const *argv)
{
	struct slice argument = slice_from_cstr(argv[0]);
	struct slice id = choose_authserv_id(session, ctx);
	bool is_smtputf8 = has_parameter(argv, SLICE("SMTPUTF8"));
	enum inspect_status status = session->trust == POLICY_INSPECT ?
	    inspect_mail(session->inspect, argument, is_smtputf8, id) :
	    inspect_mail_unchecked(session->inspect, argument, is_smtputf8,
	    id);

	return status == INSPECT_OK && arena_copy(
	    inspect_arena(session->inspect), id, &session->authserv_id);
}

/* The message cannot be begun.  Mail that is no SMTP client's must not be
 * refused, it would stay in the queue: it goes on without us. */
static sfsistat
give_up(struct session *session, SMFICTX *ctx, const char *why)
{
	bool is_local = session->trust == POLICY_NOT_SMTP;

	logline_write(LOG_LEVEL_ERROR, &(struct logline){
		.session = session, .results = inspect_peek(session->inspect),
		.is_at_mail = true, .note = why });
	session_end_message(session);
	return is_local ? SMFIS_ACCEPT :
	    defer(ctx, "4.3.0", SLICE("temporary failure, try again later"));
}

/* Sendmail begins its reply to MAIL with "<sender>... ". */
static size_t
measure_prefix(const struct session *session)
{
	return inspect_peek(session->inspect)->sender.address.len +
	    strlen("<>... ");
}

static sfsistat
refuse_sender(struct session *session, SMFICTX *ctx,
    const struct policy_verdict *verdict)
{
	bool is_permanent = verdict->action == POLICY_REJECT;

	if (!perform_reply(ctx, verdict->code, verdict->enhanced,
	    verdict->text, measure_prefix(session)))
		log_write(session->service->log, LOG_LEVEL_WARNING,
		    "session=%s: the MTA's own text is sent in place of ours",
		    session->id);
	session_end_message(session);
	return is_permanent ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* SPF is waited for here only where a result can be refused here. */
static sfsistat
judge_sender(struct session *session, SMFICTX *ctx)
{
	const struct policy_options *policy =
	    &session->context->policy;
	const struct spf_outcome *spf;
	struct policy_verdict verdict;

	if (policy->spf_reject == 0 || session->trust != POLICY_INSPECT ||
	    !session->context->inspect.is_spf_enabled ||
	    inspect_peek(session->inspect)->is_relayed)
		return SMFIS_CONTINUE;
	if (inspect_get_spf(session->inspect, &spf) != INSPECT_OK)
		return give_up(session, ctx, "SPF found no memory");
	session_name_message(session);
	policy_judge_sender(policy, inspect_peek(session->inspect),
	    inspect_arena(session->inspect), &verdict);
	if (verdict.wanted == POLICY_ACCEPT)
		return SMFIS_CONTINUE;
	logline_write(LOG_LEVEL_INFO, &(struct logline){
		.session = session, .results = inspect_peek(session->inspect),
		.verdict = &verdict, .is_at_mail = true });
	if (verdict.action == POLICY_ACCEPT)
		return SMFIS_CONTINUE;
	remember_message(session, &verdict);
	return refuse_sender(session, ctx, &verdict);
}

/* While draining.  Local mail cannot wait: it goes on without us. */
static sfsistat
turn_away(struct session *session, SMFICTX *ctx)
{
	log_write(session->service->log, LOG_LEVEL_DEBUG,
	    "session=%s: shutting down, no new message", session->id);
	return session->client.family == IP_NONE ? SMFIS_ACCEPT :
	    defer(ctx, "4.3.2", SLICE("shutting down, try again later"));
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
static sfsistat
put_off(struct session *session, SMFICTX *ctx)
{
	log_write_limited(session->service->log,
	    &session->service->action_limit, LOG_LEVEL_ERROR, "session=%s: "
	    "the MTA did not offer all that the configuration needs by now "
	    "(dmarc.quarantine): the session's mail is deferred", session->id);
	session_end_message(session);
	return session->client.family == IP_NONE ? SMFIS_ACCEPT :
	    defer(ctx, "4.3.0", SLICE("temporary failure, try again later"));
}

sfsistat
envelope_begin(struct session *session, SMFICTX *ctx, char *const *argv)
{
	if (!session->is_connected)	/* no MTA does so; nothing is known */
		return defer(ctx, "4.3.0", SLICE("MAIL without connection"));
	if (!session_begin_message(session))
		return turn_away(session, ctx);
	if (!can_perform(session))
		return put_off(session, ctx);
	session->trust = policy_check_trust(&session->context->policy,
	    &session->client, macros_get(ctx, MACRO_AUTH_AUTHEN).len != 0);
	if (!open_message(session, ctx, argv))
		return give_up(session, ctx, "no memory for the message");
	session_look_for_queue_id(session, ctx);
	return judge_sender(session, ctx);
}
