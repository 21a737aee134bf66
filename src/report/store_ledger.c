/* report/store_ledger.c - which report went where; see store.h. */
#include "report/store_state.h"

static const char select_delivery[] =
    "SELECT delivery FROM delivery WHERE day = $1 AND policy_domain = $2"
    " AND report_id = $3 AND destination = $4";
static const char set_delivery[] =
    "INSERT INTO delivery (day, policy_domain, report_id, destination,"
    " delivery, time_s, note) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (day, policy_domain, report_id, destination)"
    " DO UPDATE SET delivery = excluded.delivery, time_s = excluded.time_s,"
    " note = excluded.note";

#define KEY_VALUES 4

static const struct slice names[] = {
	[STORE_DELIVERY_NONE] = SLICE_INIT("none"),
	[STORE_DELIVERY_HANDED] = SLICE_INIT("handed"),
	[STORE_DELIVERY_SENT] = SLICE_INIT("sent"),
	[STORE_DELIVERY_DEFERRED] = SLICE_INIT("deferred"),
	[STORE_DELIVERY_DROPPED] = SLICE_INIT("dropped"),
};

enum store_status
store_lock_reports(struct store *store)
{
	enum store_status status = store_connect(store);

	if (status == STORE_OK)
		status = store->sql->driver->lock_reports(store->sql);
	if (status == STORE_OK)
		store->wants_reports = true;
	return status;
}

static void
bind_key(const struct store_delivery_key *key, struct sql_value *values)
{
	values[0] = sql_number(key->day);
	values[1] = store_key(key->policy_domain);
	values[2] = store_key(key->report_id);
	values[3] = store_key(key->destination);
}

/* A word that is none of ours would be damage: then nothing is sent twice. */
static enum store_delivery
parse_delivery(struct slice name)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (slice_eq(name, names[i]))
			return (enum store_delivery)i;
	return STORE_DELIVERY_HANDED;
}

static enum store_status
read_delivery(struct store *store, const struct store_delivery_key *key,
    enum store_delivery *delivery_out)
{
	struct sql_value values[KEY_VALUES];
	bool has_row = false;
	enum store_status status;

	*delivery_out = STORE_DELIVERY_NONE;
	bind_key(key, values);
	status = sql_start(store->sql, select_delivery, values, KEY_VALUES);
	if (status == STORE_OK)
		status = sql_step(store->sql, &has_row);
	if (has_row)
		*delivery_out = parse_delivery(sql_get_octets(store->sql, 0));
	sql_finish(store->sql);
	return status;
}

static enum store_status
write_delivery(struct store *store, const struct store_delivery_key *key,
    enum store_delivery delivery, int64_t now_s, struct slice note)
{
	struct sql_value values[KEY_VALUES + 3];

	bind_key(key, values);
	values[KEY_VALUES] = sql_text(names[delivery]);
	values[KEY_VALUES + 1] = sql_number(now_s);
	values[KEY_VALUES + 2] = sql_text(note);
	return sql_run(store->sql, set_delivery, values, N_ELEMENTS(values),
	    NULL);
}

enum store_status
store_get_delivery(struct store *store, const struct store_delivery_key *key,
    enum store_delivery *delivery_out)
{
	enum store_status status = store_connect(store);

	*delivery_out = STORE_DELIVERY_NONE;
	return status == STORE_OK ? read_delivery(store, key, delivery_out) :
	    status;
}

enum store_status
store_set_delivery(struct store *store, const struct store_delivery_key *key,
    enum store_delivery delivery, int64_t now_s, struct slice note)
{
	/* What has no destination only saves work (report/ledger.h). */
	enum store_status status = store_begin(store,
	    key->destination.len != 0);

	if (status != STORE_OK)
		return status;
	return store_end(store, write_delivery(store, key, delivery, now_s,
	    note));
}

enum store_status
store_claim_delivery(struct store *store,
    const struct store_delivery_key *key, int64_t now_s,
    enum store_delivery *before_out)
{
	enum store_status status = store_begin(store, true);

	*before_out = STORE_DELIVERY_NONE;
	if (status != STORE_OK)
		return status;
	status = read_delivery(store, key, before_out);
	if (status == STORE_OK && (*before_out == STORE_DELIVERY_NONE ||
	    *before_out == STORE_DELIVERY_DEFERRED))
		status = write_delivery(store, key, STORE_DELIVERY_HANDED,
		    now_s, SLICE_EMPTY);
	return store_end(store, status);
}
