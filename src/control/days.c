/* control/days.c - see days.h. */
#include "control/days.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/thread.h"

#define READ_MS 20000		/* the most that it takes */
#define KEEP_MS 60000		/* the least that it is good for */
#define KEEP_FACTOR 20		/* and so often what it took: at most a
				 * twentieth of the time is spent on it */
#define RETRY_MS 10000
#define VIEW_CEILING ((size_t)256 * 1024)
#define PROBLEM_CEILING ((size_t)2048)
#define MAX_PROBLEM ((size_t)500)

struct reading {
	struct arena *arena;	/* owns this, the view and all in it */
	struct days_view view;
	bool has_failed;	/* memory */
};

struct days {
	struct reading *current;	/* the loop's */
	char *url;			/* of it; owned */
	int64_t due_ms;			/* when it is read anew */
	bool has_thread;		/* to be joined */
	pthread_t thread;
	atomic_bool is_cancelled;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool is_running;		/* guarded by the lock, as is ... */
	struct reading *fresh;		/* ... what the thread has made */
};

/* ---- the thread ---------------------------------------------------------- */

static void
free_reading(struct reading **reading)
{
	struct arena *arena = *reading != NULL ? (*reading)->arena : NULL;

	*reading = NULL;
	arena_destroy(&arena);
}

static struct reading *
make_reading(void)
{
	struct arena *arena = arena_create(VIEW_CEILING);
	struct reading *reading = NULL;

	if (arena != NULL)
		reading = arena_alloc(arena, sizeof(*reading));
	if (reading == NULL)
		arena_destroy(&arena);
	else
		reading->arena = arena;
	return reading;
}

static bool
keep_total(struct reading *reading, const struct store_total *total,
    struct store_total *place)
{
	*place = *total;
	if (!arena_copy(reading->arena, total->key, &place->key))
		reading->has_failed = true;
	return !reading->has_failed;
}

static bool
keep_day(void *arg, const struct store_total *total)
{
	struct reading *reading = arg;
	struct days_view *view = &reading->view;

	return view->n_days < DAYS_N && keep_total(reading, total,
	    &view->days[view->n_days++]);
}

static bool
keep_domain(void *arg, const struct store_total *total)
{
	struct reading *reading = arg;
	struct days_view *view = &reading->view;

	return view->n_domains < DAYS_MAX_FAILING && keep_total(reading,
	    total, &view->domains[view->n_domains++]);
}

static bool
keep_source(void *arg, const struct store_total *total)
{
	struct reading *reading = arg;
	struct days_view *view = &reading->view;

	return view->n_sources < DAYS_MAX_FAILING && keep_total(reading,
	    total, &view->sources[view->n_sources++]);
}

static enum store_status
read_store(struct store *store, struct reading *reading)
{
	const struct days_view *view = &reading->view;
	enum store_status status = store_visit_totals(store, STORE_BY_DAY,
	    view->first_day, view->last_day, keep_day, reading);

	if (status == STORE_OK)
		status = store_visit_failing(store, STORE_BY_AUTHOR_DOMAIN,
		    view->first_day, view->last_day, DAYS_MAX_FAILING,
		    keep_domain, reading);
	if (status == STORE_OK)
		status = store_visit_failing(store, STORE_BY_SOURCE,
		    view->first_day, view->last_day, DAYS_MAX_FAILING,
		    keep_source, reading);
	return status;
}

static void
set_problem(struct reading *reading, enum store_status status,
    struct slice problem)
{
	struct strbuf text;

	reading->view.status = status;
	strbuf_init(&text, reading->arena, PROBLEM_CEILING);
	strbuf_append_escaped(&text, problem, MAX_PROBLEM);
	reading->view.problem = strbuf_cstr(&text);
	if (reading->view.problem == NULL)
		reading->view.problem = "";
}

static void
read_url(struct days *days, struct reading *reading)
{
	int64_t start_ms = clock_monotonic_ms();
	struct store *store = NULL;
	enum store_status status;
	struct strbuf problem;

	reading->view.problem = "";
	reading->view.read_s = clock_wall_s();
	reading->view.last_day = (uint32_t)(reading->view.read_s /
	    CLOCK_DAY_S);
	reading->view.first_day = reading->view.last_day - (DAYS_N - 1);
	strbuf_init(&problem, reading->arena, PROBLEM_CEILING);
	status = store_open(days->url, &store, &problem);
	if (status != STORE_OK) {
		set_problem(reading, status, strbuf_slice(&problem));
		return;
	}
	store_bound(store, start_ms + READ_MS, &days->is_cancelled);
	status = read_store(store, reading);
	if (status != STORE_OK)
		set_problem(reading, status,
		    slice_from_cstr(store_problem(store)));
	else if (reading->has_failed)
		set_problem(reading, STORE_UNAVAILABLE,
		    SLICE("memory is out"));
	store_close(&store);
	reading->view.took_ms = clock_monotonic_ms() - start_ms;
}

static void *
run(void *arg)
{
	struct days *days = arg;
	struct reading *reading = make_reading();

	if (reading != NULL)
		read_url(days, reading);
	pthread_mutex_lock(&days->lock);
	days->fresh = reading;
	days->is_running = false;
	pthread_cond_signal(&days->ended);
	pthread_mutex_unlock(&days->lock);
	return NULL;
}

/* ---- the loop ------------------------------------------------------------ */

struct days *
days_create(void)
{
	struct days *days = calloc(1, sizeof(*days));

	if (days != NULL && !thread_init_wait(&days->lock, &days->ended)) {
		free(days);
		days = NULL;
	}
	return days;
}

/* One that failed is tried again sooner. */
static int64_t
find_due(const struct reading *reading)
{
	int64_t keep_ms = KEEP_MS;

	if (reading == NULL || reading->view.status != STORE_OK)
		keep_ms = RETRY_MS;
	if (reading != NULL && reading->view.took_ms * KEEP_FACTOR > keep_ms)
		keep_ms = reading->view.took_ms * KEEP_FACTOR;
	return clock_monotonic_ms() + keep_ms;
}

/* False while the thread is at it. */
static bool
collect(struct days *days)
{
	bool is_running;

	if (!days->has_thread)
		return true;
	pthread_mutex_lock(&days->lock);
	is_running = days->is_running;
	pthread_mutex_unlock(&days->lock);
	if (is_running)
		return false;
	pthread_join(days->thread, NULL);
	days->has_thread = false;
	free_reading(&days->current);
	days->current = days->fresh;
	days->fresh = NULL;
	days->due_ms = find_due(days->current);
	return true;
}

/* What is known of another store is of no use; the thread has ended. */
static void
set_url(struct days *days, const char *url)
{
	if (days->url != NULL && strcmp(days->url, url) == 0)
		return;
	free(days->url);
	days->url = strdup(url);
	free_reading(&days->current);
	days->due_ms = 0;
}

static void
start_reading(struct days *days)
{
	days->is_running = true;
	days->has_thread = thread_start_blocked(&days->thread, run, days);
	if (days->has_thread)
		return;
	days->is_running = false;
	days->due_ms = clock_monotonic_ms() + RETRY_MS;
}

const struct days_view *
days_get(struct days *days, const char *url, bool *is_reading_out)
{
	if (collect(days)) {
		set_url(days, url);
		if (days->url != NULL && url[0] != '\0' &&
		    clock_monotonic_ms() >= days->due_ms)
			start_reading(days);
	}
	*is_reading_out = days->has_thread;
	return days->current != NULL ? &days->current->view : NULL;
}

static bool
wait_for_end(struct days *days, int64_t deadline_ms)
{
	struct timespec deadline;
	bool is_running;
	int error = 0;

	clock_to_timespec(deadline_ms, &deadline);
	pthread_mutex_lock(&days->lock);
	while (days->is_running && error == 0)
		error = pthread_cond_timedwait(&days->ended, &days->lock,
		    &deadline);
	is_running = days->is_running;
	pthread_mutex_unlock(&days->lock);
	return !is_running;
}

bool
days_destroy(struct days **days, int64_t deadline_ms)
{
	struct days *old = *days;

	*days = NULL;
	if (old == NULL)
		return true;
	atomic_store(&old->is_cancelled, true);
	if (old->has_thread) {
		if (!wait_for_end(old, deadline_ms))
			return false;
		pthread_join(old->thread, NULL);
	}
	free_reading(&old->fresh);
	free_reading(&old->current);
	pthread_cond_destroy(&old->ended);
	pthread_mutex_destroy(&old->lock);
	free(old->url);
	free(old);
	return true;
}
