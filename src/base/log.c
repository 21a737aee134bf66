/* base/log.c - see log.h.
 *
 * How lines are written is one atomic word, which each line reads once: a
 * reload changes it under threads that write, and no lock is held over a
 * write. */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/journal.h"
#include "base/log_journal.h"
#include "base/log_json.h"
#include "base/log_pairs.h"
#include "base/log_stderr.h"

#define LIMIT_INTERVAL_MS 60000

struct log {
	/* The pointers are to these, or to what others own. */
	atomic_uint own_settings;	/* as pack() puts them */
	atomic_int own_threshold;
	_Atomic(atomic_uint *) settings;
	_Atomic(atomic_int *) threshold;
	const char *ident;	/* borrowed */
	struct log_stderr *err;	/* owned */
	pthread_mutex_t limit_lock;	/* guards every struct log_limit */
};

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

/* ---- settings ------------------------------------------------------------ */

static unsigned
pack(const struct log_settings *settings)
{
	return (unsigned)settings->sink | (unsigned)settings->format << 8 |
	    (unsigned)settings->facility << 16;
}

static struct log_settings
unpack(unsigned settings)
{
	return (struct log_settings){
		.sink = (enum log_sink)(settings & 0xff),
		.format = (enum log_format)(settings >> 8 & 0xff),
		.facility = (int)(settings >> 16),
	};
}

/* Whatever ours do, libmilter's lines go to syslog: under our name, then.  And
 * where settings are shared, another process may have us write there. */
static void
prepare_syslog(const struct log *log, const struct log_settings *settings)
{
	int now = settings->sink == LOG_SINK_SYSLOG ? LOG_NDELAY : 0;

	openlog(log->ident, LOG_PID | now, settings->facility);
}

struct log *
log_create(enum log_sink sink, enum log_level threshold, const char *ident,
    int facility)
{
	const struct log_settings settings = { .sink = sink,
		.facility = facility };
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	if ((log->err = log_stderr_create()) == NULL ||
	    pthread_mutex_init(&log->limit_lock, NULL) != 0) {
		log_stderr_destroy(&log->err);
		free(log);
		return NULL;
	}
	log->ident = ident;
	atomic_init(&log->own_threshold, (int)threshold);
	atomic_init(&log->threshold, &log->own_threshold);
	atomic_init(&log->own_settings, 0);
	atomic_init(&log->settings, &log->own_settings);
	log_reconfigure(log, &settings);
	return log;
}

void
log_reconfigure(struct log *log, const struct log_settings *settings)
{
	prepare_syslog(log, settings);
	if (settings->sink == LOG_SINK_STDERR)
		log_stderr_prepare(log->err);
	atomic_store(atomic_load(&log->settings), pack(settings));
}

void
log_share_settings(struct log *log, atomic_uint *settings)
{
	atomic_store(settings, atomic_load(atomic_load(&log->settings)));
	atomic_store(&log->settings, settings);
}

static struct log_settings
settings_of(const struct log *log)
{
	return unpack(atomic_load_explicit(atomic_load_explicit(
	    &log->settings, memory_order_acquire), memory_order_relaxed));
}

void
log_destroy(struct log **log)
{
	if (*log == NULL)
		return;
	closelog();
	pthread_mutex_destroy(&(*log)->limit_lock);
	log_stderr_destroy(&(*log)->err);
	free(*log);
	*log = NULL;
}

enum log_sink
log_choose_sink(enum log_target target, bool is_foreground)
{
	switch (target) {
	case LOG_TARGET_AUTO:
		break;
	case LOG_TARGET_STDERR:
		return LOG_SINK_STDERR;
	case LOG_TARGET_SYSLOG:
		return LOG_SINK_SYSLOG;
	case LOG_TARGET_JOURNAL:
		return LOG_SINK_JOURNAL;
	}
	return is_foreground ? LOG_SINK_STDERR : LOG_SINK_SYSLOG;
}

const char *
log_level_name(enum log_level level)
{
	return levels[level].name;
}

bool
log_is_enabled(const struct log *log, enum log_level level)
{
	return log != NULL && (int)level <= atomic_load_explicit(
	    atomic_load_explicit(&log->threshold, memory_order_acquire),
	    memory_order_relaxed);
}

void
log_set_threshold(struct log *log, enum log_level threshold)
{
	atomic_store(atomic_load(&log->threshold), (int)threshold);
}

void
log_share_threshold(struct log *log, atomic_int *threshold)
{
	atomic_store(threshold, atomic_load(atomic_load(&log->threshold)));
	atomic_store(&log->threshold, threshold);
}

/* ---- a line in the making ------------------------------------------------ */

/* Beyond what LOG_LINE_MAX counts. */
#define IDENT_MAX 40
#define PREFIX_MAX 64
#define SUFFIX_MAX 64	/* of a limit */

/* What stands before the text is where it goes to's: all of it is written at
 * once, so that threads' lines do not mix. */
struct line {
	struct log_settings settings;
	enum log_level level;
	struct strbuf all;
	size_t start;		/* of the text */
	char room[PREFIX_MAX + LOG_LINE_MAX + SUFFIX_MAX];
};

static void
begin_line(struct line *line, const struct log *log,
    struct log_settings settings, enum log_level level)
{
	line->settings = settings;
	line->level = level;
	strbuf_init_fixed(&line->all, line->room, sizeof(line->room));
	switch (settings.sink) {
	case LOG_SINK_STDERR:
		if (settings.format == LOG_FORMAT_TEXT)
			strbuf_printf(&line->all, "%.*s: %s: ", IDENT_MAX,
			    log->ident, levels[level].name);
		break;
	case LOG_SINK_SYSLOG:
		break;
	case LOG_SINK_JOURNAL:
		strbuf_append(&line->all, SLICE(JOURNAL_MESSAGE));
		break;
	}
	line->start = line->all.len;
}

static struct slice
text_of(const struct line *line)
{
	return slice_from(strbuf_slice(&line->all), line->start);
}

/* '{"time":"2026-01-31T12:00:00.000Z","level":"info"'. */
static void
begin_object(struct line *line)
{
	int64_t wall_ms = clock_wall_ms();
	int64_t now_ms = wall_ms > 0 ? wall_ms : 0;
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm tm;

	if (gmtime_r(&now_s, &tm) == NULL)	/* a year of ten digits */
		tm = (struct tm){ .tm_mday = 1 };
	strbuf_printf(&line->all, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d"
	    ".%03dZ\",\"level\":\"%s\"", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(now_ms % 1000), levels[line->level].name);
}

/* ---- where it goes ------------------------------------------------------- */

static void tell_lost(const struct log *log, unsigned long n_lost);

static void
write_stderr(const struct log *log, struct line *line)
{
	unsigned long n_lost;

	strbuf_append_char(&line->all, '\n');
	n_lost = log_stderr_write(log->err, strbuf_slice(&line->all));
	if (n_lost != 0) {
		tell_lost(log, n_lost);
		log_stderr_told(log->err, n_lost);
	}
}

static void
write_syslog(const struct line *line)
{
	syslog(line->settings.facility | levels[line->level].priority, "%.*s",
	    SLICE_PRINTF(text_of(line)));
}

static void
write_journal(const struct log *log, const struct line *line,
    const struct log_pairs *pairs)
{
	const struct log_journal_line sent = {
		.message = strbuf_slice(&line->all),
		.ident = slice_from_cstr(log->ident),
		.priority = levels[line->level].priority,
		.facility = line->settings.facility,
		.pairs = pairs,
	};

	log_journal_write(&sent);
}

/* PAIRS is NULL for a message in words. */
static void
end_line(const struct log *log, struct line *line,
    const struct log_pairs *pairs)
{
	switch (line->settings.sink) {
	case LOG_SINK_STDERR:
		write_stderr(log, line);
		break;
	case LOG_SINK_SYSLOG:
		write_syslog(line);
		break;
	case LOG_SINK_JOURNAL:
		write_journal(log, line, pairs);
		break;
	}
}

/* ---- messages in words --------------------------------------------------- */

static void
replace_controls(struct line *line)
{
	for (size_t i = line->start; i < line->all.len; i++) {
		unsigned char c = (unsigned char)line->all.ptr[i];

		if (c < ' ' || c == 0x7f)
			line->all.ptr[i] = '?';
	}
}

__attribute__((format(printf, 3, 0)))
static void
append_message(struct line *line, const char *suffix, const char *format,
    va_list args)
{
	struct strbuf *text = &line->all;
	int n = vsnprintf(text->ptr + text->len, LOG_LINE_MAX, format, args);

	if (n > 0)
		text->len += n < LOG_LINE_MAX ? (size_t)n : LOG_LINE_MAX - 1;
	strbuf_append_cstr(text, suffix);
	replace_controls(line);
}

static void
write_object(const struct log *log, const struct line *message)
{
	static const struct slice end = SLICE_INIT("\"}");
	struct line line;

	begin_line(&line, log, message->settings, message->level);
	begin_object(&line);
	strbuf_append_cstr(&line.all, ",\"message\":\"");
	log_json_append_message(&line.all, text_of(message),
	    LOG_LINE_MAX - text_of(&line).len - end.len);
	strbuf_append(&line.all, end);
	end_line(log, &line, NULL);
}

__attribute__((format(printf, 4, 0)))
static void
emit(const struct log *log, enum log_level level, const char *suffix,
    const char *format, va_list args)
{
	struct line line;

	begin_line(&line, log, settings_of(log), level);
	append_message(&line, suffix, format, args);
	switch (line.settings.format) {
	case LOG_FORMAT_TEXT:
		end_line(log, &line, NULL);
		break;
	case LOG_FORMAT_JSON:
		write_object(log, &line);
		break;
	}
}

__attribute__((format(printf, 3, 4)))
static void
emit_words(const struct log *log, enum log_level level, const char *format,
    ...)
{
	va_list args;

	va_start(args, format);
	emit(log, level, "", format, args);
	va_end(args);
}

static void
tell_lost(const struct log *log, unsigned long n_lost)
{
	emit_words(log, LOG_LEVEL_WARNING, "%lu lines before the last one are "
	    "lost: nobody read the log", n_lost);
}

void
log_write(struct log *log, enum log_level level, const char *format, ...)
{
	va_list args;

	if (!log_is_enabled(log, level))
		return;
	va_start(args, format);
	emit(log, level, "", format, args);
	va_end(args);
}

bool
log_write_limited(struct log *log, struct log_limit *limit,
    enum log_level level, const char *format, ...)
{
	unsigned long left_out = 0;
	bool due;
	char suffix[SUFFIX_MAX] = "";
	int64_t now = clock_monotonic_ms();
	va_list args;

	if (!log_is_enabled(log, level))
		return false;
	pthread_mutex_lock(&log->limit_lock);
	due = now >= limit->next_ms;
	if (due) {
		left_out = limit->n_left_out;
		limit->n_left_out = 0;
		limit->next_ms = now + LIMIT_INTERVAL_MS;
	} else {
		limit->n_left_out++;
	}
	pthread_mutex_unlock(&log->limit_lock);
	if (!due)
		return false;
	if (left_out != 0)
		snprintf(suffix, sizeof(suffix), " (and %lu like it before)",
		    left_out);
	va_start(args, format);
	emit(log, level, suffix, format, args);
	va_end(args);
	return true;
}

/* ---- pairs --------------------------------------------------------------- */

/* All of it, with at most MAX octets of each value: whether it fitted. */
static bool
append_pairs(struct line *line, const struct log_pairs *pairs, size_t max)
{
	switch (line->settings.format) {
	case LOG_FORMAT_TEXT:
		log_pairs_append_text(&line->all, pairs, max);
		break;
	case LOG_FORMAT_JSON:
		begin_object(line);
		log_pairs_append_json(&line->all, pairs, max);
		strbuf_append_char(&line->all, '}');
		break;
	}
	return !line->all.has_failed && text_of(line).len < LOG_LINE_MAX;
}

/* Hostile values take the room, so they give it back. */
void
log_write_pairs(struct log *log, enum log_level level,
    const struct log_pairs *pairs)
{
	struct log_settings settings;
	struct line line;
	size_t max = SIZE_MAX;

	if (!log_is_enabled(log, level))
		return;
	settings = settings_of(log);
	begin_line(&line, log, settings, level);
	while (!append_pairs(&line, pairs, max) && max != 0) {
		max = max == SIZE_MAX ? LOG_LINE_MAX / 16 : max / 2;
		begin_line(&line, log, settings, level);
	}
	end_line(log, &line, pairs);
}
