/* daemon/supervisor.h - several processes that do one daemon's work: started,
 * replaced when they die, told to stop, and waited for.
 *
 * Whoever calls becomes the supervisor, which does nothing else: no threads may
 * run in it.  The service manager and the operator speak to it alone. */
#ifndef ASSAY_DAEMON_SUPERVISOR_H
#define ASSAY_DAEMON_SUPERVISOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log;
struct supervisor;

/* What a worker needs to know of itself. */
struct supervisor_place {
	unsigned number;	/* from 1 on, never the same again */
	unsigned slot;		/* from 0 on: that of the one it replaces, if
				 * it does */
	bool is_control;
	int ready_fd;		/* for process_tell_ready; -1: nobody waits */
	/* The loop is to store clock_monotonic_ms in BEAT_MS each INTERVAL_US;
	 * it is killed when it does not.  0: nobody looks. */
	atomic_llong *beat_ms;
	uint64_t interval_us;
};

struct supervisor_options {
	unsigned n_workers;
	/* One more, in the slot behind theirs, that takes no mail: it does not
	 * count for giving up, whatever becomes of it. */
	bool has_control;
	int64_t stop_ms;	/* when told to stop they take less, all */
	int64_t haste_ms;	/* and told again, less than this */
	struct log *log;	/* borrowed */
	/* A worker's life, in its own process; the status to exit with.
	 * SIGTERM, SIGINT, SIGHUP and SIGUSR1 are blocked, so that none is
	 * lost before it is ready for them. */
	int (*work)(void *arg, const struct supervisor_place *place);
	/* SIGHUP has come; NULL: it is passed on. */
	void (*hangup)(void *arg);
	/* After each event: what is to be done now, and in how many
	 * milliseconds to come again at the latest.  NULL: nothing is. */
	int64_t (*step)(void *arg);
	/* In this process, before a fork for that slot; NULL: nothing. */
	void (*forking)(void *arg, unsigned slot);
	void *arg;
};

/* OPTIONS are copied.  Blocks signals.  NULL where memory is out. */
struct supervisor *supervisor_create(const struct supervisor_options *options);

/* Start the workers, one after the other, so that trouble that they share is
 * told once, by the first.  False where one has failed; none is left then. */
bool supervisor_start(struct supervisor *supervisor);

/* Until SIGTERM or SIGINT was obeyed by all, or they die as soon as they are
 * started.  The process's exit status. */
int supervisor_run(struct supervisor *supervisor);

/* From within hangup and step: to all that live; whether one lives in SLOT; how
 * long stopping may take from now on. */
void supervisor_signal(const struct supervisor *supervisor,
    int signal_number);
bool supervisor_is_alive(const struct supervisor *supervisor, unsigned slot);
void supervisor_set_stop(struct supervisor *supervisor, int64_t stop_ms);

/* When no worker lives any more. */
void supervisor_destroy(struct supervisor **supervisor);

#endif
