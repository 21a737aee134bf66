/* cli/policy_pool.c - see policy_pool.h. */
#include "cli/policy_pool.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/thread.h"

/* A policy's text, its patterns, the answers on the way. */
#define JOB_MEMORY ((size_t)2 * 1024 * 1024)
#define PROBLEM_MAX ((size_t)1024)

struct job {
	struct job *next;
	struct arena *arena;	/* owned; the job itself lies in it */
	struct tls_policy known;
	struct policy_finding finding;
};

struct jobs {
	struct job *first, **last;
	size_t n;
};

struct policy_pool {
	struct tls_policy_finder finder;
	void (*done)(void *context, const struct policy_finding *finding);
	void *done_context;
	struct event *wake;
	pthread_t threads[POLICY_POOL_THREADS];
	size_t n_threads;
	atomic_bool is_stopping;
	pthread_mutex_t mutex;	/* guards the two lists */
	pthread_cond_t has_job;
	struct jobs waiting, finished;
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

static void
free_job(struct job *job)
{
	struct arena *arena = job->arena;

	arena_destroy(&arena);
}

/* ---- the threads --------------------------------------------------------- */

static struct job *
wait_for_job(struct policy_pool *pool)
{
	struct job *job = NULL;

	pthread_mutex_lock(&pool->mutex);
	while (!atomic_load(&pool->is_stopping) &&
	    (job = take(&pool->waiting)) == NULL)
		pthread_cond_wait(&pool->has_job, &pool->mutex);
	pthread_mutex_unlock(&pool->mutex);
	return job;
}

static void
work(struct policy_pool *pool, struct job *job)
{
	struct policy_finding *finding = &job->finding;
	struct strbuf problem;

	strbuf_init(&problem, job->arena, PROBLEM_MAX);
	tls_policy_find(&pool->finder, job->arena, finding->domain,
	    &job->known, &finding->policy, &problem);
	finding->problem = strbuf_slice(&problem);
	finding->is_known = !arena_has_failed(job->arena);
	pthread_mutex_lock(&pool->mutex);
	append(&pool->finished, job);
	pthread_mutex_unlock(&pool->mutex);
	event_active(pool->wake, EV_TIMEOUT, 0);
}

static void *
run(void *context)
{
	struct policy_pool *pool = context;
	struct job *job;

	while ((job = wait_for_job(pool)) != NULL)
		work(pool, job);
	return NULL;
}

/* On the loop. */
static void
hand_over(evutil_socket_t fd, short what, void *context)
{
	struct policy_pool *pool = context;
	struct job *job;

	(void)fd;
	(void)what;
	for (;;) {
		pthread_mutex_lock(&pool->mutex);
		job = take(&pool->finished);
		pthread_mutex_unlock(&pool->mutex);
		if (job == NULL)
			return;
		pool->done(pool->done_context, &job->finding);
		free_job(job);
	}
}

/* ---- the pool ------------------------------------------------------------ */

struct policy_pool *
policy_pool_create(struct event_base *base,
    const struct tls_policy_finder *finder,
    void (*done)(void *context, const struct policy_finding *finding),
    void *done_context)
{
	struct policy_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->finder = *finder;
	pool->finder.is_stopping = &pool->is_stopping;
	pool->done = done;
	pool->done_context = done_context;
	pool->waiting.last = &pool->waiting.first;
	pool->finished.last = &pool->finished.first;
	pool->wake = event_new(base, -1, EV_PERSIST, hand_over, pool);
	if (pool->wake == NULL ||
	    !thread_init_wait(&pool->mutex, &pool->has_job)) {
		if (pool->wake != NULL)
			event_free(pool->wake);
		free(pool);
		return NULL;
	}
	while (pool->n_threads < POLICY_POOL_THREADS &&
	    thread_start_blocked(&pool->threads[pool->n_threads], run, pool))
		pool->n_threads++;
	if (pool->n_threads == 0)
		policy_pool_destroy(&pool);
	return pool;
}

void
policy_pool_destroy(struct policy_pool **pool)
{
	struct policy_pool *p = *pool;
	struct job *job;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	atomic_store(&p->is_stopping, true);
	pthread_cond_broadcast(&p->has_job);
	pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	while ((job = take(&p->waiting)) != NULL ||
	    (job = take(&p->finished)) != NULL)
		free_job(job);
	event_free(p->wake);
	pthread_cond_destroy(&p->has_job);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	*pool = NULL;
}

static struct job *
make_job(struct slice domain, const struct tls_policy *known, void *context)
{
	struct arena *arena = arena_create(JOB_MEMORY);
	struct job *job;

	if (arena == NULL)
		return NULL;
	job = arena_alloc(arena, sizeof(*job));
	if (job != NULL) {
		job->arena = arena;
		job->known = *known;
		job->finding.context = context;
	}
	if (job != NULL && arena_copy(arena, domain, &job->finding.domain) &&
	    arena_copy(arena, known->id, &job->known.id) &&
	    arena_copy(arena, known->match, &job->known.match))
		return job;
	arena_destroy(&arena);
	return NULL;
}

bool
policy_pool_submit(struct policy_pool *pool, struct slice domain,
    const struct tls_policy *known, void *context)
{
	struct job *job = make_job(domain, known, context);
	bool has_room;

	if (job == NULL)
		return false;
	pthread_mutex_lock(&pool->mutex);
	has_room = pool->waiting.n < POLICY_POOL_QUEUE;
	if (has_room) {
		append(&pool->waiting, job);
		pthread_cond_signal(&pool->has_job);
	}
	pthread_mutex_unlock(&pool->mutex);
	if (!has_room)
		free_job(job);
	return has_room;
}
