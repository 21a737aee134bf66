/* base/thread.c - see thread.h. */
#include "base/thread.h"

#include <signal.h>
#include <time.h>

bool
thread_start_blocked(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

bool
thread_init_wait(pthread_mutex_t *lock, pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	bool is_ready;

	if (pthread_condattr_init(&monotonic) != 0)
		return false;
	is_ready = pthread_condattr_setclock(&monotonic,
	    CLOCK_MONOTONIC) == 0 &&
	    pthread_cond_init(condition, &monotonic) == 0;
	pthread_condattr_destroy(&monotonic);
	if (!is_ready)
		return false;
	if (pthread_mutex_init(lock, NULL) == 0)
		return true;
	pthread_cond_destroy(condition);
	return false;
}
