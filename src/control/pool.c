/* control/pool.c - see pool.h. */
#include "control/pool.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"

struct job {
	struct job *next;
	char *line, *answer;	/* owned; NULL: it is not there */
	size_t len;		/* of LINE */
	int64_t deadline_ms;	/* by which it must have been begun */
	bool is_late;
	void *ticket;
};

struct jobs {
	struct job *first, **last;
	size_t n;
};

struct control_pool {
	struct pool_options options;
	struct event *wake;
	pthread_t threads[POOL_THREADS];
	size_t n_threads;	/* the loop's */
	pthread_mutex_t mutex;	/* guards all that follows */
	pthread_cond_t has_job;
	struct jobs waiting, finished;
	size_t n_idle, n_at_work;	/* threads */
	bool is_stopping;
};

/* ---- lists --------------------------------------------------------------- */

static void
append(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
	jobs->n++;
}

static struct job *
take(struct jobs *jobs)
{
	struct job *job = jobs->first;

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
static struct job *
wait_for_job(struct control_pool *pool)
{
	struct job *job = NULL;

	pool->n_idle++;
	while (!pool->is_stopping && (job = take(&pool->waiting)) == NULL)
		pthread_cond_wait(&pool->has_job, &pool->mutex);
	pool->n_idle--;
	return job;
}

static void
work(const struct control_pool *pool, struct job *job)
{
	job->is_late = clock_monotonic_ms() > job->deadline_ms;
	if (job->is_late)
		return;
	job->answer = pool->options.work(job->line, job->len);
	job->line = NULL;
}

static void *
run(void *context)
{
	struct control_pool *pool = context;
	struct job *job;

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
end_job(const struct control_pool *pool, struct job *job)
{
	pool->options.done(job->ticket, job->is_late ?
	    pool->options.too_late : job->answer);
	free(job->line);
	free(job->answer);
	free(job);
}

/* On the loop. */
static void
hand_over(evutil_socket_t fd, short what, void *context)
{
	struct control_pool *pool = context;
	struct job *job;

	(void)fd;
	(void)what;
	for (;;) {
		pthread_mutex_lock(&pool->mutex);
		job = take(&pool->finished);
		pthread_mutex_unlock(&pool->mutex);
		if (job == NULL)
			return;
		end_job(pool, job);
	}
}

/* ---- the pool ------------------------------------------------------------ */

struct control_pool *
pool_create(const struct pool_options *options)
{
	struct control_pool *pool = calloc(1, sizeof(*pool));

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
hire(struct control_pool *pool)
{
	bool is_needed;

	pthread_mutex_lock(&pool->mutex);
	is_needed = pool->n_idle <= pool->waiting.n;
	pthread_mutex_unlock(&pool->mutex);
	if (is_needed && pool->n_threads < POOL_THREADS &&
	    thread_start_blocked(&pool->threads[pool->n_threads], run, pool))
		pool->n_threads++;
}

bool
pool_submit(struct control_pool *pool, char *line, size_t len, void *ticket)
{
	struct job *job;
	bool is_taken;

	hire(pool);
	job = pool->n_threads != 0 ? calloc(1, sizeof(*job)) : NULL;
	if (job == NULL)
		return false;
	*job = (struct job){ .line = line, .len = len, .ticket = ticket,
		.deadline_ms = clock_monotonic_ms() + POOL_WAIT_MS };
	pthread_mutex_lock(&pool->mutex);
	is_taken = pool->waiting.n < POOL_QUEUE;
	if (is_taken) {
		append(&pool->waiting, job);
		pthread_cond_signal(&pool->has_job);
	}
	pthread_mutex_unlock(&pool->mutex);
	if (!is_taken)
		free(job);
	return is_taken;
}

bool
pool_is_idle(struct control_pool *pool)
{
	bool is_idle;

	pthread_mutex_lock(&pool->mutex);
	is_idle = pool->waiting.n == 0 && pool->n_at_work == 0;
	pthread_mutex_unlock(&pool->mutex);
	return is_idle;
}

void
pool_destroy(struct control_pool **pool)
{
	struct control_pool *p = *pool;
	struct job *job;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->is_stopping = true;
	pthread_cond_broadcast(&p->has_job);
	pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	while ((job = take(&p->waiting)) != NULL ||
	    (job = take(&p->finished)) != NULL)
		end_job(p, job);
	event_free(p->wake);
	pthread_cond_destroy(&p->has_job);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	*pool = NULL;
}
