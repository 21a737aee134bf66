/* milter/logline.h - the one line that the log has of a message. */
#ifndef ASSAY_MILTER_LOGLINE_H
#define ASSAY_MILTER_LOGLINE_H

#include "base/log.h"

struct inspect_results;
struct policy_verdict;
struct session;
struct strbuf;

struct logline {
	const struct session *session;
	const struct inspect_results *results;	/* NULL: nothing is known */
	const struct policy_verdict *verdict;	/* NULL: there is none */
	bool is_at_mail;	/* refused there, or would have been */
	const char *note;	/* of a fault or an abort; NULL for none */
};

/* "session=ID queue=ID client=..." and so on, key=value with a space between;
 * what came from outside is cut, and quoted where it has a space, a quote, a
 * backslash or anything not printable. */
void logline_append(struct strbuf *text, const struct logline *line);

/* The same, written at LEVEL. */
void logline_write(enum log_level level, const struct logline *line);

#endif
