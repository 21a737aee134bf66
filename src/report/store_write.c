/* report/store_write.c - a batch into the tables; see store.h.
 *
 * Hosts that share a store write the same rows: each takes them in the order of
 * their keys, so that none waits for one that waits for it. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "report/store_row.h"
#include "report/store_state.h"

#define ROW_MEMORY_MAX ((size_t)128 * 1024)

static const char insert_row[] =
    "INSERT INTO flow (" STORE_ROW_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6,"
    " $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
    " $22, $23, $24, $25, $26, $27)"
    " ON CONFLICT (day, is_reportable, policy_domain, configuration_id, digest)"
    " DO UPDATE SET count = flow.count + excluded.count,"
    " first_s = CASE WHEN excluded.first_s < flow.first_s"
    " THEN excluded.first_s ELSE flow.first_s END,"
    " last_s = CASE WHEN excluded.last_s > flow.last_s"
    " THEN excluded.last_s ELSE flow.last_s END";
/* A row and its configuration's number. */
struct numbered_row {
	const struct store_row *row;
	int64_t configuration_id;
};

int
store_compare_text(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By text, the last day first. */
static int
compare_configurations(const void *a, const void *b)
{
	const struct report_fact *fact_a =
	    ((const struct numbered_row *)a)->row->fact;
	const struct report_fact *fact_b =
	    ((const struct numbered_row *)b)->row->fact;
	int order = store_compare_text(fact_a->configuration,
	    fact_b->configuration);

	return order != 0 ? order : (fact_a->day < fact_b->day) -
	    (fact_a->day > fact_b->day);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct numbered_row *row_a = a, *row_b = b;
	const struct report_fact *fact_a = row_a->row->fact;
	const struct report_fact *fact_b = row_b->row->fact;
	int order = (fact_a->day > fact_b->day) - (fact_a->day < fact_b->day);

	if (order == 0)
		order = fact_a->is_reportable - fact_b->is_reportable;
	if (order == 0)
		order = store_compare_text(fact_a->policy_domain,
		    fact_b->policy_domain);
	if (order == 0)
		order = (row_a->configuration_id > row_b->configuration_id) -
		    (row_a->configuration_id < row_b->configuration_id);
	return order != 0 ? order : memcmp(row_a->row->digest,
	    row_b->row->digest, sizeof(row_a->row->digest));
}

static enum store_status
number_rows(struct store *store, struct numbered_row *rows, size_t n)
{
	qsort(rows, n, sizeof(*rows), compare_configurations);
	for (size_t i = 0; i < n; i++) {
		const struct report_fact *fact = rows[i].row->fact;
		enum store_status status;

		if (i > 0 && slice_eq(fact->configuration,
		    rows[i - 1].row->fact->configuration)) {
			rows[i].configuration_id = rows[i - 1].configuration_id;
			continue;
		}
		status = store_number_configuration(store, fact->configuration,
		    fact->day, &rows[i].configuration_id);
		if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

static enum store_status
write_numbered(struct store *store, const struct numbered_row *rows, size_t n)
{
	struct arena *arena = arena_create(ROW_MEMORY_MAX);
	enum store_status status = STORE_OK;

	if (arena == NULL)
		return store_fail_memory(store);
	for (size_t i = 0; i < n && status == STORE_OK; i++) {
		struct sql_value values[STORE_ROW_N_COLUMNS];

		arena_reset(arena);
		if (store_bind_row(arena, rows[i].row,
		    rows[i].configuration_id, values))
			status = sql_run(store->sql, insert_row, values,
			    N_ELEMENTS(values), NULL);
		else
			status = store_fail_memory(store);
	}
	arena_destroy(&arena);
	return status;
}

static enum store_status
write_rows(struct store *store, const struct store_batch *batch)
{
	struct numbered_row *rows;
	enum store_status status;

	if (batch->n_rows == 0)
		return STORE_OK;
	rows = calloc(batch->n_rows, sizeof(*rows));
	if (rows == NULL)
		return store_fail_memory(store);
	for (size_t i = 0; i < batch->n_rows; i++)
		rows[i].row = &batch->rows[i];
	status = number_rows(store, rows, batch->n_rows);
	if (status == STORE_OK) {
		qsort(rows, batch->n_rows, sizeof(*rows), compare_keys);
		status = write_numbered(store, rows, batch->n_rows);
	}
	free(rows);
	return status;
}

enum store_status
store_write(struct store *store, const struct store_batch *batch)
{
	enum store_status status = store_begin(store, false);

	if (status != STORE_OK)
		return status;
	status = write_rows(store, batch);
	if (status == STORE_OK)
		status = store_write_passes(store, batch);
	if (status == STORE_OK)
		status = store_write_failures(store, batch);
	return store_end(store, status);
}
