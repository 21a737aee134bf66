/* control/pool.c - see pool.h. */
#include "control/pool.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"

struct jobs {
	struct pool_job *first, **last;
	size_t n;
};

struct pool {
	struct pool_options options;
	struct event *wake;
	pthread_mutex_t mutex;	/* guards what follows, but for the threads */
	pthread_cond_t has_job;
	struct jobs waiting, finished;
	size_t n_idle, n_at_work;	/* threads */
	bool is_stopping;
	size_t n_threads;	/* the loop's, as the threads themselves */
	pthread_t threads[];
};

/* ---- lists --------------------------------------------------------------- */

static void
append(struct jobs *jobs, struct pool_job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
	jobs->n++;
}

static struct pool_job *
take(struct jobs *jobs)
{
	struct pool_job *job = jobs->first;

	if (job == NULL)
		return NULL;
	jobs->first = job->next;
	if (jobs->first == NULL)
		jobs->last = &jobs->first;
	jobs->n--;
	return job;
}

/* ---- threads ------------------------------------------------------------- */

/* With the lock held.  NULL: there will be none. */
static struct pool_job *
wait_for_job(struct pool *pool)
{
	struct pool_job *job = NULL;

	pool->n_idle++;
	while (!pool->is_stopping && (job = take(&pool->waiting)) == NULL)
		pthread_cond_wait(&pool->has_job, &pool->mutex);
	pool->n_idle--;
	return job;
}

static void
work(const struct pool *pool, struct pool_job *job)
{
	job->is_late = clock_monotonic_ms() > job->deadline_ms;
	if (!job->is_late)
		pool->options.work(pool->options.context, job);
}

static void *
run(void *context)
{
	struct pool *pool = context;
	struct pool_job *job;

	pthread_mutex_lock(&pool->mutex);
	while ((job = wait_for_job(pool)) != NULL) {
		pool->n_at_work++;
		pthread_mutex_unlock(&pool->mutex);
		work(pool, job);
		pthread_mutex_lock(&pool->mutex);
		append(&pool->finished, job);
		pool->n_at_work--;
		event_active(pool->wake, EV_READ, 0);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

static void
end_finished(const struct pool *pool, struct pool_job *job)
{
	pool->options.end(pool->options.context, job,
	    job->is_late ? POOL_LATE : POOL_WORKED);
}

/* On the loop. */
static void
hand_over(evutil_socket_t fd, short what, void *context)
{
	struct pool *pool = context;
	struct pool_job *job;

	(void)fd;
	(void)what;
	for (;;) {
		pthread_mutex_lock(&pool->mutex);
		job = take(&pool->finished);
		pthread_mutex_unlock(&pool->mutex);
		if (job == NULL)
			return;
		end_finished(pool, job);
	}
}

/* ---- the pool ------------------------------------------------------------ */

struct pool *
pool_create(const struct pool_options *options)
{
	struct pool *pool = calloc(1, sizeof(*pool) +
	    options->max_threads * sizeof(pool->threads[0]));

	if (pool == NULL)
		return NULL;
	pool->options = *options;
	pool->waiting.last = &pool->waiting.first;
	pool->finished.last = &pool->finished.first;
	pool->wake = event_new(options->base, -1, EV_PERSIST, hand_over, pool);
	if (pool->wake != NULL &&
	    thread_init_wait(&pool->mutex, &pool->has_job))
		return pool;
	if (pool->wake != NULL)
		event_free(pool->wake);
	free(pool);
	return NULL;
}

/* One more thread, where all have something to do. */
static void
hire(struct pool *pool)
{
	bool is_needed;

	pthread_mutex_lock(&pool->mutex);
	is_needed = pool->n_idle <= pool->waiting.n;
	pthread_mutex_unlock(&pool->mutex);
	if (is_needed && pool->n_threads < pool->options.max_threads &&
	    thread_start_blocked(&pool->threads[pool->n_threads], run, pool))
		pool->n_threads++;
}

bool
pool_submit(struct pool *pool, struct pool_job *job)
{
	int64_t wait_ms = pool->options.wait_ms;
	bool is_taken;

	hire(pool);
	if (pool->n_threads == 0)
		return false;
	job->deadline_ms = wait_ms != 0 ? clock_monotonic_ms() + wait_ms :
	    INT64_MAX;
	pthread_mutex_lock(&pool->mutex);
	is_taken = pool->waiting.n < pool->options.max_waiting;
	if (is_taken) {
		append(&pool->waiting, job);
		pthread_cond_signal(&pool->has_job);
	}
	pthread_mutex_unlock(&pool->mutex);
	return is_taken;
}

bool
pool_is_idle(struct pool *pool)
{
	bool is_idle;

	pthread_mutex_lock(&pool->mutex);
	is_idle = pool->waiting.n == 0 && pool->n_at_work == 0;
	pthread_mutex_unlock(&pool->mutex);
	return is_idle;
}

void
pool_destroy(struct pool **pool)
{
	struct pool *p = *pool;
	struct pool_job *job;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->is_stopping = true;
	pthread_cond_broadcast(&p->has_job);
	pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	while ((job = take(&p->waiting)) != NULL)
		p->options.end(p->options.context, job, POOL_DROPPED);
	while ((job = take(&p->finished)) != NULL)
		end_finished(p, job);
	event_free(p->wake);
	pthread_cond_destroy(&p->has_job);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	*pool = NULL;
}
