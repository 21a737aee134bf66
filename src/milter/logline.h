/* milter/logline.h - the one line that the log has of a message. */
#ifndef ASSAY_MILTER_LOGLINE_H
#define ASSAY_MILTER_LOGLINE_H

#include "base/log.h"

struct inspect_results;
struct log_pairs;
struct policy_verdict;
struct session;

struct logline {
	const struct session *session;
	const struct inspect_results *results;	/* NULL: nothing is known */
	const struct policy_verdict *verdict;	/* NULL: there is none */
	bool is_at_mail;	/* refused there, or would have been */
	const char *note;	/* of a fault or an abort; NULL for none */
};

/* The pairs, "session", "id", "queue", "client" and so on, which borrow what
 * LINE points to; what came from outside is cut. */
void logline_collect(const struct logline *line, struct log_pairs *pairs);

/* Write them at LEVEL. */
void logline_write(enum log_level level, const struct logline *line);

#endif
