/* Real workers of a few lines, each supervisor in a process of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"
#include "unit/test.h"

#define WATCHDOG_US 400000

/* Start two workers that live as WORK says, and supervise them to their end.
 * 100 and more: the test's own trouble. */
static int
supervise(int (*work)(void *arg, const struct supervisor_place *place),
    void *arg)
{
	struct supervisor_options options = { .n_workers = 2, .stop_ms = 300,
		.haste_ms = 200, .work = work, .arg = arg };
	struct supervisor *supervisor;
	int status = 50;

	options.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test", 0);
	if (options.log == NULL ||
	    (supervisor = supervisor_create(&options)) == NULL)
		return 100;
	if (supervisor_start(supervisor))
		status = supervisor_run(supervisor);
	/* Nobody is left behind, dead or alive. */
	if (waitpid(-1, NULL, WNOHANG) != -1)
		status = 101;
	supervisor_destroy(&supervisor);
	log_destroy(&options.log);
	return status;
}

static int
wait_for_term(void)
{
	sigset_t term;
	int got;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	do
		got = sigwaitinfo(&term, NULL);
	while (got < 0);
	return got == SIGTERM ? 0 : 3;
}

/* The second one to be ready has its supervisor told to stop. */
static int
be_good(void *arg, const struct supervisor_place *place)
{
	(void)arg;
	if (place->ready_fd < 0 || place->number > 2 ||
	    getpgrp() != getpid())
		return 4;
	process_tell_ready(place->ready_fd);
	if (place->number == 2)
		kill(getppid(), SIGTERM);
	return wait_for_term();
}

static int
stop_good_ones(void)
{
	return supervise(be_good, NULL);
}

/* One cannot start: the other, which could, is ended too. */
static int
be_unable(void *arg, const struct supervisor_place *place)
{
	(void)arg;
	if (place->number == 2)
		return 7;
	process_tell_ready(place->ready_fd);
	return wait_for_term();
}

static int
start_unable(void)
{
	return supervise(be_unable, NULL);
}

/* The first dies; what replaces it asks for the end. */
static int
be_replaced(void *arg, const struct supervisor_place *place)
{
	(void)arg;
	if (place->ready_fd >= 0)
		process_tell_ready(place->ready_fd);
	if (place->number == 1)
		kill(getpid(), SIGKILL);
	if (place->number == 3)
		kill(getppid(), place->ready_fd == -1 ? SIGINT : SIGKILL);
	return wait_for_term();
}

static int
replace_dead(void)
{
	return supervise(be_replaced, NULL);
}

/* It does not end when told to: it is killed, and that is a failure. */
static int
be_deaf(void *arg, const struct supervisor_place *place)
{
	(void)arg;
	process_tell_ready(place->ready_fd);
	if (place->number == 2) {
		kill(getppid(), SIGTERM);
		return wait_for_term();
	}
	for (;;)
		pause();
}

static int
kill_deaf(void)
{
	return supervise(be_deaf, NULL);
}

/* A signal for the workers reaches each of them. */
static int
be_signalled(void *arg, const struct supervisor_place *place)
{
	sigset_t wanted;

	(void)arg;
	process_tell_ready(place->ready_fd);
	if (place->number == 2)
		kill(getppid(), SIGHUP);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGHUP);
	if (sigwaitinfo(&wanted, NULL) != SIGHUP)
		return 5;
	if (place->number == 1)
		kill(getppid(), SIGTERM);
	return wait_for_term();
}

static int
pass_signals_on(void)
{
	return supervise(be_signalled, NULL);
}

/* The first one's loop does not turn; the others' does, and what replaces it
 * asks for the end. */
static int
be_stuck(void *arg, const struct supervisor_place *place)
{
	const struct timespec pause_ns = { 0, 20 * 1000 * 1000 };
	sigset_t term;

	(void)arg;
	if (place->interval_us != WATCHDOG_US / 2)
		return 6;
	if (place->ready_fd >= 0)
		process_tell_ready(place->ready_fd);
	if (place->number == 3)
		kill(getppid(), SIGTERM);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	for (;;) {
		if (place->number != 1)
			atomic_store(place->beat_ms, clock_monotonic_ms());
		if (sigtimedwait(&term, NULL, &pause_ns) == SIGTERM)
			return 0;
	}
}

static int
kill_stuck(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", WATCHDOG_US);
	if (setenv("WATCHDOG_USEC", text, 1) != 0)
		return 102;
	if (notify_watchdog_us() == 0)
		return 0;	/* built without a service manager */
	return supervise(be_stuck, NULL);
}

/* ---- the supervisor's own death ------------------------------------------ */

static int
be_orphaned(void *arg, const struct supervisor_place *place)
{
	(void)arg;
	process_tell_ready(place->ready_fd);
	if (place->number == 2)
		kill(getppid(), SIGKILL);
	return wait_for_term();
}

static int
die(void)
{
	return supervise(be_orphaned, NULL);
}

static void
test_orphans(void **state)
{
	int fds[2];
	char octet;

	(void)state;
	assert_int_equal(pipe(fds), 0);	/* open while one of them lives */
	assert_int_equal(test_run_child(die), -1);
	close(fds[1]);
	assert_int_equal(read(fds[0], &octet, 1), 0);	/* all are gone */
	close(fds[0]);
}

static void
test_lives(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(stop_good_ones), 0);
	assert_int_equal(test_run_child(start_unable), 50);
	assert_int_equal(test_run_child(replace_dead), 0);
	assert_int_equal(test_run_child(pass_signals_on), 0);
	assert_int_equal(test_run_child(kill_deaf), 1);
	assert_int_equal(test_run_child(kill_stuck), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_orphans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
