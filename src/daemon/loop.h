/* daemon/loop.h - the running daemon: libmilter in a thread of its own, and
 * on the main thread the loop with DNS, timers and signals, until the end. */
#ifndef ASSAY_DAEMON_LOOP_H
#define ASSAY_DAEMON_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct log;
struct loop;
struct report_writer;
struct resolver;
struct tester;

/* BASE and LOG are borrowed; signals are ours from now on.  NULL where memory
 * is out. */
struct loop *loop_create(struct event_base *base, struct log *log,
    unsigned drain_s);

/* IS_DRAINING, which is borrowed, becomes true with the drain. */
void loop_tell_drain(struct loop *loop, atomic_bool *is_draining);

/* What SIGHUP does, on the loop, until the drain begins. */
void loop_on_hangup(struct loop *loop, void (*hangup)(void *arg), void *arg);

/* How long TERM waits for messages, from now on. */
void loop_set_drain(struct loop *loop, unsigned drain_s);

/* Have SIGUSR1 tell what CACHE (dns/cache.h), which is borrowed, has done;
 * NULL: there is none. */
void loop_show_cache(struct loop *loop, const struct resolver *cache);

/* And WRITER, the same. */
void loop_show_writer(struct loop *loop, const struct report_writer *writer);

/* This process is one of those that share the socket.  It leaves that as it is
 * at its end, and stores the time in BEAT_MS (clock_monotonic_ms) each
 * INTERVAL_US, if that is not 0, to show that it turns.  False where memory is
 * out. */
bool loop_be_worker(struct loop *loop, atomic_llong *beat_ms,
    uint64_t interval_us);

/* Have SIGUSR1 make TESTER (control/tester.h), which is borrowed, test. */
void loop_show_tester(struct loop *loop, struct tester *tester);

/* Start libmilter's thread; milter_open has been called, privileges are
 * dropped.  False where there can be no thread. */
bool loop_start(struct loop *loop);

/* Run the loop until SIGTERM or SIGINT has been obeyed, or libmilter has given
 * up.  The process's exit status. */
int loop_run(struct loop *loop);

/* Whether no thread but this one can still touch what the sessions use: else
 * nothing may be freed, and the process is left with _exit. */
bool loop_is_quiet(const struct loop *loop);

/* Only when it is quiet, or was not started.  Sets *LOOP to NULL. */
void loop_destroy(struct loop **loop);

#endif
