/* report/store_prune.c - retention by age; see store.h.
 *
 * In steps of some hundred rows, each a transaction of its own, with a pause
 * behind it: SQLite's waiting writers look only now and then whether it is
 * their turn. */
#include <time.h>

#include "base/clock.h"
#include "report/store_state.h"

#define STEP_ROWS 1000
#define PAUSE_NS (5L * 1000 * 1000)
/* A suppression is forgotten when as much time went by without a bounce. */
#define SUPPRESSION_S ((int64_t)64 * CLOCK_DAY_S)

/* Up to $2 rows that are older than $1, which is a day or a time. */
static const char prune_flow[] =
    "DELETE FROM flow WHERE (day, is_reportable, policy_domain,"
    " configuration_id, digest) IN (SELECT day, is_reportable, policy_domain,"
    " configuration_id, digest FROM flow WHERE day < $1 ORDER BY day,"
    " is_reportable, policy_domain, configuration_id, digest LIMIT $2)";
static const char prune_pass[] =
    "DELETE FROM pass WHERE (author_domain, path, day) IN"
    " (SELECT author_domain, path, day FROM pass WHERE day < $1"
    " ORDER BY day LIMIT $2)";
static const char prune_configuration[] =
    "DELETE FROM configuration WHERE id IN (SELECT id FROM configuration"
    " WHERE last_day < $1 ORDER BY last_day LIMIT $2)";
static const char prune_delivery[] =
    "DELETE FROM delivery WHERE (day, policy_domain, report_id, destination)"
    " IN (SELECT day, policy_domain, report_id, destination FROM delivery"
    " WHERE day < $1 ORDER BY day, policy_domain, report_id, destination"
    " LIMIT $2)";
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
take_step(struct store *store, const char *text, int64_t before,
    uint64_t *n_out)
{
	const struct sql_value values[] = {
		sql_number(before), sql_number(STEP_ROWS),
	};
	enum store_status status = store_begin(store, false);

	*n_out = 0;
	if (status != STORE_OK)
		return status;
	return store_end(store, sql_run(store->sql, text, values,
	    N_ELEMENTS(values), n_out));
}

static enum store_status
prune_table(struct store *store, const char *text, int64_t before,
    uint64_t *n_total)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	enum store_status status;
	uint64_t n;

	for (;;) {
		status = take_step(store, text, before, &n);
		if (status != STORE_OK)
			return status;
		*n_total += n;
		if (n < STEP_ROWS)
			return STORE_OK;
		/* Cut short by a signal it does no harm. */
		(void)nanosleep(&pause, NULL);
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
		{ prune_flow, before_day },
		{ prune_pass, before_day },
		{ prune_configuration, before_day },
		{ prune_delivery, before_day },
		{ prune_suppression, before_s - SUPPRESSION_S },
		{ prune_failure, before_s },
		{ prune_failure_sent, before_s },
	};
	enum store_status status = STORE_OK;

	*n_out = 0;
	for (size_t i = 0; i < N_ELEMENTS(tables) && status == STORE_OK; i++)
		status = prune_table(store, tables[i].text, tables[i].before,
		    n_out);
	return status;
}
