/* milter/submission.c - see submission.h. */
#include "milter/submission.h"

#include "base/clock.h"
#include "inspect/message.h"
#include "milter/envelope.h"
#include "milter/service.h"
#include "milter/session.h"

/* Connection and HELO. */
static void
greet(struct session *session, const struct submission *submission)
{
	session_connect(session, SLICE_EMPTY, submission->listener,
	    &submission->client);
	if (session->is_connected)
		session->is_connected = inspect_helo(session->inspect,
		    submission->helo) == INSPECT_OK;
}

static void
feed(struct session *session, const struct submission *submission)
{
	int64_t start_us = clock_monotonic_us();
	enum inspect_status status;

	for (size_t i = 0; i < submission->n_recipients; i++)
		session_add_recipient(session, submission->recipients[i]);
	if (session->failure != NULL)
		return;
	status = message_feed(session->inspect, submission->octets);
	session->has_header_ended = true;
	measure_octets(session, submission->octets.len);
	measure_time(session, MILTER_STAGE_BODY, start_us);
	switch (status) {
	case INSPECT_OK:
	case INSPECT_TOO_MANY_FORGED:	/* the end of the message tells */
		break;
	case INSPECT_OUT_OF_ORDER:
	case INSPECT_NO_MEMORY:
		session_note_failure(session,
		    "the message could not be read");
		break;
	}
}

static enum envelope_step
begin(struct session *session, const struct submission *submission,
    struct policy_verdict *verdict)
{
	int64_t start_us = clock_monotonic_us();
	const struct envelope envelope = {
		.sender = submission->sender,
		.is_smtputf8 = submission->is_smtputf8,
		.is_authenticated = submission->is_authenticated,
		.queue_id = submission->queue_id,
	};
	enum envelope_step step = envelope_begin(session, &envelope, verdict);

	measure_time(session, MILTER_STAGE_MAIL, start_us);
	return step;
}

static void
conclude(struct session *session, struct conclusion *conclusion)
{
	int64_t start_us = clock_monotonic_us();

	conclude_message(session, conclusion);
	conclude_record(session, conclusion);
	measure_time(session, MILTER_STAGE_END, start_us);
	measure_end_of_message(session);
}

static void
judge(struct session *session, const struct submission *submission,
    struct submission_outcome *outcome)
{
	struct conclusion *conclusion = &outcome->conclusion;

	switch (begin(session, submission, &conclusion->verdict)) {
	case ENVELOPE_OPEN:
		feed(session, submission);
		conclude(session, conclusion);
		return;
	case ENVELOPE_REFUSED:
		outcome->is_at_mail = true;
		conclusion->results = inspect_peek(session->inspect);
		return;
	case ENVELOPE_PASSED_BY:
		conclusion->verdict.action = POLICY_ACCEPT;
		return;
	}
}

static void
run(struct session *session, const struct submission *submission,
    void (*tell)(void *context, const struct submission_outcome *outcome),
    void *context)
{
	struct submission_outcome outcome = { .session = session->id };

	greet(session, submission);
	judge(session, submission, &outcome);
	outcome.trust = session->trust;
	if (outcome.conclusion.verdict.action == POLICY_REDIRECT)
		outcome.redirect =
		    session->context->policy.quarantine_address;
	tell(context, &outcome);
	session_end_message(session);
}

bool
submission_judge(const struct submission *submission,
    void (*tell)(void *context, const struct submission_outcome *outcome),
    void *context)
{
	struct service *service = service_get();
	struct session *session;
	bool is_created;

	if (!service_enter(service))
		return false;
	session = session_create(service);
	is_created = session != NULL;
	if (is_created)
		run(session, submission, tell, context);
	session_destroy(&session);
	service_leave(service);
	return is_created;
}
