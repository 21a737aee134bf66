/* report/deliver.c - see deliver.h. */
#include "report/deliver.h"

#include "base/strbuf.h"

struct deliverer *
deliver_open(const char *transport, const char *helo, struct strbuf *problem)
{
	static const struct slice sendmail = SLICE_INIT("sendmail:");
	struct slice text = slice_from_cstr(transport);
	struct deliverer *deliverer;

	if (slice_starts_with(text, sendmail)) {
		deliverer = deliver_open_sendmail(transport + sendmail.len);
	} else if (slice_starts_with(text, SLICE("smtp://"))) {
		deliverer = deliver_open_smtp(transport, helo);
	} else {
		strbuf_append(problem, SLICE("report.transport is neither "
		    "\"sendmail:PATH\" nor \"smtp://HOST:PORT\""));
		return NULL;
	}
	if (deliverer == NULL)
		strbuf_append(problem, SLICE("memory is out"));
	return deliverer;
}

void
deliver_close(struct deliverer **deliverer)
{
	if (*deliverer == NULL)
		return;
	(*deliverer)->ops->close(*deliverer);
	*deliverer = NULL;
}
