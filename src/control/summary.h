/* control/summary.h - what the page shows, as JSON (RFC 8259).
 *
 * Texts that come from outside, such as author domains, are in it as they are:
 * they are text for whoever reads this, and never markup. */
#ifndef ASSAY_CONTROL_SUMMARY_H
#define ASSAY_CONTROL_SUMMARY_H

#include <stdint.h>

struct control_host;
struct keeper;
struct milter_context;
struct samples;
struct strbuf;

/* All borrowed. */
struct summary {
	const struct control_host *host;
	const struct milter_context *context;	/* the present one */
	const struct samples *samples;
	struct keeper *keeper;	/* its turn has been */
	int64_t now_ms;		/* monotonic */
	int64_t now_s;		/* wall clock */
};

/* One object.  OUT has failed where memory is out. */
void summary_append(struct strbuf *out, const struct summary *summary);

#endif
