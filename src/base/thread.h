/* base/thread.h - threads that leave signals alone, and waits by the clock of
 * our deadlines. */
#ifndef ASSAY_BASE_THREAD_H
#define ASSAY_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Run RUN with ARG in a thread to which no signal is delivered.  False where
 * the system has no more threads. */
bool thread_start_blocked(pthread_t *thread, void *(*run)(void *), void *arg);

/* A lock, and a condition that pthread_cond_timedwait waits for until one of
 * clock_to_timespec's times.  False, and neither is there, where the system has
 * no more of them. */
bool thread_init_wait(pthread_mutex_t *lock, pthread_cond_t *condition);

#endif
