/* milter/remember.c - see remember.h. */
#include "milter/remember.h"

#include "milter/service.h"
#include "milter/session.h"
#include "report/gather.h"

bool
remember_wants_recipients(const struct milter_context *context)
{
	return context->writer != NULL &&
	    report_wants_recipients(context->report);
}

void
remember_message(const struct session *session,
    const struct policy_verdict *verdict)
{
	const struct milter_context *context = session->service->context;
	const struct report_message message = {
		.options = context->report,
		.discovery = context->inspect.dmarc.discovery,
		.results = inspect_peek(session->inspect),
		.verdict = verdict,
	};

	if (context->writer != NULL && session->trust == POLICY_INSPECT)
		report_remember(&message, inspect_arena(session->inspect),
		    context->writer);
}
