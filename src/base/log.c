/* base/log.c - see log.h. */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

#define LIMIT_INTERVAL_MS 60000
#define IDENT_MAX ((size_t)40)

struct log {
	enum log_sink sink;
	atomic_int own_threshold;
	_Atomic(atomic_int *) threshold;	/* borrowed where it is shared */
	const char *ident;	/* borrowed */
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

struct log *
log_create(enum log_sink sink, enum log_level threshold, const char *ident,
    int facility)
{
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	if (pthread_mutex_init(&log->limit_lock, NULL) != 0) {
		free(log);
		return NULL;
	}
	log->sink = sink;
	atomic_init(&log->own_threshold, (int)threshold);
	atomic_init(&log->threshold, &log->own_threshold);
	log->ident = ident;
	if (sink == LOG_SINK_SYSLOG)
		openlog(ident, LOG_PID | LOG_NDELAY, facility);
	return log;
}

void
log_destroy(struct log **log)
{
	if (*log == NULL)
		return;
	if ((*log)->sink == LOG_SINK_SYSLOG)
		closelog();
	pthread_mutex_destroy(&(*log)->limit_lock);
	free(*log);
	*log = NULL;
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

/* A line in the making: what stands before the text is for stderr alone. */
struct line {
	char octets[LOG_LINE_MAX + 96];
	size_t start, len;	/* of the text; its end */
};

static void
begin_line(struct line *line, const struct log *log, enum log_level level)
{
	const char *const parts[] = { log->ident, ": ", levels[level].name,
		": " };

	line->len = 0;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		size_t n = strnlen(parts[i], IDENT_MAX);

		memcpy(line->octets + line->len, parts[i], n);
		line->len += n;
	}
	line->start = line->len;
}

/* Whether one of eight octets is a control character; of 8-bit ones some are
 * taken for that, too. */
static bool
may_have_control(const char *octets)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return ((word | (word - ones * ' ') | (word + ones)) & ones << 7) != 0;
}

static void
replace_controls(struct line *line)
{
	size_t i = line->start;

	while (i < line->len) {
		unsigned char c = (unsigned char)line->octets[i];

		if (line->len - i >= sizeof(uint64_t) &&
		    !may_have_control(line->octets + i)) {
			i += sizeof(uint64_t);
			continue;
		}
		if (c < ' ' || c == 0x7f)
			line->octets[i] = '?';
		i++;
	}
}

/* stderr is written in one call, so that threads' lines do not mix. */
static void
end_line(const struct log *log, enum log_level level, struct line *line)
{
	replace_controls(line);
	if (log->sink == LOG_SINK_SYSLOG) {
		line->octets[line->len] = '\0';
		syslog(levels[level].priority, "%s",
		    line->octets + line->start);
		return;
	}
	line->octets[line->len++] = '\n';
	/* Nobody is left to tell when stderr itself cannot be written. */
	if (write(STDERR_FILENO, line->octets, line->len) < 0)
		return;
}

__attribute__((format(printf, 4, 0)))
static void
emit(const struct log *log, enum log_level level, const char *suffix,
    const char *format, va_list args)
{
	struct line line;
	int n;

	begin_line(&line, log, level);
	n = vsnprintf(line.octets + line.len, LOG_LINE_MAX, format, args);
	if (n > 0)
		line.len += n < LOG_LINE_MAX ? (size_t)n : LOG_LINE_MAX - 1;
	n = snprintf(line.octets + line.len,
	    sizeof(line.octets) - line.len - 1, "%s", suffix);
	if (n > 0)
		line.len += (size_t)n;
	end_line(log, level, &line);
}

void
log_write_text(struct log *log, enum log_level level, struct slice text)
{
	struct line line;

	if (!log_is_enabled(log, level))
		return;
	begin_line(&line, log, level);
	text = slice_head(text, LOG_LINE_MAX - 1);
	if (text.len != 0)
		memcpy(line.octets + line.len, text.ptr, text.len);
	line.len += text.len;
	end_line(log, level, &line);
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

void
log_write_limited(struct log *log, struct log_limit *limit,
    enum log_level level, const char *format, ...)
{
	unsigned long left_out = 0;
	bool due;
	char suffix[64] = "";
	int64_t now = clock_monotonic_ms();
	va_list args;

	if (!log_is_enabled(log, level))
		return;
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
		return;
	if (left_out != 0)
		snprintf(suffix, sizeof(suffix), " (and %lu like it before)",
		    left_out);
	va_start(args, format);
	emit(log, level, suffix, format, args);
	va_end(args);
}
