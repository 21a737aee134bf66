/* milter/envelope.h - MAIL: a message begins, or is refused at once. */
#ifndef ASSAY_MILTER_ENVELOPE_H
#define ASSAY_MILTER_ENVELOPE_H

#include "base/slice.h"

struct policy_verdict;
struct session;

/* What MAIL tells; all of it is copied. */
struct envelope {
	struct slice sender;	/* the command's argument */
	bool is_smtputf8;
	bool is_authenticated;	/* the client */
	struct slice mta_name;	/* the MTA's, empty where it has told none */
	struct slice queue_id;	/* the same */
};

enum envelope_step {
	ENVELOPE_OPEN = 0,	/* the message goes on */
	ENVELOPE_REFUSED,	/* with the verdict's reply */
	ENVELOPE_PASSED_BY,	/* it is let in, without us */
};

/* *VERDICT is filled in where the message is refused: REJECT or TEMPFAIL.  It
 * lives until session_end_message, which is the caller's to call then.  May
 * wait for DNS. */
enum envelope_step envelope_begin(struct session *session,
    const struct envelope *envelope, struct policy_verdict *verdict);

#endif
