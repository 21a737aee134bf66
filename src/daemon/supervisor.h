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
	unsigned slot;		/* from 0 on, below n_workers: that of the one
				 * it replaces, if it does */
	int ready_fd;		/* for process_tell_ready; -1: nobody waits */
	/* The loop is to store clock_monotonic_ms in BEAT_MS each INTERVAL_US;
	 * it is killed when it does not.  0: nobody looks. */
	atomic_llong *beat_ms;
	uint64_t interval_us;
};

struct supervisor_options {
	unsigned n_workers;
	int64_t stop_ms;	/* when told to stop they take less, all */
	int64_t haste_ms;	/* and told again, less than this */
	struct log *log;	/* borrowed */
	/* A worker's life, in its own process; the status to exit with.
	 * SIGTERM, SIGINT, SIGHUP and SIGUSR1 are blocked, so that none is
	 * lost before it is ready for them. */
	int (*work)(void *arg, const struct supervisor_place *place);
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

/* When no worker lives any more. */
void supervisor_destroy(struct supervisor **supervisor);

#endif
