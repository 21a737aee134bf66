/* report/store_read.c - what reports are made of; see store.h.
 *
 * Every statement follows the key of its table from a place that is known, and
 * ends after a page: nothing is sorted, counted twice or read twice. */
#include <string.h>

#include "base/arena.h"
#include "report/store_row.h"
#include "report/store_state.h"

static const char select_day[] =
    "SELECT day FROM flow WHERE day >= $1 AND day <= $2"
    " ORDER BY day LIMIT 1";
static const char select_is_reportable[] =
    "SELECT 1 FROM flow WHERE day = $1 AND is_reportable = 1 LIMIT 1";
static const char select_subjects[] =
    "SELECT policy_domain, configuration_id, count(*),"
    " CAST(sum(count) AS BIGINT),"
    " (SELECT text FROM configuration WHERE id = configuration_id)"
    " FROM flow WHERE day = $1 AND is_reportable = 1"
    " AND (policy_domain, configuration_id) > ($2, $3)"
    " GROUP BY policy_domain, configuration_id"
    " ORDER BY policy_domain, configuration_id LIMIT $4";
static const char select_rows[] =
    "SELECT " STORE_ROW_COLUMNS " FROM flow WHERE day = $1"
    " AND is_reportable = 1 AND policy_domain = $2"
    " AND configuration_id = $3 AND digest > $4"
    " ORDER BY digest LIMIT $5";

/* ---- days ---------------------------------------------------------------- */

static bool
append_day(struct arena *arena, uint32_t day, uint32_t **days, size_t *n)
{
	/* Room for 1, 2, 4 ... of them. */
	if ((*n & (*n - 1)) == 0) {
		uint32_t *grown = arena_grow_array(arena, *days, *n,
		    *n == 0 ? 1 : 2 * *n, sizeof(**days));

		if (grown == NULL)
			return false;
		*days = grown;
	}
	(*days)[(*n)++] = day;
	return true;
}

/* The first day that has rows in FROM..TO; 0: there is none. */
static enum store_status
find_day(struct store *store, int64_t from, uint32_t to, int64_t *day_out,
    bool *is_reportable_out)
{
	const struct sql_value bounds[] = { sql_number(from), sql_number(to) };
	struct sql_value value;
	int64_t is_reportable = 0;
	enum store_status status = sql_get_numbers(store->sql, select_day,
	    bounds, N_ELEMENTS(bounds), day_out, 1);

	if (status == STORE_OK && *day_out != 0) {
		value = sql_number(*day_out);
		status = sql_get_numbers(store->sql, select_is_reportable,
		    &value, 1, &is_reportable, 1);
	}
	*is_reportable_out = is_reportable != 0;
	return status;
}

enum store_status
store_list_days(struct store *store, uint32_t from, uint32_t to,
    struct arena *arena, uint32_t **days_out, size_t *n_out)
{
	int64_t next = from, day;
	bool is_reportable;
	enum store_status status = store_connect(store);

	*days_out = NULL;
	*n_out = 0;
	while (status == STORE_OK && next <= to) {
		status = find_day(store, next, to, &day, &is_reportable);
		if (status != STORE_OK || day == 0)
			break;
		if (is_reportable && !append_day(arena, (uint32_t)day,
		    days_out, n_out))
			status = store_fail_memory(store);
		next = day + 1;
	}
	return status;
}

/* ---- subjects ------------------------------------------------------------ */

static bool
read_subject(struct sql *sql, struct arena *arena, uint32_t day,
    struct store_subject *subject)
{
	subject->day = day;
	subject->configuration_id = sql_get_number(sql, 1);
	subject->n_rows = (uint64_t)sql_get_number(sql, 2);
	subject->n_messages = (uint64_t)sql_get_number(sql, 3);
	return arena_copy(arena, sql_get_octets(sql, 0),
	    &subject->policy_domain) &&
	    arena_copy(arena, sql_get_octets(sql, 4),
	    &subject->configuration);
}

enum store_status
store_list_subjects(struct store *store, uint32_t day,
    const struct store_subject *after, size_t max, struct arena *arena,
    struct store_subject **subjects_out, size_t *n_out)
{
	const struct sql_value values[] = {
		sql_number(day),
		sql_text(after != NULL ? after->policy_domain : SLICE_EMPTY),
		sql_number(after != NULL ? after->configuration_id : -1),
		sql_number((int64_t)max),
	};
	enum store_status status = store_connect(store);
	bool has_row;

	*n_out = 0;
	*subjects_out = arena_alloc_array(arena, max, sizeof(**subjects_out));
	if (status != STORE_OK)
		return status;
	if (*subjects_out == NULL)
		return store_fail_memory(store);
	status = sql_start(store->sql, select_subjects, values,
	    N_ELEMENTS(values));
	while (status == STORE_OK && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!read_subject(store->sql, arena, day,
		    &(*subjects_out)[(*n_out)++]))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}

/* ---- rows ---------------------------------------------------------------- */

/* They all have the configuration of their subject. */
static bool
read_row(struct store *store, struct arena *arena, struct slice configuration,
    struct store_row *row)
{
	struct report_fact *fact;

	if (!store_read_row(store->sql, arena, row, &fact))
		return false;
	fact->configuration = configuration;
	return true;
}

enum store_status
store_list_rows(struct store *store, const struct store_subject *subject,
    const struct store_row *after, size_t max, struct arena *arena,
    struct store_row **rows_out, size_t *n_out)
{
	const struct sql_value values[] = {
		sql_number(subject->day), sql_text(subject->policy_domain),
		sql_number(subject->configuration_id),
		after != NULL ? sql_octets(after->digest,
		    sizeof(after->digest)) : sql_octets(NULL, 0),
		sql_number((int64_t)max),
	};
	enum store_status status = store_connect(store);
	struct slice configuration;
	bool has_row;

	*n_out = 0;
	*rows_out = arena_alloc_array(arena, max, sizeof(**rows_out));
	if (status != STORE_OK)
		return status;
	if (*rows_out == NULL ||
	    !arena_copy(arena, subject->configuration, &configuration))
		return store_fail_memory(store);
	status = sql_start(store->sql, select_rows, values,
	    N_ELEMENTS(values));
	while (status == STORE_OK && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!read_row(store, arena, configuration,
		    &(*rows_out)[(*n_out)++]))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}
