/* report/store_suppression.c - destinations that bounce; see store.h. */
#include "base/clock.h"
#include "report/store_state.h"

#define LONGEST_DAYS 64
#define DOUBLINGS_MAX 6		/* to 64 days */

/* First a row that is there for sure, and ours until the end: then two bounces
 * at once are two. */
static const char hold_suppression[] =
    "INSERT INTO suppression (destination, bounces, last_s, until_s)"
    " VALUES ($1, 0, 0, 0) ON CONFLICT (destination)"
    " DO UPDATE SET bounces = suppression.bounces";
static const char select_suppression[] =
    "SELECT bounces, last_s, until_s FROM suppression"
    " WHERE destination = $1";
static const char update_suppression[] =
    "UPDATE suppression SET bounces = $1, last_s = $2, until_s = $3"
    " WHERE destination = $4";
static const char delete_suppression[] =
    "DELETE FROM suppression WHERE destination = $1";

static enum store_status
count_bounce(struct store *store, struct slice destination, int64_t now_s,
    int64_t *until_s_out)
{
	const struct sql_value key = store_key(destination);
	struct sql_value values[4];
	int64_t found[2], doublings;
	enum store_status status = sql_run(store->sql, hold_suppression, &key,
	    1, NULL);

	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, select_suppression, &key,
		    1, found, 2);
	if (status != STORE_OK)
		return status;
	if (now_s - found[1] >= (int64_t)LONGEST_DAYS * CLOCK_DAY_S)
		found[0] = 0;
	doublings = found[0] < DOUBLINGS_MAX ? found[0] : DOUBLINGS_MAX;
	*until_s_out = now_s + ((int64_t)CLOCK_DAY_S << doublings);
	values[0] = sql_number(found[0] + 1);
	values[1] = sql_number(now_s);
	values[2] = sql_number(*until_s_out);
	values[3] = key;
	return sql_run(store->sql, update_suppression, values,
	    N_ELEMENTS(values), NULL);
}

enum store_status
store_suppress(struct store *store, struct slice destination, int64_t now_s,
    int64_t *until_s_out)
{
	enum store_status status = store_begin(store, true);

	*until_s_out = 0;
	if (status != STORE_OK)
		return status;
	return store_end(store, count_bounce(store, destination, now_s,
	    until_s_out));
}

enum store_status
store_get_suppression(struct store *store, struct slice destination,
    int64_t now_s, int64_t *until_s_out)
{
	const struct sql_value key = store_key(destination);
	int64_t found[3] = { 0, 0, 0 };
	enum store_status status = store_connect(store);

	if (status == STORE_OK)
		status = sql_get_numbers(store->sql, select_suppression, &key,
		    1, found, N_ELEMENTS(found));
	*until_s_out = status == STORE_OK && found[2] > now_s ? found[2] : 0;
	return status;
}

enum store_status
store_unsuppress(struct store *store, struct slice destination)
{
	const struct sql_value key = store_key(destination);
	enum store_status status = store_begin(store, true);

	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, delete_suppression, &key,
	    1, NULL));
}
