/* milter/remember.c - see remember.h. */
#include "milter/remember.h"

#include "milter/service.h"
#include "milter/session.h"
#include "report/failure.h"
#include "report/gather.h"
#include "report/writer.h"

bool
remember_wants_recipients(const struct milter_context *context)
{
	return context->writer != NULL &&
	    report_wants_recipients(context->report);
}

/* A report on this message by itself (RFC 9991). */
static void
remember_failure(const struct session *session,
    const struct report_message *message)
{
	struct report_writer *writer = session->context->writer;
	struct arena *arena = inspect_arena(session->inspect);
	const struct report_failure_request request = {
		.options = message->options,
		.results = message->results,
		.verdict = message->verdict,
		.authserv_id = session->authserv_id,
		.key = report_get_secret(writer),
		.gate = report_get_failure_gate(writer),
	};
	struct slice octets;

	if (report_gather_failure(&request, arena, &octets))
		report_write(writer, REPORT_RECORD_FAILURE,
		    message->results->start_s, octets);
}

void
remember_message(const struct session *session,
    const struct policy_verdict *verdict)
{
	const struct milter_context *context = session->context;
	const struct report_message message = {
		.options = context->report,
		.discovery = context->inspect.dmarc.discovery,
		.results = inspect_peek(session->inspect),
		.verdict = verdict,
	};

	if (context->writer == NULL || session->trust != POLICY_INSPECT)
		return;
	report_remember(&message, inspect_arena(session->inspect),
	    context->writer);
	remember_failure(session, &message);
}
