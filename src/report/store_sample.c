/* report/store_sample.c - see store_sample.h. */
#include "report/store_sample.h"

#include "report/store_state.h"

static const char put_sample[] =
    "INSERT INTO sample (host, start_s, end_s, counts)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (host, start_s) DO NOTHING";
static const char forget_samples[] = "DELETE FROM sample WHERE start_s < $1";
static const char list_samples[] = "SELECT start_s, end_s, counts FROM sample"
    " WHERE host = $1 AND start_s >= $2 ORDER BY host, start_s";

static enum store_status
put_all(struct store *store, struct slice host,
    const struct store_sample *samples, size_t n, int64_t before_s)
{
	const struct sql_value before = sql_number(before_s);
	enum store_status status = sql_run(store->sql, forget_samples, &before,
	    1, NULL);

	for (size_t i = 0; i < n && status == STORE_OK; i++) {
		const struct sql_value values[] = {
			store_key(host),
			sql_number(samples[i].start_s),
			sql_number(samples[i].end_s),
			sql_text(samples[i].counts),
		};

		status = sql_run(store->sql, put_sample, values,
		    N_ELEMENTS(values), NULL);
	}
	return status;
}

enum store_status
store_put_samples(struct store *store, struct slice host,
    const struct store_sample *samples, size_t n, int64_t before_s)
{
	enum store_status status = store_begin(store, false);

	if (status != STORE_OK)
		return status;
	return store_end(store, put_all(store, host, samples, n, before_s));
}

enum store_status
store_visit_samples(struct store *store, struct slice host, int64_t since_s,
    bool (*visit)(void *context, const struct store_sample *sample),
    void *context)
{
	const struct sql_value values[] = { store_key(host),
		sql_number(since_s) };
	enum store_status status = store_connect(store);
	bool has_row = true;

	if (status == STORE_OK)
		status = sql_start(store->sql, list_samples, values,
		    N_ELEMENTS(values));
	while (status == STORE_OK && has_row) {
		status = sql_step(store->sql, &has_row);
		if (status == STORE_OK && has_row && !visit(context,
		    &(struct store_sample){
			.start_s = sql_get_number(store->sql, 0),
			.end_s = sql_get_number(store->sql, 1),
			.counts = sql_get_octets(store->sql, 2) }))
			break;
	}
	sql_finish(store->sql);
	return status;
}
