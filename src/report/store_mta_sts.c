/* report/store_mta_sts.c - see store_mta_sts.h. */
#include "report/store_mta_sts.h"

#include "base/arena.h"
#include "report/store_state.h"

static const char put_policy[] =
    "INSERT INTO mta_sts (domain, policy_id, fetched_s, expires_s, body)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domain) DO UPDATE SET"
    " policy_id = excluded.policy_id, fetched_s = excluded.fetched_s,"
    " expires_s = excluded.expires_s, body = excluded.body";
static const char select_policy[] =
    "SELECT domain, policy_id, fetched_s, expires_s, body FROM mta_sts"
    " WHERE domain = $1 AND expires_s > $2";
static const char list_policies[] =
    "SELECT domain, policy_id, fetched_s, expires_s, body FROM mta_sts"
    " WHERE domain > $1 AND expires_s > $2 ORDER BY domain LIMIT $3";
static const char delete_policies[] =
    "DELETE FROM mta_sts WHERE expires_s <= $1";

enum store_status
store_put_mta_sts(struct store *store, const struct store_mta_sts *policy)
{
	const struct sql_value values[] = {
		store_key(policy->domain),
		sql_text(policy->id),
		sql_number(policy->fetched_s),
		sql_number(policy->expires_s),
		sql_text(policy->body),
	};
	enum store_status status = store_begin(store, true);

	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, put_policy, values,
	    N_ELEMENTS(values), NULL));
}

static bool
read_policy(struct sql *sql, struct arena *arena,
    struct store_mta_sts *policy_out)
{
	policy_out->fetched_s = sql_get_number(sql, 2);
	policy_out->expires_s = sql_get_number(sql, 3);
	return arena_copy(arena, sql_get_octets(sql, 0),
	    &policy_out->domain) &&
	    arena_copy(arena, sql_get_octets(sql, 1), &policy_out->id) &&
	    arena_copy(arena, sql_get_octets(sql, 4), &policy_out->body);
}

static enum store_status
read_policies(struct store *store, struct arena *arena, const char *text,
    const struct sql_value *values, size_t n_values,
    struct store_mta_sts *policies, size_t max, size_t *n_out)
{
	enum store_status status = store_connect(store);
	bool has_row = true;

	*n_out = 0;
	if (status == STORE_OK)
		status = sql_start(store->sql, text, values, n_values);
	while (status == STORE_OK && has_row && *n_out < max) {
		status = sql_step(store->sql, &has_row);
		if (status != STORE_OK || !has_row)
			break;
		if (!read_policy(store->sql, arena, &policies[*n_out]))
			status = store_fail_memory(store);
		else
			++*n_out;
	}
	sql_finish(store->sql);
	return status;
}

enum store_status
store_get_mta_sts(struct store *store, struct slice domain, int64_t now_s,
    struct arena *arena, struct store_mta_sts *policy_out,
    bool *is_there_out)
{
	const struct sql_value values[] = {
		store_key(domain), sql_number(now_s),
	};
	size_t n;
	enum store_status status;

	*policy_out = (struct store_mta_sts){ .fetched_s = 0 };
	status = read_policies(store, arena, select_policy, values,
	    N_ELEMENTS(values), policy_out, 1, &n);
	*is_there_out = n != 0;
	return status;
}

enum store_status
store_list_mta_sts(struct store *store, struct slice after, int64_t now_s,
    size_t max, struct arena *arena, struct store_mta_sts **policies_out,
    size_t *n_out)
{
	const struct sql_value values[] = {
		store_key(after), sql_number(now_s), sql_number((int64_t)max),
	};

	*n_out = 0;
	*policies_out = arena_alloc_array(arena, max,
	    sizeof(**policies_out));
	if (*policies_out == NULL)
		return store_fail_memory(store);
	return read_policies(store, arena, list_policies, values,
	    N_ELEMENTS(values), *policies_out, max, n_out);
}

enum store_status
store_prune_mta_sts(struct store *store, int64_t now_s)
{
	const struct sql_value now = sql_number(now_s);
	enum store_status status = store_begin(store, false);

	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, delete_policies, &now, 1,
	    NULL));
}
