/* milter/conclude.h - the end of a message: verdict, field, log, store. */
#ifndef ASSAY_MILTER_CONCLUDE_H
#define ASSAY_MILTER_CONCLUDE_H

#include "policy/policy.h"

struct session;

struct conclusion {
	struct policy_verdict verdict;	/* its action is to be carried out */
	/* What was found; NULL where memory was out from the first. */
	const struct inspect_results *results;
	/* The value of our Authentication-Results field, with forged ones to be
	 * removed.  Empty where neither is to be done. */
	struct slice field;
	const char *failure;	/* what went wrong, or NULL */
	bool is_unsound;	/* milter/soundness.h: it has no results */
};

/* The header has ended, by its own event or because the body has come. */
void conclude_header(struct session *session);

/* The end of a message that is open; its conclusion lives until
 * session_end_message.  Waits for DNS. */
void conclude_message(struct session *session,
    struct conclusion *conclusion_out);

/* It could not be carried out: WHY, a static text. */
void conclude_failure(const struct session *session,
    struct conclusion *conclusion, const char *why);

/* Into the log, the metrics and the store. */
void conclude_record(struct session *session,
    const struct conclusion *conclusion);

#endif
