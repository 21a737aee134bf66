/* base/log.h - where lines for the operator go.
 *
 * Only milter/, dns/unbound.c, config/ and daemon/ log; protocol modules return
 * a reason.  Safe to use from any thread; writes one line per call. */
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include <stdatomic.h>

#include "base/slice.h"

enum log_level {
	LOG_LEVEL_ERROR = 0,	/* the operator must act */
	LOG_LEVEL_WARNING,	/* the operator should look */
	LOG_LEVEL_INFO,		/* one line per message, start and stop */
	LOG_LEVEL_DEBUG,
};

enum log_sink {
	LOG_SINK_STDERR,
	LOG_SINK_SYSLOG,
};

struct log;

/* IDENT, which begins each line, is borrowed for as long as the log lives;
 * FACILITY (syslog's constant) is for syslog.  NULL where memory is out. */
struct log *log_create(enum log_sink sink, enum log_level threshold,
    const char *ident, int facility);
void log_destroy(struct log **log);

bool log_is_enabled(const struct log *log, enum log_level level);

/* From now on what is less urgent than THRESHOLD is not written; at any time,
 * from any thread. */
void log_set_threshold(struct log *log, enum log_level threshold);

/* Have the threshold live in memory that somebody else owns and that outlives
 * the log, such as memory that worker processes share: it takes the log's
 * threshold as it is, and is what log_set_threshold() sets from then on.  A log
 * of each process may share the same one. */
void log_share_threshold(struct log *log, atomic_int *threshold);

/* One line, without a line end.  Text from outside goes in through
 * strbuf_append_escaped first; what is left of control characters is written
 * as '?', and a line over LOG_LINE_MAX octets is cut. */
#define LOG_LINE_MAX 8000
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for text that is ready. */
void log_write_text(struct log *log, enum log_level level, struct slice text);

/* A cause that may repeat without end: at most one line a minute, then with
 * the number of those left out.  Static initialisation to zero is right. */
struct log_limit {
	int64_t next_ms;	/* monotonic; both are guarded by the log */
	unsigned long n_left_out;
};
void log_write_limited(struct log *log, struct log_limit *limit,
    enum log_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
