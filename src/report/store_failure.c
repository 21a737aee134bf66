/* report/store_failure.c - failure reports that are owed; see store.h. */
#include "base/arena.h"
#include "report/store_state.h"

static const char insert_failure[] =
    "INSERT INTO failure (time_s, policy_domain, author_domain, ruf, kind,"
    " message, incidents) VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char select_failures[] =
    "SELECT id, time_s, policy_domain, author_domain, ruf, kind, message,"
    " incidents FROM failure WHERE id > $1 ORDER BY id LIMIT $2";
static const char count_failures[] =
    "SELECT count(*) FROM (SELECT id FROM failure ORDER BY id LIMIT $1)"
    " AS waiting";
static const char delete_failure[] = "DELETE FROM failure WHERE id = $1";
static const char count_sent[] =
    "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM failure_sent"
    " WHERE key = $1 AND time_s >= $2";
static const char note_sent[] =
    "INSERT INTO failure_sent (key, time_s, count) VALUES ($1, $2, 1)"
    " ON CONFLICT (key, time_s) DO UPDATE"
    " SET count = failure_sent.count + 1";

enum store_status
store_write_failures(struct store *store, const struct store_batch *batch)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < batch->n_failures && status == STORE_OK; i++) {
		const struct store_failure *failure = &batch->failures[i];
		const struct sql_value values[] = {
			sql_number(failure->time_s),
			sql_text(failure->policy_domain),
			sql_text(failure->author_domain),
			sql_text(failure->ruf), sql_text(failure->kind),
			sql_text(failure->message),
			sql_number((int64_t)failure->incidents),
		};

		status = sql_run(store->sql, insert_failure, values,
		    N_ELEMENTS(values), NULL);
	}
	return status;
}

static bool
read_failure(struct sql *sql, struct arena *arena,
    struct store_failure *failure)
{
	struct slice *const texts[] = {
		&failure->policy_domain, &failure->author_domain,
		&failure->ruf, &failure->kind, &failure->message,
	};

	failure->id = sql_get_number(sql, 0);
	failure->time_s = sql_get_number(sql, 1);
	for (unsigned i = 0; i < N_ELEMENTS(texts); i++)
		if (!arena_copy(arena, sql_get_octets(sql, 2 + i), texts[i]))
			return false;
	failure->incidents = (uint64_t)sql_get_number(sql,
	    2 + N_ELEMENTS(texts));
	return true;
}

enum store_status
store_list_failures(struct store *store, int64_t after_id, size_t max,
    struct arena *arena, struct store_failure **failures_out, size_t *n_out)
{
	const struct sql_value values[] = {
		sql_number(after_id), sql_number((int64_t)max),
	};
	enum store_status status = store_connect(store);
	bool has_row;

	*n_out = 0;
	*failures_out = arena_alloc_array(arena, max, sizeof(**failures_out));
	if (status != STORE_OK)
		return status;
	if (*failures_out == NULL)
		return store_fail_memory(store);
	status = sql_start(store->sql, select_failures, values,
	    N_ELEMENTS(values));
	while (status == STORE_OK && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!read_failure(store->sql, arena,
		    &(*failures_out)[(*n_out)++]))
			status = store_fail_memory(store);
	}
	sql_finish(store->sql);
	return status;
}

enum store_status
store_count_failures(struct store *store, size_t max, size_t *n_out)
{
	const struct sql_value value = sql_number((int64_t)max);
	int64_t n = 0;
	enum store_status status = store_connect(store);

	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, count_failures, &value,
		    1, &n, 1);
	*n_out = (size_t)n;
	return status;
}

enum store_status
store_delete_failure(struct store *store, int64_t id)
{
	const struct sql_value value = sql_number(id);
	enum store_status status = store_begin(store, true);

	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, delete_failure, &value, 1,
	    NULL));
}

enum store_status
store_count_failures_sent(struct store *store, struct slice key,
    int64_t since_s, uint64_t *n_out)
{
	const struct sql_value values[] = {
		store_key(key), sql_number(since_s),
	};
	int64_t n = 0;
	enum store_status status = store_connect(store);

	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, count_sent, values,
		    N_ELEMENTS(values), &n, 1);
	*n_out = (uint64_t)n;
	return status;
}

enum store_status
store_note_failure_sent(struct store *store, struct slice key, int64_t now_s)
{
	const struct sql_value values[] = {
		store_key(key), sql_number(now_s),
	};
	enum store_status status = store_begin(store, true);

	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, note_sent, values,
	    N_ELEMENTS(values), NULL));
}
