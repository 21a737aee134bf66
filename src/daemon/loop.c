/* daemon/loop.c - see loop.h.
 *
 * libmilter waits for SIGHUP, SIGTERM and SIGINT in a thread of its own, and
 * ends at each of them without waiting for any session.  It never gets one:
 * its threads have all signals blocked, and the kernel offers a signal first
 * to the main thread, which has handlers. */
#include "daemon/loop.h"

#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "control/tester.h"
#include "daemon/drain.h"
#include "daemon/notify.h"
#include "dns/cache.h"
#include "milter/milter.h"
#include "report/writer.h"

#define TICK_MS 100	/* how often a draining daemon looks around */
#define LIMITS_MEMORY ((size_t)4096)	/* for a line about limits */
/* The last message has ended when our callback for it returns; libmilter then
 * writes the reply. */
#define LAST_REPLY_MS 500

static const int handled_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

struct loop {
	struct event_base *base;	/* borrowed */
	struct log *log;		/* borrowed */
	const struct resolver *cache;	/* borrowed; NULL: none to show */
	const struct report_writer *writer;	/* the same */
	struct tester *tester;		/* the same */
	unsigned drain_s;
	atomic_bool *is_draining;	/* borrowed; NULL: nobody is told */
	void (*hangup)(void *arg);	/* NULL: nobody is there for it yet */
	void *hangup_arg;
	struct drain drain;
	struct event *signals[N_ELEMENTS(handled_signals)];
	struct event *tick;		/* while draining */
	struct event *watchdog;		/* NULL where nobody watches */
	atomic_llong *beat_ms;		/* borrowed; NULL: notify_alive */
	bool is_worker;
	struct event *milter_ended;	/* made active by its thread */
	pthread_t milter_thread;
	bool is_milter_started, has_milter_ended;
	bool is_milter_ok;	/* its thread's, until it has ended */
	int exit_status;
};

/* ---- threads ------------------------------------------------------------- */

static void *
run_milter(void *arg)
{
	struct loop *loop = arg;

	loop->is_milter_ok = milter_run();
	event_active(loop->milter_ended, EV_TIMEOUT, 0);
	return NULL;
}

static void *
run_stop(void *arg)
{
	(void)arg;
	milter_stop();
	return NULL;
}

static void
stop_milter(struct loop *loop)
{
	pthread_t thread;

	if (thread_start_blocked(&thread, run_stop, NULL))
		pthread_detach(thread);
	else
		log_write(loop->log, LOG_LEVEL_ERROR,
		    "libmilter cannot be stopped: no more threads");
}

/* ---- the end ------------------------------------------------------------- */

static void
tell_open_messages(struct loop *loop, enum log_level level, const char *what)
{
	unsigned n = milter_count_open_messages();
	char status[100];

	snprintf(status, sizeof(status), "%s, %u %s under way", what, n,
	    n == 1 ? "message" : "messages");
	notify_status(status);
	log_write(loop->log, level, "%s", status);
}

static void
tell_limits(struct loop *loop)
{
	struct arena *arena = arena_create(LIMITS_MEMORY);
	struct strbuf text;

	if (arena == NULL)
		return;
	strbuf_init(&text, arena, LIMITS_MEMORY);
	milter_append_limits(&text);
	if (text.len != 0)
		log_write(loop->log, LOG_LEVEL_INFO, "limits that messages "
		    "have hit:%.*s", SLICE_PRINTF(strbuf_slice(&text)));
	arena_destroy(&arena);
}

static void
step_drain(struct loop *loop)
{
	switch (drain_step(&loop->drain, milter_count_open_messages(),
	    clock_monotonic_ms())) {
	case DRAIN_WAIT:
		return;
	case DRAIN_STOP:
		tell_open_messages(loop, milter_count_open_messages() == 0 ?
		    LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "stopping now");
		tell_limits(loop);
		/* smfi_stop would remove the socket's file, which others
		 * still listen on, and gives nobody a better end. */
		if (!loop->is_worker)
			stop_milter(loop);
		return;
	case DRAIN_LEAVE:
		if (!loop->is_worker)
			log_write(loop->log, LOG_LEVEL_WARNING, "libmilter "
			    "has not returned: leaving without it");
		event_base_loopbreak(loop->base);
		return;
	}
}

static void
begin_drain(struct loop *loop)
{
	const struct timeval interval = { 0, TICK_MS * 1000 };

	if (drain_begin(&loop->drain, clock_monotonic_ms(),
	    loop->drain_s)) {
		milter_begin_drain();
		if (loop->is_draining != NULL)
			atomic_store(loop->is_draining, true);
		notify_stopping();
		tell_open_messages(loop, LOG_LEVEL_INFO, "told to stop");
		/* Without ticks nobody would see the messages end. */
		if (event_add(loop->tick, &interval) != 0)
			drain_begin(&loop->drain, clock_monotonic_ms(), 0);
	} else {
		log_write(loop->log, LOG_LEVEL_INFO,
		    "told to stop again: no more waiting");
	}
	step_drain(loop);
}

/* ---- events -------------------------------------------------------------- */

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	step_drain(arg);
}

static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	if (loop->beat_ms != NULL)
		atomic_store(loop->beat_ms, clock_monotonic_ms());
	else
		notify_alive();
}

static void
on_milter_ended(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	pthread_join(loop->milter_thread, NULL);
	loop->has_milter_ended = true;
	loop->exit_status = loop->drain.stage == DRAIN_STOPPING ? 0 : 1;
	if (loop->exit_status != 0)
		log_write(loop->log, LOG_LEVEL_ERROR, "libmilter has %s: "
		    "its own log lines say why", loop->is_milter_ok ?
		    "ended by itself" : "failed");
	event_base_loopbreak(loop->base);
}

static void
tell_cache(const struct loop *loop)
{
	struct cache_counters c;

	if (loop->cache == NULL)
		return;
	cache_read_counters(loop->cache, &c);
	log_write(loop->log, LOG_LEVEL_INFO, "dns cache: hits=%" PRIu64
	    " misses=%" PRIu64 " merged=%" PRIu64 " prefetches=%" PRIu64
	    " evictions=%" PRIu64 " entries=%zu octets=%zu", c.n_hits,
	    c.n_misses, c.n_merged, c.n_prefetches, c.n_evictions,
	    c.n_entries, c.octets);
}

static void
tell_writer(const struct loop *loop)
{
	struct report_writer_counts c;

	if (loop->writer == NULL)
		return;
	report_get_writer_counts(loop->writer, &c);
	log_write(loop->log, LOG_LEVEL_INFO, "store: state=%s written=%" PRIu64
	    " dropped=%" PRIu64 " queued_octets=%" PRIu64, c.is_store_down ?
	    "down" : "up", c.written, c.dropped, c.queued_octets);
}

static void
on_signal(evutil_socket_t signal_number, short what, void *arg)
{
	struct loop *loop = arg;

	(void)what;
	switch (signal_number) {
	case SIGHUP:
		if (loop->hangup != NULL &&
		    loop->drain.stage == DRAIN_RUNNING)
			loop->hangup(loop->hangup_arg);
		return;
	case SIGUSR1:
		tell_open_messages(loop, LOG_LEVEL_INFO, "running");
		tell_cache(loop);
		tell_writer(loop);
		tell_limits(loop);
		if (loop->tester != NULL)
			tester_ask(loop->tester);
		return;
	default:
		begin_drain(loop);
		return;
	}
}

static bool
create_events(struct loop *loop)
{
	for (size_t i = 0; i < N_ELEMENTS(handled_signals); i++) {
		loop->signals[i] = evsignal_new(loop->base,
		    handled_signals[i], on_signal, loop);
		if (loop->signals[i] == NULL ||
		    event_add(loop->signals[i], NULL) != 0)
			return false;
	}
	loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick,
	    loop);
	loop->milter_ended = event_new(loop->base, -1, 0,
	    on_milter_ended, loop);
	return loop->tick != NULL && loop->milter_ended != NULL;
}

static bool
create_watchdog(struct loop *loop, uint64_t interval_us)
{
	struct timeval interval = { (time_t)(interval_us / 1000000),
		(suseconds_t)(interval_us % 1000000) };

	if (interval_us == 0)
		return true;
	loop->watchdog = event_new(loop->base, -1, EV_PERSIST,
	    on_watchdog, loop);
	return loop->watchdog != NULL &&
	    event_add(loop->watchdog, &interval) == 0;
}

struct loop *
loop_create(struct event_base *base, struct log *log, unsigned drain_s)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->base = base;
	loop->log = log;
	loop->drain_s = drain_s;
	loop->drain.stop_ms = DRAIN_STOP_MS;
	/* Half of what the watchdog wants: one late turn is no death. */
	if (!create_events(loop) ||
	    !create_watchdog(loop, notify_watchdog_us() / 2))
		loop_destroy(&loop);
	return loop;
}

bool
loop_be_worker(struct loop *loop, atomic_llong *beat_ms, uint64_t interval_us)
{
	loop->is_worker = true;
	loop->drain.stop_ms = LAST_REPLY_MS;
	loop->beat_ms = beat_ms;
	return create_watchdog(loop, interval_us);
}

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
loop_destroy(struct loop **loop)
{
	if (*loop == NULL)
		return;
	for (size_t i = 0; i < N_ELEMENTS(handled_signals); i++)
		free_event((*loop)->signals[i]);
	free_event((*loop)->tick);
	free_event((*loop)->watchdog);
	free_event((*loop)->milter_ended);
	free(*loop);
	*loop = NULL;
}

/* Whoever started us may have left them blocked. */
static void
unblock_signals(void)
{
	sigset_t handled;

	sigemptyset(&handled);
	for (size_t i = 0; i < N_ELEMENTS(handled_signals); i++)
		sigaddset(&handled, handled_signals[i]);
	pthread_sigmask(SIG_UNBLOCK, &handled, NULL);
}

void
loop_tell_drain(struct loop *loop, atomic_bool *is_draining)
{
	loop->is_draining = is_draining;
}

void
loop_on_hangup(struct loop *loop, void (*hangup)(void *arg), void *arg)
{
	loop->hangup = hangup;
	loop->hangup_arg = arg;
}

void
loop_set_drain(struct loop *loop, unsigned drain_s)
{
	loop->drain_s = drain_s;
}

void
loop_show_cache(struct loop *loop, const struct resolver *cache)
{
	loop->cache = cache;
}

void
loop_show_writer(struct loop *loop, const struct report_writer *writer)
{
	loop->writer = writer;
}

void
loop_show_tester(struct loop *loop, struct tester *tester)
{
	loop->tester = tester;
}

bool
loop_start(struct loop *loop)
{
	loop->is_milter_started = thread_start_blocked(
	    &loop->milter_thread, run_milter, loop);
	return loop->is_milter_started;
}

int
loop_run(struct loop *loop)
{
	unblock_signals();
	if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0) {
		log_write(loop->log, LOG_LEVEL_ERROR, "the event loop has "
		    "failed");
		return 1;
	}
	return loop->exit_status;
}

bool
loop_is_quiet(const struct loop *loop)
{
	return !loop->is_milter_started ||
	    (loop->has_milter_ended && milter_close());
}
