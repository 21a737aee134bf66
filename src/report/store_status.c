/* report/store_status.c - see store_status.h. */
#include "report/store_status.h"

#include "base/arena.h"
#include "report/store_state.h"

/* What has no destination is no message (report/ledger.h). */
static const char select_counts[] =
    "SELECT day, CAST(sum(CASE WHEN delivery = 'handed' THEN 1 ELSE 0 END)"
    " AS BIGINT),"
    " CAST(sum(CASE WHEN delivery = 'sent' THEN 1 ELSE 0 END) AS BIGINT),"
    " CAST(sum(CASE WHEN delivery = 'deferred' THEN 1 ELSE 0 END)"
    " AS BIGINT),"
    " CAST(sum(CASE WHEN delivery = 'dropped' THEN 1 ELSE 0 END) AS BIGINT)"
    " FROM delivery WHERE destination <> '' GROUP BY day ORDER BY day";
static const char select_suppressions[] =
    "SELECT destination, bounces, last_s, until_s FROM suppression"
    " WHERE destination > $1 AND until_s > $2"
    " ORDER BY destination LIMIT $3";

static bool
append_count(struct sql *sql, struct arena *arena,
    struct store_day_count **counts, size_t *n)
{
	struct store_day_count *count;

	/* Room for 1, 2, 4 ... of them. */
	if ((*n & (*n - 1)) == 0) {
		struct store_day_count *grown = arena_grow_array(arena,
		    *counts, *n, *n == 0 ? 1 : 2 * *n, sizeof(**counts));

		if (grown == NULL)
			return false;
		*counts = grown;
	}
	count = &(*counts)[(*n)++];
	count->day = (uint32_t)sql_get_number(sql, 0);
	count->deliveries[STORE_DELIVERY_HANDED] =
	    (uint64_t)sql_get_number(sql, 1);
	count->deliveries[STORE_DELIVERY_SENT] =
	    (uint64_t)sql_get_number(sql, 2);
	count->deliveries[STORE_DELIVERY_DEFERRED] =
	    (uint64_t)sql_get_number(sql, 3);
	count->deliveries[STORE_DELIVERY_DROPPED] =
	    (uint64_t)sql_get_number(sql, 4);
	return true;
}

enum store_status
store_count_deliveries(struct store *store, struct arena *arena,
    struct store_day_count **counts_out, size_t *n_out)
{
	enum store_status status = store_connect(store);
	bool has_row;

	*counts_out = NULL;
	*n_out = 0;
	if (status == STORE_OK)
		status = sql_start(store->sql, select_counts, NULL, 0);
	while (status == STORE_OK) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!append_count(store->sql, arena, counts_out, n_out))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}

static bool
read_suppression(struct sql *sql, struct arena *arena,
    struct store_suppression *suppression)
{
	suppression->n_bounces = (uint64_t)sql_get_number(sql, 1);
	suppression->last_s = sql_get_number(sql, 2);
	suppression->until_s = sql_get_number(sql, 3);
	return arena_copy(arena, sql_get_octets(sql, 0),
	    &suppression->destination);
}

enum store_status
store_list_suppressions(struct store *store, int64_t now_s,
    struct slice after, size_t max, struct arena *arena,
    struct store_suppression **suppressions_out, size_t *n_out)
{
	const struct sql_value values[] = {
		store_key(after), sql_number(now_s), sql_number((int64_t)max),
	};
	enum store_status status = store_connect(store);
	bool has_row;

	*n_out = 0;
	*suppressions_out = arena_alloc_array(arena, max,
	    sizeof(**suppressions_out));
	if (status != STORE_OK)
		return status;
	if (*suppressions_out == NULL)
		return store_fail_memory(store);
	status = sql_start(store->sql, select_suppressions, values,
	    N_ELEMENTS(values));
	while (status == STORE_OK && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!read_suppression(store->sql, arena,
		    &(*suppressions_out)[(*n_out)++]))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}
