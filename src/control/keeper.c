/* control/keeper.c - see keeper.h.
 *
 * A job is what the thread is given: all of it is the thread's until the job
 * has ended, and then the loop's again. */
#include "control/keeper.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "report/store_sample.h"

#define JOB_MS 60000		/* the most that one takes */
#define KEEP_MS 60000		/* the least that days are good for */
#define KEEP_FACTOR 20		/* and so often what they took: at most a
				 * twentieth of the time is spent on them */
#define RETRY_MS 10000
#define VIEW_CEILING ((size_t)256 * 1024)
#define COUNTS_CEILING ((size_t)16 * 1024)
#define PROBLEM_CEILING ((size_t)2048)
#define MAX_UNSAVED 24		/* two hours */
#define MAX_RESTORED (24 * 60 * 60 / SAMPLES_STEP_S + 1)
#define FORGET_S (2 * CLOCK_DAY_S)

struct job {
	char *url, *host;		/* owned */
	bool reads_days, reads_columns;	/* to be done */
	size_t n_unsaved;
	struct keeper_column unsaved[MAX_UNSAVED];
	/* What came of it. */
	struct arena *arena;		/* of the view */
	struct days_view *view;		/* NULL: no memory */
	struct keeper_column *columns;	/* owned */
	size_t n_columns;
	bool has_saved, has_columns;
};

struct keeper {
	struct job job;
	bool has_thread;		/* the job is its, until joined */
	pthread_t thread;
	atomic_bool is_cancelled;
	pthread_mutex_t lock;		/* guards is_running */
	pthread_cond_t ended;
	bool is_running;

	/* The loop's. */
	char *url, *host;		/* owned; NULL: not known yet */
	struct arena *arena;		/* of the view */
	const struct days_view *view;	/* NULL: none */
	int64_t due_ms;			/* when it is read anew */
	int64_t retry_ms;		/* of all else */
	bool wants_days;		/* they are asked for, and due */
	bool wants_columns;
	struct keeper_column unsaved[MAX_UNSAVED];
	size_t n_unsaved;
	struct keeper_column *columns;	/* owned; to be taken */
	size_t n_columns;
};

/* ---- the thread ---------------------------------------------------------- */

static bool
keep_column(void *arg, const struct store_sample *sample)
{
	struct job *job = arg;
	struct keeper_column *column = &job->columns[job->n_columns];

	if (job->n_columns == MAX_RESTORED)
		return false;
	column->start_s = sample->start_s;
	column->end_s = sample->end_s;
	/* Another assay, which counts other things, may have been here. */
	if (column->end_s >= column->start_s &&
	    samples_parse(sample->counts, &column->counts))
		job->n_columns++;
	return true;
}

static void
read_columns(struct job *job, struct store *store, int64_t now_s)
{
	job->columns = calloc(MAX_RESTORED, sizeof(*job->columns));
	if (job->columns == NULL)
		return;
	job->has_columns = store_visit_samples(store,
	    slice_from_cstr(job->host), now_s - CLOCK_DAY_S, keep_column,
	    job) == STORE_OK;
}

static void
save_columns(struct job *job, struct store *store, int64_t now_s)
{
	struct arena *arena = arena_create(MAX_UNSAVED * COUNTS_CEILING);
	struct store_sample samples[MAX_UNSAVED];
	bool has_failed = arena == NULL;

	for (size_t i = 0; i < job->n_unsaved && !has_failed; i++) {
		struct strbuf counts;

		strbuf_init(&counts, arena, COUNTS_CEILING / 4);
		samples_append(&counts, &job->unsaved[i].counts);
		has_failed = counts.has_failed;
		samples[i] = (struct store_sample){
			.start_s = job->unsaved[i].start_s,
			.end_s = job->unsaved[i].end_s,
			.counts = strbuf_slice(&counts) };
	}
	job->has_saved = !has_failed && store_put_samples(store,
	    slice_from_cstr(job->host), samples, job->n_unsaved,
	    now_s - FORGET_S) == STORE_OK;
	arena_destroy(&arena);
}

static void
do_parts(struct job *job, struct store *store, int64_t now_s)
{
	int64_t start_ms = clock_monotonic_ms();

	if (job->reads_columns)
		read_columns(job, store, now_s);
	if (job->n_unsaved != 0)
		save_columns(job, store, now_s);
	if (!job->reads_days)
		return;
	job->view = days_read(store, now_s, job->arena);
	if (job->view != NULL)
		job->view->took_ms = clock_monotonic_ms() - start_ms;
}

static void
do_job(struct keeper *keeper)
{
	struct job *job = &keeper->job;
	int64_t now_s = clock_wall_s();
	struct store *store = NULL;
	enum store_status status;
	struct strbuf problem;

	if ((job->arena = arena_create(VIEW_CEILING)) == NULL)
		return;
	strbuf_init(&problem, job->arena, PROBLEM_CEILING);
	status = store_open(job->url, &store, &problem);
	if (status != STORE_OK) {
		job->view = days_fail(status, strbuf_slice(&problem), now_s,
		    job->arena);
		return;
	}
	store_bound(store, clock_monotonic_ms() + JOB_MS,
	    &keeper->is_cancelled);
	do_parts(job, store, now_s);
	store_close(&store);
}

static void *
run(void *arg)
{
	struct keeper *keeper = arg;

	do_job(keeper);
	pthread_mutex_lock(&keeper->lock);
	keeper->is_running = false;
	pthread_cond_signal(&keeper->ended);
	pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

/* ---- what came of a job -------------------------------------------------- */

static void
clear_job(struct job *job)
{
	free(job->url);
	free(job->host);
	free(job->columns);
	arena_destroy(&job->arena);
	memset(job, 0, sizeof(*job));
}

/* Days that could not be read are tried again sooner, unless it was for the
 * time that they took. */
static void
take_view(struct keeper *keeper)
{
	struct job *job = &keeper->job;
	int64_t keep_ms = KEEP_MS;

	arena_destroy(&keeper->arena);
	keeper->arena = job->arena;
	keeper->view = job->view;
	job->arena = NULL;
	if (job->view == NULL || job->view->status != STORE_OK)
		keep_ms = RETRY_MS;
	if (job->view != NULL && job->view->took_ms * KEEP_FACTOR > keep_ms)
		keep_ms = job->view->took_ms * KEEP_FACTOR;
	keeper->due_ms = clock_monotonic_ms() + keep_ms;
	keeper->wants_days = false;
}

/* Those that were handed over stand in front of what came since. */
static void
take_saved(struct keeper *keeper)
{
	size_t n = keeper->job.n_unsaved;

	keeper->n_unsaved -= n;
	memmove(keeper->unsaved, keeper->unsaved + n,
	    keeper->n_unsaved * sizeof(*keeper->unsaved));
}

static void
take_columns(struct keeper *keeper)
{
	keeper->wants_columns = false;
	free(keeper->columns);
	keeper->columns = keeper->job.columns;
	keeper->n_columns = keeper->job.n_columns;
	keeper->job.columns = NULL;
}

static bool
has_done_all(const struct job *job)
{
	return (job->n_unsaved == 0 || job->has_saved) &&
	    (!job->reads_columns || job->has_columns);
}

static void
end_job(struct keeper *keeper)
{
	struct job *job = &keeper->job;

	pthread_join(keeper->thread, NULL);
	keeper->has_thread = false;
	if (!has_done_all(job))
		keeper->retry_ms = clock_monotonic_ms() + RETRY_MS;
	if (job->has_saved)
		take_saved(keeper);
	if (job->has_columns)
		take_columns(keeper);
	if (job->reads_days)
		take_view(keeper);
	clear_job(job);
}

/* False while the thread is at it. */
static bool
is_idle(struct keeper *keeper)
{
	bool is_running;

	if (!keeper->has_thread)
		return true;
	pthread_mutex_lock(&keeper->lock);
	is_running = keeper->is_running;
	pthread_mutex_unlock(&keeper->lock);
	if (!is_running)
		end_job(keeper);
	return !is_running;
}

/* ---- giving one ---------------------------------------------------------- */

static void
start_job(struct keeper *keeper)
{
	struct job *job = &keeper->job;
	int64_t now_ms = clock_monotonic_ms();
	bool may_store = now_ms >= keeper->retry_ms;

	job->reads_days = keeper->wants_days;
	job->reads_columns = keeper->wants_columns && may_store;
	job->n_unsaved = may_store ? keeper->n_unsaved : 0;
	memcpy(job->unsaved, keeper->unsaved,
	    job->n_unsaved * sizeof(*job->unsaved));
	if (!job->reads_days && !job->reads_columns && job->n_unsaved == 0)
		return;
	job->url = strdup(keeper->url);
	job->host = strdup(keeper->host);
	keeper->is_running = true;
	keeper->has_thread = job->url != NULL && job->host != NULL &&
	    thread_start_blocked(&keeper->thread, run, keeper);
	if (keeper->has_thread)
		return;
	keeper->is_running = keeper->wants_days = false;
	keeper->due_ms = keeper->retry_ms = now_ms + RETRY_MS;
	clear_job(job);
}

/* What is known of another store is of no use.  Another name for this host
 * comes with the process only. */
static void
set_store(struct keeper *keeper, const char *url, const char *host)
{
	if (keeper->url != NULL && strcmp(keeper->url, url) == 0)
		return;
	free(keeper->url);
	free(keeper->host);
	keeper->url = strdup(url);
	keeper->host = strdup(host);
	keeper->view = NULL;
	arena_destroy(&keeper->arena);
	keeper->wants_days = false;
	keeper->due_ms = keeper->retry_ms = 0;
}

static bool
has_store(const struct keeper *keeper)
{
	return keeper->url != NULL && keeper->host != NULL &&
	    keeper->url[0] != '\0';
}

struct keeper *
keeper_create(void)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL)
		return NULL;
	keeper->wants_columns = true;
	if (!thread_init_wait(&keeper->lock, &keeper->ended)) {
		free(keeper);
		keeper = NULL;
	}
	return keeper;
}

void
keeper_turn(struct keeper *keeper, const char *url, const char *host)
{
	if (!is_idle(keeper))
		return;
	set_store(keeper, url, host);
	if (has_store(keeper))
		start_job(keeper);
	else
		keeper->n_unsaved = 0;
}

const struct days_view *
keeper_get_days(struct keeper *keeper, bool *is_reading_out)
{
	bool is_free = is_idle(keeper);

	if (clock_monotonic_ms() >= keeper->due_ms)
		keeper->wants_days = has_store(keeper);
	if (is_free && keeper->wants_days)
		start_job(keeper);
	*is_reading_out = keeper->wants_days;
	return keeper->view;
}

void
keeper_save(struct keeper *keeper, const struct keeper_column *column)
{
	/* The first ones may be in the thread's hands. */
	if (keeper->n_unsaved == MAX_UNSAVED && !keeper->has_thread)
		memmove(keeper->unsaved, keeper->unsaved + 1,
		    --keeper->n_unsaved * sizeof(*keeper->unsaved));
	if (keeper->n_unsaved < MAX_UNSAVED)
		keeper->unsaved[keeper->n_unsaved++] = *column;
}

size_t
keeper_take_columns(struct keeper *keeper,
    const struct keeper_column **columns_out)
{
	size_t n = keeper->n_columns;

	*columns_out = keeper->columns;
	keeper->n_columns = 0;
	return n;
}

/* ---- the end ------------------------------------------------------------- */

static bool
wait_for_end(struct keeper *keeper, int64_t deadline_ms)
{
	struct timespec deadline;
	int error = 0;

	if (!keeper->has_thread)
		return true;
	clock_to_timespec(deadline_ms, &deadline);
	pthread_mutex_lock(&keeper->lock);
	while (keeper->is_running && error == 0)
		error = pthread_cond_timedwait(&keeper->ended, &keeper->lock,
		    &deadline);
	pthread_mutex_unlock(&keeper->lock);
	return is_idle(keeper);
}

/* Nobody will look at days any more, nor at columns. */
static void
save_rest(struct keeper *keeper, int64_t deadline_ms)
{
	keeper->wants_days = keeper->wants_columns = false;
	keeper->retry_ms = 0;
	if (!has_store(keeper))
		return;
	start_job(keeper);
	(void)wait_for_end(keeper, deadline_ms);	/* it is asked again */
}

bool
keeper_destroy(struct keeper **keeper, int64_t deadline_ms)
{
	struct keeper *old = *keeper;
	int64_t now_ms = clock_monotonic_ms();

	*keeper = NULL;
	if (old == NULL)
		return true;
	/* What is just being read can be called off, what is written not. */
	atomic_store(&old->is_cancelled, old->job.reads_days);
	if (wait_for_end(old, now_ms + (deadline_ms - now_ms) / 2)) {
		atomic_store(&old->is_cancelled, false);
		save_rest(old, deadline_ms);
	}
	atomic_store(&old->is_cancelled, true);
	if (!wait_for_end(old, deadline_ms))
		return false;
	arena_destroy(&old->arena);
	free(old->columns);
	free(old->url);
	free(old->host);
	pthread_cond_destroy(&old->ended);
	pthread_mutex_destroy(&old->lock);
	free(old);
	return true;
}
