/* report/store.c - a store's connection; see store.h. */
#include "report/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "report/schema.h"
#include "report/store_state.h"

static const struct slice sqlite_scheme = SLICE_INIT("sqlite:");
static const struct slice postgresql_scheme = SLICE_INIT("postgresql://");

static struct slice
sqlite_path(struct slice url)
{
	return slice_from(url, sqlite_scheme.len);
}

enum store_status
store_check_url(struct slice url)
{
	if (slice_starts_with(url, sqlite_scheme))
		return sqlite_check_path(sqlite_path(url));
	if (slice_starts_with(url, postgresql_scheme))
		return postgresql_check_url(url);
	return STORE_BAD_URL;
}

static struct sql *
create_sql(struct slice url)
{
	return slice_starts_with(url, sqlite_scheme) ?
	    sqlite_create(sqlite_path(url)) : postgresql_create(url);
}

static void
forget_configurations(struct store *store)
{
	if (!store->has_configurations)
		return;
	memset(store->configurations, 0, sizeof(store->configurations));
	store->has_configurations = false;
}

/* A lock ended with the connection that had it; without it nothing goes on
 * that began under it. */
enum store_status
store_connect(struct store *store)
{
	enum store_status status;

	if (store->sql->is_connected)
		return STORE_OK;
	forget_configurations(store);
	status = sql_connect(store->sql);
	if (status == STORE_OK)
		status = schema_update(store->sql, schema_steps,
		    schema_n_steps);
	if (status == STORE_OK && store->wants_reports)
		status = store->sql->driver->lock_reports(store->sql);
	if (status != STORE_OK)
		sql_disconnect(store->sql);
	return status;
}

enum store_status
store_begin(struct store *store, bool is_durable)
{
	enum store_status status = store_connect(store);

	return status == STORE_OK ? sql_begin(store->sql, is_durable) : status;
}

enum store_status
store_end(struct store *store, enum store_status status)
{
	status = sql_end(store->sql, status);
	if (status != STORE_OK)
		forget_configurations(store);
	return status;
}

enum store_status
store_fail_memory(struct store *store)
{
	sql_set_problem(store->sql, "out of memory");
	return STORE_UNAVAILABLE;
}

static const char *
describe_url_problem(enum store_status status)
{
	return status == STORE_NOT_BUILT ?
	    "PostgreSQL's libpq is not installed, or this assay was built "
	    "without it" :
	    "a store's URL is sqlite:/PATH or postgresql://USER@HOST/DATABASE";
}

enum store_status
store_open(const char *url, struct store **store_out, struct strbuf *problem)
{
	enum store_status status = store_check_url(slice_from_cstr(url));
	struct store *store;

	*store_out = NULL;
	if (status != STORE_OK) {
		strbuf_append_cstr(problem, describe_url_problem(status));
		return status;
	}
	store = calloc(1, sizeof(*store));
	if (store == NULL ||
	    (store->sql = create_sql(slice_from_cstr(url))) == NULL) {
		free(store);
		strbuf_append_cstr(problem, "out of memory");
		return STORE_UNAVAILABLE;
	}
	if ((status = store_connect(store)) != STORE_OK) {
		strbuf_append_cstr(problem, store_problem(store));
		store_close(&store);
		return status;
	}
	*store_out = store;
	return STORE_OK;
}

void
store_close(struct store **store)
{
	if (*store == NULL)
		return;
	sql_destroy(&(*store)->sql);
	free(*store);
	*store = NULL;
}

void
store_bound(struct store *store, int64_t deadline_ms,
    const atomic_bool *is_cancelled)
{
	store->sql->deadline_ms = deadline_ms;
	store->sql->is_cancelled = is_cancelled;
}

const char *
store_problem(const struct store *store)
{
	return store->sql->problem;
}
