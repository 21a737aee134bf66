/* report/store_claim.c - see store_claim.h. */
#include "report/store_claim.h"

#include "report/store_state.h"

static const char select_last[] =
    "SELECT coalesce(max(id), 0) FROM failure";
static const char delete_failure[] = "DELETE FROM failure WHERE id = $1";

static enum store_status
claim(struct store *store, const struct store_failure *const *failures,
    size_t n, uint64_t *incidents_out)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < n && status == STORE_OK; i++) {
		const struct sql_value id = sql_number(failures[i]->id);
		uint64_t n_deleted = 0;

		status = sql_run(store->sql, delete_failure, &id, 1,
		    &n_deleted);
		if (n_deleted != 0)
			*incidents_out += failures[i]->incidents;
	}
	return status;
}

enum store_status
store_claim_failures(struct store *store,
    const struct store_failure *const *failures, size_t n,
    uint64_t *incidents_out)
{
	enum store_status status = store_begin(store, true);

	*incidents_out = 0;
	if (status != STORE_OK)
		return status;
	status = store_end(store, claim(store, failures, n, incidents_out));
	if (status != STORE_OK)
		*incidents_out = 0;
	return status;
}

enum store_status
store_get_last_failure(struct store *store, int64_t *id_out)
{
	enum store_status status = store_connect(store);

	*id_out = 0;
	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, select_last, NULL, 0,
		    id_out, 1);
	return status;
}
