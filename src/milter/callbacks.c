/* milter/callbacks.c - libmilter's events, each a few lines.
 *
 * libmilter keeps most events in order, not all of them, and the far side of
 * the socket may be anyone: every callback looks whether there is a session
 * and a message before it touches them. */
#include "milter/callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "milter/conclude.h"
#include "milter/envelope.h"
#include "milter/logline.h"
#include "milter/macros.h"
#include "milter/negotiate.h"
#include "milter/perform.h"
#include "milter/service.h"
#include "milter/session.h"

#define PROBLEM_MEMORY ((size_t)1024)

/* The connection's session, made at its first event.  NULL where memory is
 * out, and at the very end of the process. */
static struct session *
find_session(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		return session;
	if (!service_enter(service_get()))
		return NULL;
	session = session_create(service_get());
	if (session == NULL)
		log_write_limited(service_get()->log,
		    &service_get()->memory_limit, LOG_LEVEL_ERROR,
		    "no memory for a session");
	else if (smfi_setpriv(ctx, session) != MI_SUCCESS)
		session_destroy(&session);
	if (session == NULL)
		service_leave(service_get());
	else
		measure_connect(service_get());
	return session;
}

/* The session if it has an open message, else NULL. */
static struct session *
find_message(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	return session != NULL && session->is_open ? session : NULL;
}

/* The answer of a callback that always goes on; NO_REPLY is its SMFIP_NR_
 * bit.  libmilter complains where it gets the wrong one. */
static sfsistat
go_on(SMFICTX *ctx, unsigned long no_reply)
{
	const struct session *session = smfi_getpriv(ctx);

	return session != NULL && (session->steps & no_reply) != 0 ?
	    SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static void
complain_of_mta(struct slice missing)
{
	log_write_limited(service_get()->log,
	    &service_get()->refusal_limit, LOG_LEVEL_ERROR,
	    "the MTA does not let a milter %.*s, which the configuration "
	    "needs: its connection is refused", SLICE_PRINTF(missing));
}

/* By the configuration as it is now: the messages may come under another. */
static bool
choose(struct session *session, const struct negotiation *offered,
    struct negotiation *chosen)
{
	struct milter_context *context =
	    service_retain_context(session->service);
	struct strbuf missing;
	bool is_chosen;

	strbuf_init(&missing, session->arena, PROBLEM_MEMORY);
	is_chosen = negotiate_choose(&context->policy, offered, chosen,
	    &missing);
	session->is_one_too_many = !session_admit(session,
	    context->limits.max_sessions);
	service_release_context(context);
	if (!is_chosen)
		complain_of_mta(strbuf_slice(&missing));
	return is_chosen;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long more1, unsigned long more2, unsigned long *actions_out,
    unsigned long *steps_out, unsigned long *more1_out,
    unsigned long *more2_out)
{
	struct negotiation offered = { actions, steps }, chosen;
	struct session *session = find_session(ctx);

	(void)more1;		/* reserved by libmilter */
	(void)more2;
	*more1_out = *more2_out = 0;
	if (session == NULL)
		return SMFIS_REJECT;
	if (!choose(session, &offered, &chosen))
		return SMFIS_REJECT;
	if ((chosen.actions & SMFIF_SETSYMLIST) != 0 && !macros_request(ctx)) {
		log_write_limited(session->service->log,
		    &session->service->macros_limit, LOG_LEVEL_ERROR,
		    "session=%s: the macros cannot be asked for", session->id);
		return SMFIS_REJECT;
	}
	/* A connection is refused by a reply to CONNECT, nowhere else. */
	if (session->is_one_too_many)
		chosen.steps &= ~(unsigned long)SMFIP_NR_CONN;
	session->steps = chosen.steps;
	session->actions = chosen.actions;
	session->is_negotiated = true;
	*actions_out = chosen.actions;
	*steps_out = chosen.steps;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *client_name, struct sockaddr *address)
{
	struct session *session = find_session(ctx);
	struct ip_address client = ip_from_sockaddr(address);

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	if (session->is_one_too_many) {
		session_hit_limit(session, LIMIT_SESSIONS);
		/* Local mail cannot wait: it goes on without us. */
		return client.family == IP_NONE ? SMFIS_ACCEPT :
		    SMFIS_TEMPFAIL;
	}
	session_connect(session, slice_from_cstr(client_name),
	    macros_get(ctx, MACRO_DAEMON_NAME), &client);
	return go_on(ctx, SMFIP_NR_CONN);
}

static void
log_abort(const struct session *session, const char *why)
{
	logline_write(LOG_LEVEL_DEBUG, &(struct logline){
		.session = session, .results = inspect_peek(session->inspect),
		.note = why });
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL || !session->is_connected)
		return go_on(ctx, SMFIP_NR_HELO);	/* MAIL is deferred */
	if (session->is_open)
		log_abort(session, "aborted by HELO");
	session_end_message(session);
	if (inspect_helo(session->inspect, slice_from_cstr(name)) !=
	    INSPECT_OK) {
		log_write_limited(session->service->log,
		    &session->service->memory_limit, LOG_LEVEL_ERROR,
		    "session=%s: no memory for HELO", session->id);
		session->is_connected = false;	/* MAIL is deferred */
	}
	return go_on(ctx, SMFIP_NR_HELO);
}

/* Without our text the MTA uses its own; the refusal stands. */
static sfsistat
refuse(const struct session *session, SMFICTX *ctx,
    const struct policy_verdict *verdict, size_t prefix_octets)
{
	struct service *service = session->service;

	if (!perform_reply(ctx, verdict->code, verdict->enhanced,
	    verdict->text, prefix_octets))
		log_write_limited(service->log, &service->reply_limit,
		    LOG_LEVEL_WARNING,
		    "session=%s: the MTA's own text is sent in place of ours",
		    session->id);
	return verdict->action == POLICY_REJECT ? SMFIS_REJECT :
	    SMFIS_TEMPFAIL;
}

static bool
has_parameter(char *const *argv, struct slice name)
{
	for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++)
		if (slice_eq_nocase(slice_from_cstr(argv[i]), name))
			return true;
	return false;
}

/* Sendmail begins its reply to MAIL with "<sender>... ". */
static size_t
measure_prefix(const struct session *session)
{
	const struct inspect_results *results = inspect_peek(session->inspect);

	return results == NULL ? 0 :
	    results->sender.address.len + strlen("<>... ");
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = find_session(ctx);
	const struct envelope envelope = {
		.sender = slice_from_cstr(argv[0]),
		.is_smtputf8 = has_parameter(argv, SLICE("SMTPUTF8")),
		.is_authenticated =
		    macros_get(ctx, MACRO_AUTH_AUTHEN).len != 0,
		.mta_name = macros_get(ctx, MACRO_HOSTNAME),
		.queue_id = macros_get(ctx, MACRO_QUEUE_ID),
	};
	struct policy_verdict verdict;
	sfsistat answer = SMFIS_CONTINUE;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	if (session->is_open)
		log_abort(session, "aborted by MAIL");
	switch (envelope_begin(session, &envelope, &verdict)) {
	case ENVELOPE_OPEN:
		return SMFIS_CONTINUE;
	case ENVELOPE_REFUSED:
		answer = refuse(session, ctx, &verdict,
		    measure_prefix(session));
		break;
	case ENVELOPE_PASSED_BY:
		answer = SMFIS_ACCEPT;
		break;
	}
	session_end_message(session);
	return answer;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = find_message(ctx);

	if (session != NULL) {
		session_set_queue_id(session, macros_get(ctx, MACRO_QUEUE_ID));
		session_add_recipient(session, slice_from_cstr(argv[0]));
	}
	return go_on(ctx, SMFIP_NR_RCPT);
}

/* Without SMFIP_HDR_LEADSPC the MTA has eaten one space in front of the value:
 * nearly all have it, and it counts for "simple" signatures. */
static enum inspect_status
add_field_with_space(struct inspect *in, struct slice name,
    struct slice value)
{
	char *text = malloc(value.len + 1);
	enum inspect_status status;

	if (text == NULL)
		return INSPECT_NO_MEMORY;
	text[0] = ' ';
	memcpy(text + 1, value.ptr, value.len);
	status = inspect_add_field(in, name,
	    (struct slice){ text, value.len + 1 });
	free(text);
	return status;
}

/* What begins with a tab or a line end most likely had no space before it:
 * software that folds at once puts nothing behind "Message-ID:".  Where the
 * negotiation is not known the value tells by how it begins. */
static bool
is_space_missing(const struct session *session, const char *value)
{
	if (value[0] == '\t' || value[0] == '\r' || value[0] == '\n')
		return false;
	if (session->is_negotiated)
		return (session->steps & SMFIP_HDR_LEADSPC) == 0;
	return value[0] != ' ';
}

static sfsistat
on_field(SMFICTX *ctx, char *name_text, char *value_text)
{
	struct session *session = find_message(ctx);
	struct slice name = slice_from_cstr(name_text);
	struct slice value = slice_from_cstr(value_text);
	enum inspect_status status;

	if (session == NULL || session->failure != NULL)
		return go_on(ctx, SMFIP_NR_HDR);
	status = is_space_missing(session, value_text) ?
	    add_field_with_space(session->inspect, name, value) :
	    inspect_add_field(session->inspect, name, value);
	switch (status) {
	case INSPECT_OK:
	case INSPECT_TOO_MANY_FORGED:	/* the end of the message tells */
		break;
	case INSPECT_OUT_OF_ORDER:
		session_note_failure(session,
		    "the MTA sent a field behind the header");
		break;
	case INSPECT_NO_MEMORY:
		session_note_failure(session,
		    "the header needs more memory than it may have");
		break;
	}
	return go_on(ctx, SMFIP_NR_HDR);
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	struct session *session = find_message(ctx);

	if (session != NULL) {
		session_set_queue_id(session, macros_get(ctx, MACRO_QUEUE_ID));
		conclude_header(session);
	}
	return go_on(ctx, SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	struct session *session = find_message(ctx);
	struct slice piece = { (const char *)chunk, len };

	if (session == NULL || session->failure != NULL)
		return go_on(ctx, SMFIP_NR_BODY);
	conclude_header(session);
	if (inspect_wants_body(session->inspect) &&
	    inspect_add_body(session->inspect, piece) != INSPECT_OK)
		session_note_failure(session, "the body could not be read");
	return go_on(ctx, SMFIP_NR_BODY);
}

/* All that is done before the final reply. */
static void
carry_out(const struct session *session, SMFICTX *ctx,
    struct conclusion *conclusion)
{
	const char *what;

	if (conclusion->field.len == 0)
		return;
	what = perform_changes(ctx, session, conclusion->results,
	    &conclusion->verdict, conclusion->field);
	if (what != NULL)
		conclude_failure(session, conclusion, what);
}

static sfsistat
reply(const struct session *session, SMFICTX *ctx,
    const struct policy_verdict *verdict)
{
	switch (verdict->action) {
	case POLICY_ACCEPT:
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		break;
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		return refuse(session, ctx, verdict, 0);
	}
	return SMFIS_CONTINUE;
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
	struct session *session = find_message(ctx);

	struct conclusion conclusion;
	sfsistat answer;

	if (session == NULL)	/* no MTA does so */
		return SMFIS_TEMPFAIL;
	session_set_queue_id(session, macros_get(ctx, MACRO_QUEUE_ID));
	conclude_message(session, &conclusion);
	carry_out(session, ctx, &conclusion);
	conclude_record(session, &conclusion);
	answer = reply(session, ctx, &conclusion.verdict);
	session_end_message(session);
	return answer;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = find_message(ctx);

	if (session != NULL) {
		log_abort(session, "aborted");
		session_end_message(session);
	}
	return SMFIS_CONTINUE;
}

/* Whoever has connected spoke no milter protocol. */
static void
note_stranger(struct service *service)
{
	if (!service_enter(service))
		return;
	measure_connect(service);
	measure_disconnect(service, true);
	service_leave(service);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL) {
		note_stranger(service_get());
		return SMFIS_CONTINUE;
	}
	if (session->is_open)
		log_abort(session, "aborted by close");
	measure_disconnect(service_get(),
	    !session->is_negotiated && !session->is_connected);
	session_destroy(&session);
	/* It fails only without a context, which libmilter just gave us. */
	(void)smfi_setpriv(ctx, NULL);
	service_leave(service_get());
	return SMFIS_CONTINUE;
}

/* ---- the same, with a look at the clock ---------------------------------- */

static void
measure_since(SMFICTX *ctx, enum milter_stage stage, size_t octets,
    int64_t start_us)
{
	struct session *session = find_message(ctx);

	if (session == NULL)
		return;
	measure_octets(session, octets);
	measure_time(session, stage, start_us);
}

static sfsistat
timed_mail(SMFICTX *ctx, char **argv)
{
	int64_t start_us = clock_monotonic_us();
	sfsistat answer = on_mail(ctx, argv);
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		measure_time(session, MILTER_STAGE_MAIL, start_us);
	return answer;
}

static sfsistat
timed_field(SMFICTX *ctx, char *name, char *value)
{
	int64_t start_us = clock_monotonic_us();
	sfsistat answer = on_field(ctx, name, value);

	measure_since(ctx, MILTER_STAGE_HEADER,
	    strlen(name) + strlen(value) + strlen(":\r\n"), start_us);
	return answer;
}

static sfsistat
timed_end_of_header(SMFICTX *ctx)
{
	int64_t start_us = clock_monotonic_us();
	sfsistat answer = on_end_of_header(ctx);

	measure_since(ctx, MILTER_STAGE_HEADER, 0, start_us);
	return answer;
}

static sfsistat
timed_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	int64_t start_us = clock_monotonic_us();
	sfsistat answer = on_body(ctx, chunk, len);

	measure_since(ctx, MILTER_STAGE_BODY, len, start_us);
	return answer;
}

static sfsistat
timed_end_of_message(SMFICTX *ctx)
{
	int64_t start_us = clock_monotonic_us();
	struct session *session = find_message(ctx);
	sfsistat answer = on_end_of_message(ctx);

	if (session != NULL) {
		measure_time(session, MILTER_STAGE_END, start_us);
		measure_end_of_message(session);
	}
	return answer;
}

struct smfiDesc
callbacks_describe(void)
{
	return (struct smfiDesc){
		.xxfi_name = libmilter_text("assay"),
		.xxfi_version = SMFI_VERSION,
		/* on_negotiate decides; these are the least it asks for. */
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
		.xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = timed_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = timed_field,
		.xxfi_eoh = timed_end_of_header,
		.xxfi_body = timed_body,
		.xxfi_eom = timed_end_of_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
	};
}
