/* report/schema.c - see schema.h. */
#include "report/schema.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"

#define STATEMENT_MAX ((size_t)8192)	/* octets */

/* A step that was ever released is never changed: append another. */
const struct schema_step schema_steps[] = {
	/* An id is never given twice: who remembers one that was pruned
	 * meanwhile must not hit another configuration.  The text may be
	 * longer than an index takes, so its SHA-256 stands for it.
	 * last_day: the last one that a row of it was written for. */
	{ 1, "CREATE TABLE configuration (id @id,"
	    " digest @octets NOT NULL UNIQUE, text TEXT NOT NULL,"
	    " last_day INTEGER NOT NULL)" },
	{ 1, "CREATE INDEX configuration_last_day"
	    " ON configuration (last_day)" },
	/* The key is the order in which reports are made: a day's subjects
	 * are one scan, and so are the rows of each. */
	{ 1, "CREATE TABLE flow ("
	    "day INTEGER NOT NULL, is_reportable SMALLINT NOT NULL,"
	    " policy_domain @key NOT NULL, configuration_id BIGINT NOT NULL,"
	    " digest @octets NOT NULL,"
	    " author_domain TEXT NOT NULL, source TEXT NOT NULL,"
	    " envelope_from TEXT NOT NULL, envelope_to TEXT NOT NULL,"
	    " disposition TEXT NOT NULL,"
	    " is_dkim_aligned SMALLINT NOT NULL,"
	    " is_spf_aligned SMALLINT NOT NULL,"
	    " reasons TEXT NOT NULL,"
	    " spf_domain TEXT NOT NULL, spf_result TEXT NOT NULL,"
	    " signatures TEXT NOT NULL,"
	    " dmarc_result TEXT NOT NULL, arc_result TEXT NOT NULL,"
	    " action TEXT NOT NULL, wanted TEXT NOT NULL, rule TEXT NOT NULL,"
	    " shadow_rule TEXT NOT NULL, shadow_wanted TEXT NOT NULL,"
	    " evidence TEXT NOT NULL,"
	    " count BIGINT NOT NULL, first_s BIGINT NOT NULL,"
	    " last_s BIGINT NOT NULL,"
	    " PRIMARY KEY (day, is_reportable, policy_domain, configuration_id,"
	    " digest)) @clustered" },
	{ 1, "CREATE TABLE pass ("
	    "author_domain @key NOT NULL, path @key NOT NULL,"
	    " day INTEGER NOT NULL, count BIGINT NOT NULL,"
	    " PRIMARY KEY (author_domain, path, day)) @clustered" },
	{ 1, "CREATE INDEX pass_day ON pass (day)" },
	{ 1, "CREATE TABLE delivery ("
	    "day INTEGER NOT NULL, policy_domain @key NOT NULL,"
	    " report_id @key NOT NULL, destination @key NOT NULL,"
	    " delivery TEXT NOT NULL, time_s BIGINT NOT NULL,"
	    " note TEXT NOT NULL,"
	    " PRIMARY KEY (day, policy_domain, report_id, destination))"
	    " @clustered" },
	{ 1, "CREATE TABLE suppression ("
	    "destination @key PRIMARY KEY, bounces BIGINT NOT NULL,"
	    " last_s BIGINT NOT NULL, until_s BIGINT NOT NULL) @clustered" },
	{ 1, "CREATE TABLE failure (id @id, time_s BIGINT NOT NULL,"
	    " policy_domain TEXT NOT NULL, author_domain TEXT NOT NULL,"
	    " ruf TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,"
	    " incidents BIGINT NOT NULL)" },
	{ 1, "CREATE INDEX failure_time_s ON failure (time_s)" },
	{ 1, "CREATE TABLE failure_sent ("
	    "key @key NOT NULL, time_s BIGINT NOT NULL, count BIGINT NOT NULL,"
	    " PRIMARY KEY (key, time_s)) @clustered" },
	{ 1, "CREATE INDEX failure_sent_time_s ON failure_sent (time_s)" },
	{ 2, "CREATE TABLE mta_sts ("
	    "domain @key PRIMARY KEY, policy_id TEXT NOT NULL,"
	    " fetched_s BIGINT NOT NULL, expires_s BIGINT NOT NULL,"
	    " body TEXT NOT NULL) @clustered" },
	{ 2, "CREATE INDEX mta_sts_expires_s ON mta_sts (expires_s)" },
	/* A bounce knows a report's id alone, and anybody may send bounces. */
	{ 2, "CREATE INDEX delivery_report_id ON delivery (report_id)" },
	{ 3, "CREATE TABLE sample ("
	    "host @key NOT NULL, start_s BIGINT NOT NULL,"
	    " end_s BIGINT NOT NULL, counts TEXT NOT NULL,"
	    " PRIMARY KEY (host, start_s)) @clustered" },
};
const size_t schema_n_steps = N_ELEMENTS(schema_steps);

static const char create_meta[] = "CREATE TABLE meta ("
    "name @key PRIMARY KEY, value BIGINT NOT NULL) @clustered";
static const char select_version[] =
    "SELECT value FROM meta WHERE name = 'schema'";
static const char set_version[] =
    "INSERT INTO meta (name, value) VALUES ('schema', $1)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

static void
append_word(struct strbuf *out, const struct sql_dialect *dialect,
    struct slice word)
{
	const struct {
		struct slice word;
		const char *text;
	} words[] = {
		{ SLICE("id"), dialect->id },
		{ SLICE("key"), dialect->key },
		{ SLICE("octets"), dialect->octets },
		{ SLICE("clustered"), dialect->clustered },
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (slice_eq(word, words[i].word))
			strbuf_append_cstr(out, words[i].text);
}

static enum store_status
take_step(struct sql *sql, const char *text)
{
	struct arena *arena = arena_create(2 * STATEMENT_MAX);
	struct cursor cur = cursor_of(slice_from_cstr(text));
	enum store_status status = STORE_UNAVAILABLE;
	const char *statement = NULL;
	struct strbuf out;

	if (arena != NULL) {
		strbuf_init(&out, arena, STATEMENT_MAX);
		while (!cursor_at_end(&cur)) {
			strbuf_append(&out, cursor_take_until(&cur, '@'));
			if (cursor_take_char(&cur, '@'))
				append_word(&out, &sql->driver->dialect,
				    cursor_take_while(&cur, ascii_is_alpha));
		}
		statement = strbuf_cstr(&out);
	}
	if (statement != NULL)
		status = sql_exec(sql, statement);
	else
		sql_set_problem(sql, "out of memory");
	arena_destroy(&arena);
	return status;
}

/* 0: there is no table yet.  A database that is somebody else's stays as it
 * is. */
static enum store_status
find_version(struct sql *sql, int64_t *version_out)
{
	int64_t found[2];
	enum store_status status = sql_get_numbers(sql,
	    sql->driver->dialect.find_meta, NULL, 0, found, 2);

	*version_out = 0;
	if (status != STORE_OK)
		return status;
	if (found[0] != 0)
		return sql_get_numbers(sql, select_version, NULL, 0,
		    version_out, 1);
	if (found[1] == 0)
		return STORE_OK;
	sql_set_problem(sql, "the store is a database of another program");
	return STORE_FAILED;
}

static enum store_status
take_steps(struct sql *sql, const struct schema_step *steps, size_t n_steps,
    int64_t version)
{
	const struct sql_value value = sql_number(steps[n_steps - 1].version);
	enum store_status status = STORE_OK;

	if (version == 0)
		status = take_step(sql, create_meta);
	for (size_t i = 0; i < n_steps && status == STORE_OK; i++)
		if (steps[i].version > version)
			status = take_step(sql, steps[i].text);
	if (status != STORE_OK)
		return status;
	return sql_run(sql, set_version, &value, 1, NULL);
}

/* Another one may have been faster. */
static enum store_status
update_locked(struct sql *sql, const struct schema_step *steps, size_t n_steps)
{
	int64_t version;
	enum store_status status = sql->driver->lock_schema(sql);

	if (status == STORE_OK)
		status = find_version(sql, &version);
	if (status == STORE_OK && version < steps[n_steps - 1].version)
		status = take_steps(sql, steps, n_steps, version);
	return status;
}

enum store_status
schema_update(struct sql *sql, const struct schema_step *steps, size_t n_steps)
{
	int64_t newest = steps[n_steps - 1].version, version;
	enum store_status status = find_version(sql, &version);

	if (status == STORE_OK && version < newest) {
		status = sql_begin(sql, true);
		if (status == STORE_OK)
			status = sql_end(sql, update_locked(sql, steps,
			    n_steps));
		if (status == STORE_OK)
			status = find_version(sql, &version);
	}
	if (status != STORE_OK || version <= newest)
		return status;
	sql_set_problem(sql, "the store was made by a newer assay (schema"
	    " %lld, this one knows %lld)", (long long)version,
	    (long long)newest);
	return STORE_NEWER;
}
