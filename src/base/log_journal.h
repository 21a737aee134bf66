/* base/log_journal.h - a line of the log with the fields that the journal has
 * beside it. */
#ifndef ASSAY_BASE_LOG_JOURNAL_H
#define ASSAY_BASE_LOG_JOURNAL_H

#include "base/slice.h"

struct log_pairs;

struct log_journal_line {
	struct slice message;	/* begins with JOURNAL_MESSAGE */
	struct slice ident;
	int priority, facility;	/* syslog's constants */
	const struct log_pairs *pairs;	/* NULL: a message in words */
};

/* PRIORITY, SYSLOG_FACILITY and SYSLOG_IDENTIFIER; and of the pairs ASSAY_ID
 * and others, escaped as in the line. */
void log_journal_write(const struct log_journal_line *line);

#endif
