/* control/days.c - see days.h. */
#include "control/days.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"

#define PROBLEM_CEILING ((size_t)2048)
#define MAX_PROBLEM ((size_t)500)

/* Totals that come one by one. */
struct list {
	struct arena *arena;
	struct store_total *totals;
	size_t n, max;
	bool has_failed;		/* the arena is full */
};

static bool
keep_total(void *arg, const struct store_total *total)
{
	struct list *list = arg;
	struct store_total *place = &list->totals[list->n];

	if (list->n == list->max)
		return false;
	*place = *total;
	list->has_failed = !arena_copy(list->arena, total->key, &place->key);
	list->n += !list->has_failed;
	return !list->has_failed;
}

static enum store_status
read_days(struct store *store, struct days_view *view, struct arena *arena)
{
	struct list list = { arena, view->days, 0, DAYS_N, false };
	enum store_status status = store_visit_totals(store, STORE_BY_DAY,
	    view->first_day, view->last_day, keep_total, &list);

	view->n_days = list.n;
	return status;
}

static enum store_status
read_failing(struct store *store, const struct days_view *view,
    enum store_dimension dimension, struct list *list)
{
	return store_visit_failing(store, dimension, view->first_day,
	    view->last_day, (unsigned)list->max, keep_total, list);
}

static enum store_status
read_all(struct store *store, struct days_view *view, struct arena *arena)
{
	struct list domains = { arena, view->domains, 0, DAYS_MAX_FAILING,
		false };
	struct list sources = { arena, view->sources, 0, DAYS_MAX_FAILING,
		false };
	enum store_status status = read_days(store, view, arena);

	if (status == STORE_OK)
		status = read_failing(store, view, STORE_BY_AUTHOR_DOMAIN,
		    &domains);
	if (status == STORE_OK)
		status = read_failing(store, view, STORE_BY_SOURCE, &sources);
	view->n_domains = domains.n;
	view->n_sources = sources.n;
	return status;
}

static struct days_view *
make_view(int64_t now_s, struct arena *arena)
{
	struct days_view *view = arena_alloc(arena, sizeof(*view));

	if (view == NULL)
		return NULL;
	view->problem = "";
	view->read_s = now_s;
	view->last_day = (uint32_t)(now_s / CLOCK_DAY_S);
	view->first_day = view->last_day - (DAYS_N - 1);
	return view;
}

struct days_view *
days_fail(enum store_status status, struct slice problem, int64_t now_s,
    struct arena *arena)
{
	struct days_view *view = make_view(now_s, arena);
	struct strbuf text;

	if (view == NULL)
		return NULL;
	view->status = status;
	strbuf_init(&text, arena, PROBLEM_CEILING);
	strbuf_append_escaped(&text, problem, MAX_PROBLEM);
	view->problem = strbuf_cstr(&text);
	return view->problem != NULL ? view : NULL;
}

struct days_view *
days_read(struct store *store, int64_t now_s, struct arena *arena)
{
	struct days_view *view = make_view(now_s, arena);
	enum store_status status;

	if (view == NULL)
		return NULL;
	status = read_all(store, view, arena);
	if (status != STORE_OK)
		return days_fail(status, slice_from_cstr(store_problem(store)),
		    now_s, arena);
	return arena_has_failed(arena) ? NULL : view;
}
