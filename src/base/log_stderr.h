/* base/log_stderr.h - lines for stderr, whose reader may have gone to sleep.
 *
 * A pipe or a socket that nobody reads is full after some lines, and a write
 * would wait for the reader, be it for hours: no log is worth the mail that
 * would wait behind it.  Lines that find no room are lost, and counted. */
#ifndef ASSAY_BASE_LOG_STDERR_H
#define ASSAY_BASE_LOG_STDERR_H

#include "base/slice.h"

struct log_stderr;

/* NULL where memory is out. */
struct log_stderr *log_stderr_create(void);

/* Accepts NULL; *ERR is NULL then. */
void log_stderr_destroy(struct log_stderr **err);

/* Lines are to come: make ready for them, while we may be root.  Not needed
 * otherwise. */
void log_stderr_prepare(struct log_stderr *err);

/* LINE with its line end, at once.  Waits a moment for a reader who is late,
 * once, and then no more until there is room again.  Where LINE is the first
 * that was written again, how many were lost before it: the caller writes a
 * line of that and calls log_stderr_told. */
unsigned long log_stderr_write(struct log_stderr *err, struct slice line);

/* That line was written, or lost like the others: then it is told again. */
void log_stderr_told(struct log_stderr *err, unsigned long n_lost);

#endif
