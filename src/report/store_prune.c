/* report/store_prune.c - retention by age; see store.h.
 *
 * In steps of some hundred rows, each a transaction of its own, with a pause
 * behind it: SQLite's waiting writers look only now and then whether it is
 * their turn. */
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "report/store_state.h"

#define STEP_ROWS 1000
#define PAUSE_NS (5L * 1000 * 1000)
/* A suppression is forgotten when as much time went by without a bounce. */
#define SUPPRESSION_S ((int64_t)64 * CLOCK_DAY_S)

#define KEY_MEMORY_MAX ((size_t)64 * 1024)
#define KEY_COLUMNS_MAX 5

/* ---- tables that begin with what is old ---------------------------------- */

/* Their key begins with the day.  Where the first rows end that one step may
 * take is found first: a list of their keys would be compared with every row
 * of the day. */
struct ordered_table {
	const char *find_end;	/* the key behind $2 rows before day $1 */
	const char *remove;	/* all before that key */
	const char *remove_rest;	/* all before day $1 */
	enum sql_kind kinds[KEY_COLUMNS_MAX];
	size_t n_columns;
};

#define FLOW_KEY \
	"day, is_reportable, policy_domain, configuration_id, digest"
#define DELIVERY_KEY "day, policy_domain, report_id, destination"

static const struct ordered_table flow = {
	.find_end = "SELECT " FLOW_KEY " FROM flow WHERE day < $1 ORDER BY "
	    FLOW_KEY " LIMIT 1 OFFSET $2",
	.remove = "DELETE FROM flow WHERE (" FLOW_KEY ")"
	    " < ($1, $2, $3, $4, $5)",
	.remove_rest = "DELETE FROM flow WHERE day < $1",
	.kinds = { SQL_NUMBER, SQL_NUMBER, SQL_TEXT, SQL_NUMBER, SQL_OCTETS },
	.n_columns = 5,
};
static const struct ordered_table delivery = {
	.find_end = "SELECT " DELIVERY_KEY " FROM delivery WHERE day < $1"
	    " ORDER BY " DELIVERY_KEY " LIMIT 1 OFFSET $2",
	.remove = "DELETE FROM delivery WHERE (" DELIVERY_KEY ")"
	    " < ($1, $2, $3, $4)",
	.remove_rest = "DELETE FROM delivery WHERE day < $1",
	.kinds = { SQL_NUMBER, SQL_TEXT, SQL_TEXT, SQL_TEXT },
	.n_columns = 4,
};

/* *HAS_END_OUT false: there are fewer rows.  VALUES live in ARENA. */
static enum store_status
find_end(struct store *store, const struct ordered_table *table,
    int64_t before, struct arena *arena, struct sql_value *values,
    bool *has_end_out)
{
	const struct sql_value bounds[] = {
		sql_number(before), sql_number(STEP_ROWS),
	};
	enum store_status status = sql_start(store->sql, table->find_end,
	    bounds, N_ELEMENTS(bounds));

	*has_end_out = false;
	if (status == STORE_OK)
		status = sql_step(store->sql, has_end_out);
	for (unsigned i = 0; *has_end_out && i < table->n_columns; i++) {
		values[i].kind = table->kinds[i];
		values[i].number = sql_get_number(store->sql, i);
		if (!arena_copy(arena, sql_get_octets(store->sql, i),
		    &values[i].octets))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}

static enum store_status
remove_ordered(struct store *store, const struct ordered_table *table,
    int64_t before, uint64_t *n_out, bool *is_last_out)
{
	struct arena *arena = arena_create(KEY_MEMORY_MAX);
	const struct sql_value bound = sql_number(before);
	struct sql_value end[KEY_COLUMNS_MAX];
	enum store_status status;
	bool has_end;

	if (arena == NULL)
		return store_fail_memory(store);
	status = find_end(store, table, before, arena, end, &has_end);
	if (status == STORE_OK && has_end)
		status = sql_run(store->sql, table->remove, end,
		    table->n_columns, n_out);
	else if (status == STORE_OK)
		status = sql_run(store->sql, table->remove_rest, &bound, 1,
		    n_out);
	*is_last_out = !has_end;
	arena_destroy(&arena);
	return status;
}

static void
pause_for_others(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	/* Cut short by a signal it does no harm. */
	(void)nanosleep(&pause, NULL);
}

static enum store_status
prune_ordered(struct store *store, const struct ordered_table *table,
    int64_t before, uint64_t *n_total)
{
	enum store_status status;
	bool is_last = false;

	for (;;) {
		uint64_t n = 0;

		if ((status = store_begin(store, false)) != STORE_OK)
			return status;
		status = store_end(store, remove_ordered(store, table, before,
		    &n, &is_last));
		if (status != STORE_OK)
			return status;
		*n_total += n;
		if (is_last)
			return STORE_OK;
		pause_for_others();
	}
}

/* ---- the others ---------------------------------------------------------- */

/* Up to $2 rows that are older than $1, which is a day or a time. */
static const char prune_pass[] =
    "DELETE FROM pass WHERE (author_domain, path, day) IN"
    " (SELECT author_domain, path, day FROM pass WHERE day < $1"
    " ORDER BY day LIMIT $2)";
static const char prune_configuration[] =
    "DELETE FROM configuration WHERE id IN (SELECT id FROM configuration"
    " WHERE last_day < $1 ORDER BY last_day LIMIT $2)";
static const char prune_suppression[] =
    "DELETE FROM suppression WHERE destination IN (SELECT destination"
    " FROM suppression WHERE last_s < $1 LIMIT $2)";
static const char prune_failure[] =
    "DELETE FROM failure WHERE id IN (SELECT id FROM failure"
    " WHERE time_s < $1 ORDER BY time_s LIMIT $2)";
static const char prune_failure_sent[] =
    "DELETE FROM failure_sent WHERE (key, time_s) IN (SELECT key, time_s"
    " FROM failure_sent WHERE time_s < $1 ORDER BY time_s LIMIT $2)";

static enum store_status
prune_table(struct store *store, const char *text, int64_t before,
    uint64_t *n_total)
{
	const struct sql_value values[] = {
		sql_number(before), sql_number(STEP_ROWS),
	};
	enum store_status status;
	uint64_t n;

	for (;;) {
		if ((status = store_begin(store, false)) != STORE_OK)
			return status;
		status = store_end(store, sql_run(store->sql, text, values,
		    N_ELEMENTS(values), &n));
		if (status != STORE_OK)
			return status;
		*n_total += n;
		if (n < STEP_ROWS)
			return STORE_OK;
		pause_for_others();
	}
}

/* A configuration goes after its rows. */
enum store_status
store_prune(struct store *store, uint32_t before_day, uint64_t *n_out)
{
	const int64_t before_s = (int64_t)before_day * CLOCK_DAY_S;
	const struct {
		const char *text;
		int64_t before;
	} tables[] = {
		{ prune_pass, before_day },
		{ prune_configuration, before_day },
		{ prune_suppression, before_s - SUPPRESSION_S },
		{ prune_failure, before_s },
		{ prune_failure_sent, before_s },
	};
	enum store_status status;

	*n_out = 0;
	status = prune_ordered(store, &flow, before_day, n_out);
	if (status == STORE_OK)
		status = prune_ordered(store, &delivery, before_day, n_out);
	for (size_t i = 0; i < N_ELEMENTS(tables) && status == STORE_OK; i++)
		status = prune_table(store, tables[i].text, tables[i].before,
		    n_out);
	return status;
}
