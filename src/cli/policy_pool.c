/* cli/policy_pool.c - see policy_pool.h. */
#include "cli/policy_pool.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "control/pool.h"

/* A policy's text, its patterns, the answers on the way. */
#define JOB_MEMORY ((size_t)2 * 1024 * 1024)
#define PROBLEM_MAX ((size_t)1024)

struct job {
	struct pool_job job;
	struct arena *arena;	/* owned; the job itself lies in it */
	struct tls_policy known;
	struct policy_finding finding;
};

struct policy_pool {
	struct tls_policy_finder finder;
	void (*done)(void *context, const struct policy_finding *finding);
	void *done_context;
	struct pool *pool;
	atomic_bool is_stopping;
};

static void
free_job(struct job *job)
{
	struct arena *arena = job->arena;

	arena_destroy(&arena);
}

static void
work(void *context, struct pool_job *each)
{
	struct policy_pool *pool = context;
	struct job *job = (struct job *)each;
	struct policy_finding *finding = &job->finding;
	struct strbuf problem;

	strbuf_init(&problem, job->arena, PROBLEM_MAX);
	tls_policy_find(&pool->finder, job->arena, finding->domain,
	    &job->known, &finding->policy, &problem);
	finding->problem = strbuf_slice(&problem);
	finding->is_known = !arena_has_failed(job->arena);
}

static void
end(void *context, struct pool_job *each, enum pool_end how)
{
	struct policy_pool *pool = context;
	struct job *job = (struct job *)each;

	if (how == POOL_WORKED && !atomic_load(&pool->is_stopping))
		pool->done(pool->done_context, &job->finding);
	free_job(job);
}

struct policy_pool *
policy_pool_create(struct event_base *base,
    const struct tls_policy_finder *finder,
    void (*done)(void *context, const struct policy_finding *finding),
    void *done_context)
{
	struct policy_pool *pool = calloc(1, sizeof(*pool));
	const struct pool_options options = {
		.base = base,
		.max_threads = POLICY_POOL_THREADS,
		.max_waiting = POLICY_POOL_QUEUE,
		.work = work,
		.end = end,
		.context = pool,
	};

	if (pool == NULL)
		return NULL;
	pool->finder = *finder;
	pool->finder.is_stopping = &pool->is_stopping;
	pool->done = done;
	pool->done_context = done_context;
	if ((pool->pool = pool_create(&options)) == NULL) {
		free(pool);
		return NULL;
	}
	return pool;
}

void
policy_pool_destroy(struct policy_pool **pool)
{
	if (*pool == NULL)
		return;
	atomic_store(&(*pool)->is_stopping, true);
	pool_destroy(&(*pool)->pool);
	free(*pool);
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

	if (job == NULL)
		return false;
	if (pool_submit(pool->pool, &job->job))
		return true;
	free_job(job);
	return false;
}
