/* base/log.h - where lines for the operator go.
 *
 * Of the folders before milter/ only dns/unbound.c and report/writer.c log:
 * protocol modules return a reason.  Safe to use from any thread; writes one
 * line per call. */
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
	LOG_SINK_JOURNAL,	/* see journal_is_built() */
};

/* "key=value" and sentences, or each line an object (RFC 8259): its "time"
 * (RFC 3339, UTC) and "level", and a "message" or keys. */
enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};

/* What an operator asks for; by itself it is syslog, or stderr for who stays in
 * the foreground. */
enum log_target {
	LOG_TARGET_AUTO,
	LOG_TARGET_STDERR,
	LOG_TARGET_SYSLOG,
	LOG_TARGET_JOURNAL,
};

enum log_sink log_choose_sink(enum log_target target, bool is_foreground);

struct log;
struct log_pairs;

struct log_settings {
	enum log_sink sink;
	enum log_format format;
	int facility;		/* syslog's constant */
};

/* As text at first.  IDENT, which begins each line, is borrowed for as long as
 * the log lives.  NULL where memory is out. */
struct log *log_create(enum log_sink sink, enum log_level threshold,
    const char *ident, int facility);

/* From now on, in place of what log_create() was told.  From one thread at a
 * time; others may write meanwhile, and each line is written whole, by what it
 * was before or by what it is now. */
void log_reconfigure(struct log *log, const struct log_settings *settings);

void log_destroy(struct log **log);

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

bool log_is_enabled(const struct log *log, enum log_level level);

/* From now on what is less urgent than THRESHOLD is not written; at any time,
 * from any thread. */
void log_set_threshold(struct log *log, enum log_level threshold);

/* Have the threshold live in memory that somebody else owns and that outlives
 * the log, such as memory that worker processes share: it takes the log's
 * threshold as it is, and is what log_set_threshold() sets from then on.  A log
 * of each process may share the same one. */
void log_share_threshold(struct log *log, atomic_int *threshold);

/* The same of what log_reconfigure() sets. */
void log_share_settings(struct log *log, atomic_uint *settings);

/* One line, without a line end.  Text from outside goes in through
 * strbuf_append_escaped first; what is left of control characters is written
 * as '?', and a line over LOG_LINE_MAX octets is cut: in JSON its message is,
 * not the object. */
#define LOG_LINE_MAX 8000
void log_write(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of pairs, whose longest values are shortened until all fit.  The
 * journal has some of them as fields beside it. */
void log_write_pairs(struct log *log, enum log_level level,
    const struct log_pairs *pairs);

/* A cause that may repeat without end: at most one line a minute, then with
 * the number of those left out; whether there was one.  Static initialisation
 * to zero is right. */
struct log_limit {
	int64_t next_ms;	/* monotonic; both are guarded by the log */
	unsigned long n_left_out;
};
bool log_write_limited(struct log *log, struct log_limit *limit,
    enum log_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
