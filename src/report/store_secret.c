/* report/store_secret.c - see store_secret.h.  The key is two numbers of the
 * table that has the schema's: who may read the store may read what it hides,
 * and whoever has lost the store has nothing to compare with any more. */
#include "report/store_secret.h"

#include "report/store_state.h"

static const char select_secret[] =
    "SELECT value FROM meta WHERE name = $1";
static const char insert_secret[] =
    "INSERT INTO meta (name, value) VALUES ($1, $2)"
    " ON CONFLICT (name) DO NOTHING";

/* Another host may be faster: what stands there then is the key. */
static enum store_status
get_half(struct store *store, struct slice name, uint64_t random,
    uint64_t *half_out)
{
	const struct sql_value values[] = {
		sql_text(name), sql_number((int64_t)random),
	};
	int64_t found = 0;
	enum store_status status = sql_run(store->sql, insert_secret, values,
	    N_ELEMENTS(values), NULL);

	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, select_secret, values, 1,
		    &found, 1);
	*half_out = (uint64_t)found;
	return status;
}

enum store_status
store_get_secret(struct store *store, struct siphash_key *key_out)
{
	struct siphash_key random;
	enum store_status status = store_begin(store, true);

	*key_out = (struct siphash_key){ 0, 0 };
	if (status != STORE_OK)
		return status;
	if (!siphash_make_key(&random)) {
		sql_set_problem(store->sql, "the system has no randomness");
		return store_end(store, STORE_FAILED);
	}
	status = get_half(store, SLICE("secret 0"), random.k0, &key_out->k0);
	if (status == STORE_OK)
		status = get_half(store, SLICE("secret 1"), random.k1,
		    &key_out->k1);
	return store_end(store, status);
}
