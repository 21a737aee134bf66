/* report/bounce.h - a bounce (RFC 3464) of a message of ours. */
#ifndef ASSAY_REPORT_BOUNCE_H
#define ASSAY_REPORT_BOUNCE_H

#include "base/slice.h"

struct report_input;

/* Octets read of a bounce; what is behind them is not needed. */
#define BOUNCE_MAX_OCTETS ((uint64_t)1024 * 1024)
#define BOUNCE_MAX_RECIPIENTS 100

enum bounce_kind {
	BOUNCE_NONE = 0,	/* no delivery status notification */
	BOUNCE_PASSING,		/* delayed, relayed, delivered, failed for
				 * now */
	BOUNCE_PERMANENT,	/* failed for good, for some recipient */
};

struct bounce {
	enum bounce_kind kind;
	struct slice status;	/* of the recipient that makes it so: "5.1.1" */
	/* Of the message returned; empty where that is not ours, or not
	 * there. */
	struct slice report_id, token;
};

/* Lives in the input's arena.  What cannot be read is NONE. */
void bounce_read(struct report_input *message, struct bounce *bounce_out);

#endif
