/* daemon/supervisor.c - see supervisor.h.
 *
 * One thread, all its signals blocked: it takes them one by one, so that
 * nothing here is interrupted.  A worker is in a process group of its own: what
 * a terminal or kill(1) sends to the group must not reach it twice, since the
 * second SIGTERM means haste. */
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/respawn.h"

#define LONGEST_WAIT_MS ((int64_t)3600 * 1000)

static const int handled_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	SIGCHLD };

struct worker {
	pid_t pid;		/* 0: it is to be replaced */
	unsigned number;
	int64_t start_ms;
	atomic_llong *beat_ms;	/* in memory that it shares with us */
	bool is_doomed;		/* killed for being stuck; not ended yet */
};

struct supervisor {
	struct supervisor_options options;
	unsigned n;		/* of workers, the control process included */
	struct respawn respawn, control_respawn;
	unsigned n_started;
	uint64_t interval_us;	/* of the workers' beats; 0: none */
	int64_t next_watch_ms;
	int64_t step_ms;	/* when the owner's step is due */
	bool is_stopping;
	int64_t deadline_ms;	/* of the stopping */
	int exit_status;
	atomic_llong *beats;	/* one for each worker */
	struct worker workers[];
};

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static size_t
beats_octets(const struct supervisor *sv)
{
	return sv->n * sizeof(*sv->beats);
}

static unsigned
slot_of(const struct supervisor *sv, const struct worker *worker)
{
	return (unsigned)(worker - sv->workers);
}

static bool
is_control(const struct supervisor *sv, const struct worker *worker)
{
	return slot_of(sv, worker) == sv->options.n_workers;
}

/* For the log. */
static const char *
kind_of(const struct supervisor *sv, const struct worker *worker)
{
	return is_control(sv, worker) ? "control process" : "worker";
}

static unsigned
count_workers(const struct supervisor *sv)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sv->n; i++)
		n += sv->workers[i].pid != 0;
	return n;
}

/* A worker that has died and was not waited for yet still has its pid. */
static void
signal_all(const struct supervisor *sv, int signal_number)
{
	for (unsigned i = 0; i < sv->n; i++)
		if (sv->workers[i].pid != 0)
			(void)kill(sv->workers[i].pid, signal_number);
}

/* ---- starting ------------------------------------------------------------ */

/* The new process, from its first moment to its last. */
__attribute__((noreturn))
static void
live(const struct supervisor *sv, const struct worker *worker, pid_t parent,
    int ready_fd)
{
	const struct supervisor_place place = { .number = worker->number,
		.slot = slot_of(sv, worker),
		.is_control = is_control(sv, worker),
		.ready_fd = ready_fd, .beat_ms = worker->beat_ms,
		.interval_us = sv->interval_us };
	sigset_t child;

	/* Neither can fail here.  When we die it ends as if told to. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)	/* it was too fast for that */
		_exit(1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &child, NULL);
	notify_forget();
	_exit(sv->options.work(sv->options.arg, &place));
}

/* READY_FD and OTHER_FD are a pipe's, or -1.  False where there can be no
 * process. */
static bool
fork_worker(struct supervisor *sv, struct worker *worker, int ready_fd,
    int other_fd)
{
	pid_t parent = getpid(), pid;

	worker->number = ++sv->n_started;
	worker->start_ms = clock_monotonic_ms();
	worker->is_doomed = false;
	atomic_store(worker->beat_ms, worker->start_ms);
	if (sv->options.forking != NULL)
		sv->options.forking(sv->options.arg, slot_of(sv, worker));
	if ((pid = fork()) < 0) {
		log_write(sv->options.log, LOG_LEVEL_ERROR,
		    "%s %u cannot be started: %s", kind_of(sv, worker),
		    worker->number, strerror(errno));
		return false;
	}
	if (pid == 0) {
		if (other_fd >= 0)
			close(other_fd);
		live(sv, worker, parent, ready_fd);
	}
	worker->pid = pid;
	return true;
}

static void
tell_worker(const struct supervisor *sv, const struct worker *worker)
{
	log_write(sv->options.log, LOG_LEVEL_INFO, "%s %u started pid=%ld",
	    kind_of(sv, worker), worker->number, (long)worker->pid);
}

/* Start it and wait until it is ready. */
static bool
start_worker(struct supervisor *sv, struct worker *worker)
{
	int fds[2], status = 1;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		log_write(sv->options.log, LOG_LEVEL_ERROR,
		    "worker cannot be started: %s", strerror(errno));
		return false;
	}
	if (fork_worker(sv, worker, fds[1], fds[0])) {
		close(fds[1]);
		status = process_wait_ready(worker->pid, fds[0]);
		if (status == 0) {
			tell_worker(sv, worker);
		} else {
			worker->pid = 0;
			log_write(sv->options.log, LOG_LEVEL_ERROR,
			    "%s %u has ended before it was ready",
			    kind_of(sv, worker), worker->number);
		}
	} else {
		close(fds[1]);
	}
	close(fds[0]);
	return status == 0;
}

static void
kill_all(struct supervisor *sv)
{
	signal_all(sv, SIGKILL);
	for (unsigned i = 0; i < sv->n; i++) {
		struct worker *worker = &sv->workers[i];

		while (worker->pid != 0 && waitpid(worker->pid, NULL, 0) < 0 &&
		    errno == EINTR)
			continue;
		worker->pid = 0;
	}
}

bool
supervisor_start(struct supervisor *sv)
{
	for (unsigned i = 0; i < sv->n; i++)
		if (!start_worker(sv, &sv->workers[i])) {
			kill_all(sv);	/* nobody was told of them yet */
			return false;
		}
	return true;
}

static struct respawn *
respawn_of(struct supervisor *sv, const struct worker *worker)
{
	return is_control(sv, worker) ? &sv->control_respawn : &sv->respawn;
}

/* Those that are missing, one at a time. */
static void
replace_missing(struct supervisor *sv)
{
	for (unsigned i = 0; i < sv->n; i++) {
		struct worker *worker = &sv->workers[i];
		struct respawn *respawn = respawn_of(sv, worker);
		int64_t now_ms = clock_monotonic_ms();

		if (worker->pid != 0 || respawn_wait_ms(respawn, now_ms) != 0)
			continue;
		respawn_note_try(respawn, now_ms);
		if (fork_worker(sv, worker, -1, -1))
			tell_worker(sv, worker);
	}
}

/* ---- the end ------------------------------------------------------------- */

static void
stop(struct supervisor *sv)
{
	int64_t now_ms = clock_monotonic_ms();

	if (!sv->is_stopping) {
		sv->is_stopping = true;
		sv->deadline_ms = now_ms + sv->options.stop_ms;
		notify_stopping();
		log_write(sv->options.log, LOG_LEVEL_INFO,
		    "stopping %u workers", count_workers(sv));
	} else {
		sv->deadline_ms = earlier(sv->deadline_ms,
		    now_ms + sv->options.haste_ms);
	}
	signal_all(sv, SIGTERM);
}

static void
end_late_ones(struct supervisor *sv)
{
	if (clock_monotonic_ms() < sv->deadline_ms)
		return;
	log_write(sv->options.log, LOG_LEVEL_ERROR,
	    "%u workers have not ended: killing them", count_workers(sv));
	kill_all(sv);
	sv->exit_status = 1;
}

static void
tell_death(const struct supervisor *sv, const struct worker *worker,
    int status)
{
	if (WIFSIGNALED(status))
		log_write(sv->options.log, LOG_LEVEL_ERROR,
		    "%s %u pid=%ld was killed by signal %d",
		    kind_of(sv, worker), worker->number, (long)worker->pid,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0 || !sv->is_stopping)
		log_write(sv->options.log, LOG_LEVEL_ERROR,
		    "%s %u pid=%ld has ended with status %d",
		    kind_of(sv, worker), worker->number, (long)worker->pid,
		    WEXITSTATUS(status));
}

static void
bury(struct supervisor *sv, struct worker *worker, int status)
{
	int64_t life_ms = clock_monotonic_ms() - worker->start_ms;

	tell_death(sv, worker, status);
	worker->pid = 0;
	if (sv->is_stopping) {
		if (status != 0)
			sv->exit_status = 1;
		return;
	}
	if (is_control(sv, worker)) {
		respawn_be_patient(&sv->control_respawn, life_ms,
		    clock_monotonic_ms());
		return;
	}
	if (respawn_note_death(&sv->respawn, life_ms))
		return;
	log_write(sv->options.log, LOG_LEVEL_ERROR,
	    "%u workers in a row have died in their first %d s: giving up",
	    sv->respawn.n_quick, RESPAWN_QUICK_MS / 1000);
	sv->exit_status = 1;
	stop(sv);
}

static void
reap(struct supervisor *sv)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < sv->n; i++)
			if (sv->workers[i].pid == pid) {
				bury(sv, &sv->workers[i], status);
				break;
			}
}

/* ---- running ------------------------------------------------------------- */

/* What a loop that has stopped turning cannot tell by itself. */
static void
watch_beats(struct supervisor *sv)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t interval_ms = (int64_t)(sv->interval_us / 1000);

	if (sv->interval_us == 0 || now_ms < sv->next_watch_ms)
		return;
	sv->next_watch_ms = now_ms + interval_ms;
	for (unsigned i = 0; i < sv->n; i++) {
		struct worker *worker = &sv->workers[i];
		int64_t silence_ms = now_ms - atomic_load(worker->beat_ms);

		if (worker->pid == 0 || worker->is_doomed ||
		    silence_ms < 2 * interval_ms)
			continue;
		worker->is_doomed = true;
		log_write(sv->options.log, LOG_LEVEL_ERROR,
		    "%s %u pid=%ld has been stuck for %" PRId64
		    " s: killing it", kind_of(sv, worker), worker->number,
		    (long)worker->pid,
		    silence_ms / 1000);
		(void)kill(worker->pid, SIGKILL);
	}
	notify_alive();
}

/* Until one that is missing may be replaced. */
static int64_t
find_replacing_ms(struct supervisor *sv, int64_t now_ms)
{
	int64_t wait_ms = LONGEST_WAIT_MS;

	for (unsigned i = 0; i < sv->n; i++)
		if (sv->workers[i].pid == 0)
			wait_ms = earlier(wait_ms, respawn_wait_ms(
			    respawn_of(sv, &sv->workers[i]), now_ms));
	return wait_ms;
}

/* Until there is something to do though no signal comes. */
static int64_t
find_wait_ms(struct supervisor *sv)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms = earlier(LONGEST_WAIT_MS, sv->step_ms - now_ms);

	if (sv->interval_us != 0)
		wait_ms = earlier(wait_ms, sv->next_watch_ms - now_ms);
	if (sv->is_stopping)
		wait_ms = earlier(wait_ms, sv->deadline_ms - now_ms);
	else
		wait_ms = earlier(wait_ms, find_replacing_ms(sv, now_ms));
	return wait_ms > 0 ? wait_ms : 0;
}

static void
take_handled(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < N_ELEMENTS(handled_signals); i++)
		sigaddset(set, handled_signals[i]);
}

/* A signal, or -1 when it was time for something else. */
static int
wait_for_signal(struct supervisor *sv)
{
	int64_t wait_ms = find_wait_ms(sv);
	const struct timespec wait = { (time_t)(wait_ms / 1000),
		(long)(wait_ms % 1000) * 1000000 };
	sigset_t handled;

	take_handled(&handled);
	return sigtimedwait(&handled, NULL, &wait);
}

static void
obey(struct supervisor *sv, int signal_number)
{
	switch (signal_number) {
	case SIGTERM:
	case SIGINT:
		stop(sv);
		return;
	case SIGHUP:
		if (sv->options.hangup != NULL)
			sv->options.hangup(sv->options.arg);
		else
			signal_all(sv, signal_number);
		return;
	case SIGUSR1:
		signal_all(sv, signal_number);
		return;
	default:	/* SIGCHLD, or time: looked after in any case */
		return;
	}
}

/* What the owner wants done has no place in the end. */
static void
step(struct supervisor *sv)
{
	int64_t wait_ms = INT64_MAX;

	if (!sv->is_stopping && sv->options.step != NULL)
		wait_ms = sv->options.step(sv->options.arg);
	sv->step_ms = wait_ms == INT64_MAX ? INT64_MAX :
	    clock_monotonic_ms() + wait_ms;
}

int
supervisor_run(struct supervisor *sv)
{
	while (!sv->is_stopping || count_workers(sv) != 0) {
		obey(sv, wait_for_signal(sv));
		reap(sv);
		if (sv->is_stopping)
			end_late_ones(sv);
		else
			replace_missing(sv);
		step(sv);
		watch_beats(sv);
	}
	return sv->exit_status;
}

void
supervisor_signal(const struct supervisor *sv, int signal_number)
{
	signal_all(sv, signal_number);
}

bool
supervisor_is_alive(const struct supervisor *sv, unsigned slot)
{
	return sv->workers[slot].pid != 0;
}

void
supervisor_set_stop(struct supervisor *sv, int64_t stop_ms)
{
	sv->options.stop_ms = stop_ms;
}

/* ---- making it ----------------------------------------------------------- */

static void
prepare_signals(void)
{
	sigset_t handled;

	/* Whoever started us may have had its children vanish unseen. */
	signal(SIGCHLD, SIG_DFL);
	take_handled(&handled);
	sigprocmask(SIG_BLOCK, &handled, NULL);
}

struct supervisor *
supervisor_create(const struct supervisor_options *options)
{
	unsigned n = options->n_workers + options->has_control;
	struct supervisor *sv = calloc(1, sizeof(*sv) +
	    n * sizeof(sv->workers[0]));
	void *memory;

	if (sv == NULL)
		return NULL;
	sv->options = *options;
	sv->n = n;
	sv->step_ms = INT64_MAX;
	sv->respawn.n_workers = options->n_workers;
	sv->interval_us = notify_watchdog_us() / 2;
	memory = mmap(NULL, beats_octets(sv), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		free(sv);
		return NULL;
	}
	sv->beats = memory;
	for (unsigned i = 0; i < n; i++)
		sv->workers[i].beat_ms = &sv->beats[i];
	prepare_signals();
	return sv;
}

void
supervisor_destroy(struct supervisor **sv)
{
	if (*sv == NULL)
		return;
	munmap((*sv)->beats, beats_octets(*sv));
	free(*sv);
	*sv = NULL;
}
