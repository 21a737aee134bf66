/* report/store_bounce.c - see store_bounce.h. */
#include "report/store_bounce.h"

#include "base/arena.h"
#include "report/store_state.h"

static const char select_destinations[] =
    "SELECT DISTINCT destination FROM delivery WHERE report_id = $1"
    " AND time_s >= $2 AND destination <> ''"
    " AND delivery IN ('handed', 'sent') ORDER BY destination LIMIT $3";

enum store_status
store_find_destinations(struct store *store, struct slice report_id,
    int64_t since_s, size_t max, struct arena *arena,
    struct slice **destinations_out, size_t *n_out)
{
	const struct sql_value values[] = {
		store_key(report_id), sql_number(since_s),
		sql_number((int64_t)max),
	};
	enum store_status status = store_connect(store);
	bool has_row;

	*n_out = 0;
	*destinations_out = arena_alloc_array(arena, max,
	    sizeof(**destinations_out));
	if (status != STORE_OK)
		return status;
	if (*destinations_out == NULL)
		return store_fail_memory(store);
	status = sql_start(store->sql, select_destinations, values,
	    N_ELEMENTS(values));
	while (status == STORE_OK && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!arena_copy(arena, sql_get_octets(store->sql, 0),
		    &(*destinations_out)[(*n_out)++]))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}
