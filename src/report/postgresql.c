/* report/postgresql.c - the store as a database that hosts share
 * (report/sql.h).
 *
 * Everything is in a schema "assay" of its own, so that a database may have
 * other tables.  Values travel in binary form, numbers as eight octets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "report/postgresql_connection.h"

#define URL_OCTETS_MAX ((size_t)4000)

/* Types as pg_type has them. */
#define TYPE_BYTEA 17
#define TYPE_INT8 20
#define TYPE_TEXT 25

#define NAME_MAX_OCTETS 24	/* of a prepared statement */
#define NUMBER_OCTETS 8

/* Who changes the schema, and who sends reports: locks on these numbers, which
 * mean nothing else in this database.  Whether there is a schema is asked of
 * the table: to_regnamespace() may remember what was before the lock. */
static const char lock_schema[] =
    "SELECT pg_advisory_xact_lock(7022083340138807);"
    "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE"
    " nspname = 'assay') THEN CREATE SCHEMA assay; END IF; END$$";
static const char lock_reports[] =
    "SELECT pg_try_advisory_lock(7022083340138808)";

/* Of a COMMIT whose answer did not come. */
static const char select_transaction[] = "SELECT txid_current()";
static const char select_outcome[] = "SELECT CASE txid_status($1)"
    " WHEN 'committed' THEN 1 WHEN 'in progress' THEN 0 ELSE 2 END";
enum outcome {
	OUTCOME_IN_PROGRESS = 0,	/* or not known yet */
	OUTCOME_COMMITTED,
	OUTCOME_ABORTED,
};
#define OUTCOME_TIMEOUT_MS 5000
#define OUTCOME_PAUSE_NS (200L * 1000 * 1000)

/* ---- the connection ------------------------------------------------------ */

static enum store_status
connect_postgresql(struct sql *sql)
{
	return postgresql_open(postgresql_of(sql));
}

static void
disconnect_postgresql(struct sql *sql)
{
	postgresql_close(postgresql_of(sql));
}

static void
destroy_postgresql(struct sql *sql)
{
	struct postgresql *pg = postgresql_of(sql);

	if (pg->password != NULL)
		explicit_bzero(pg->password, strlen(pg->password));
	free(pg->password);
	free(pg->url);
	sql_clear(sql);
	free(pg);
}

static enum store_status
exec_postgresql(struct sql *sql, const char *text)
{
	return postgresql_exec(postgresql_of(sql), text);
}

/* ---- transactions and locks ---------------------------------------------- */

/* Each is durable here. */
static enum store_status
begin_postgresql(struct sql *sql, bool is_durable)
{
	(void)is_durable;
	return exec_postgresql(sql, "BEGIN");
}

static void
pause_for_server(void)
{
	const struct timespec pause = { .tv_nsec = OUTCOME_PAUSE_NS };

	/* Cut short by a signal it does no harm. */
	(void)nanosleep(&pause, NULL);
}

/* The connection was lost while it said COMMIT: whoever wrote that batch again
 * might count it twice.  The server knows what became of it. */
static enum store_status
find_outcome(struct sql *sql, int64_t transaction)
{
	const struct sql_value value = sql_number(transaction);
	int64_t deadline_ms = clock_monotonic_ms() + OUTCOME_TIMEOUT_MS;
	int64_t outcome = OUTCOME_IN_PROGRESS;

	do {
		if (sql_connect(sql) == STORE_OK && sql_get_numbers(sql,
		    select_outcome, &value, 1, &outcome, 1) == STORE_OK &&
		    outcome != OUTCOME_IN_PROGRESS)
			break;
		pause_for_server();
	} while (clock_monotonic_ms() < deadline_ms);
	/* What a new session has to begin with is the store's to do. */
	sql_disconnect(sql);
	if (outcome == OUTCOME_COMMITTED)
		return STORE_OK;
	sql_set_problem(sql, outcome == OUTCOME_ABORTED ?
	    "PostgreSQL was lost, and the transaction with it" :
	    "PostgreSQL was lost; whether it has the transaction is not known");
	return STORE_UNAVAILABLE;
}

static enum store_status
commit_postgresql(struct sql *sql)
{
	int64_t transaction;
	enum store_status status = sql_get_numbers(sql, select_transaction,
	    NULL, 0, &transaction, 1);

	if (status != STORE_OK)
		return status;
	status = exec_postgresql(sql, "COMMIT");
	return status == STORE_OK || sql->is_connected ? status :
	    find_outcome(sql, transaction);
}

/* The problem is the one that led here. */
static void
roll_back_postgresql(struct sql *sql)
{
	char problem[SQL_PROBLEM_MAX];

	memcpy(problem, sql->problem, sizeof(problem));
	(void)exec_postgresql(sql, "ROLLBACK");
	memcpy(sql->problem, problem, sizeof(problem));
}

static enum store_status
lock_schema_postgresql(struct sql *sql)
{
	return exec_postgresql(sql, lock_schema);
}

/* An advisory lock of the session: it ends with the connection, which ends with
 * the process. */
static enum store_status
lock_reports_postgresql(struct sql *sql)
{
	struct postgresql *pg = postgresql_of(sql);
	int64_t is_locked;
	enum store_status status;

	if (pg->has_reports)
		return STORE_OK;
	status = sql_get_numbers(sql, lock_reports, NULL, 0, &is_locked, 1);
	if (status != STORE_OK)
		return status;
	if (is_locked == 0) {
		sql_set_problem(sql, "another process sends reports");
		return STORE_BUSY;
	}
	pg->has_reports = true;
	return STORE_OK;
}

/* ---- statements ---------------------------------------------------------- */

static Oid
type_of(enum sql_kind kind)
{
	switch (kind) {
	case SQL_NUMBER:
		return TYPE_INT8;
	case SQL_TEXT:
		return TYPE_TEXT;
	case SQL_OCTETS:
		return TYPE_BYTEA;
	}
	return 0;
}

static void
write_name(char *name, size_t index)
{
	snprintf(name, NAME_MAX_OCTETS, "s%zu", index);
}

static enum store_status
prepare(struct postgresql *pg, const char *text,
    const struct sql_value *values, size_t n, const char *name)
{
	Oid types[SQL_PARAMETERS_MAX];
	PGresult *result;
	enum store_status status;

	for (size_t i = 0; i < n; i++)
		types[i] = type_of(values[i].kind);
	status = postgresql_await(pg, pg->pq.sendPrepare(pg->connection, name,
	    text, (int)n, types), &result);
	pg->pq.clear(result);
	return status;
}

static enum store_status
find_statement(struct postgresql *pg, const char *text,
    const struct sql_value *values, size_t n, char *name)
{
	enum store_status status;

	for (size_t i = 0; i < pg->n_prepared; i++)
		if (pg->prepared[i] == text) {
			write_name(name, i);
			return STORE_OK;
		}
	if (pg->n_prepared == SQL_STATEMENTS_MAX) {
		sql_set_problem(&pg->sql, "too many different statements");
		return STORE_FAILED;
	}
	write_name(name, pg->n_prepared);
	status = prepare(pg, text, values, n, name);
	if (status == STORE_OK)
		pg->prepared[pg->n_prepared++] = text;
	return status;
}

static void
write_number(int64_t number, unsigned char *octets)
{
	uint32_t high = htonl((uint32_t)((uint64_t)number >> 32));
	uint32_t low = htonl((uint32_t)number);

	memcpy(octets, &high, sizeof(high));
	memcpy(octets + sizeof(high), &low, sizeof(low));
}

static int
send_statement(struct postgresql *pg, const char *name,
    const struct sql_value *values, size_t n)
{
	unsigned char numbers[SQL_PARAMETERS_MAX][NUMBER_OCTETS];
	const char *octets[SQL_PARAMETERS_MAX];
	int lengths[SQL_PARAMETERS_MAX], formats[SQL_PARAMETERS_MAX];

	for (size_t i = 0; i < n; i++) {
		formats[i] = 1;
		if (values[i].kind == SQL_NUMBER) {
			write_number(values[i].number, numbers[i]);
			octets[i] = (const char *)numbers[i];
			lengths[i] = NUMBER_OCTETS;
		} else {
			/* NULL would be NULL. */
			octets[i] = values[i].octets.len > 0 ?
			    values[i].octets.ptr : "";
			lengths[i] = (int)values[i].octets.len;
		}
	}
	return pg->pq.sendQueryPrepared(pg->connection, name, (int)n, octets,
	    lengths, formats, 1);
}

static enum store_status
start_postgresql(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n)
{
	struct postgresql *pg = postgresql_of(sql);
	char name[NAME_MAX_OCTETS];
	enum store_status status = find_statement(pg, text, values, n, name);

	if (status != STORE_OK)
		return status;
	pg->row = -1;
	return postgresql_await(pg, send_statement(pg, name, values, n),
	    &pg->result);
}

static enum store_status
step_postgresql(struct sql *sql, bool *has_row_out)
{
	struct postgresql *pg = postgresql_of(sql);

	*has_row_out = ++pg->row < pg->pq.ntuples(pg->result);
	return STORE_OK;
}

static struct slice
get_octets_postgresql(struct sql *sql, unsigned column)
{
	struct postgresql *pg = postgresql_of(sql);

	return (struct slice){
		pg->pq.getvalue(pg->result, pg->row, (int)column),
		(size_t)pg->pq.getlength(pg->result, pg->row, (int)column),
	};
}

/* SMALLINT, INTEGER, BIGINT and BOOLEAN alike, and nothing as 0. */
static int64_t
get_number_postgresql(struct sql *sql, unsigned column)
{
	struct slice octets = get_octets_postgresql(sql, column);
	uint64_t number = 0;

	if (octets.len == 0 || octets.len > NUMBER_OCTETS)
		return 0;
	if (((unsigned char)octets.ptr[0] & 0x80) != 0)
		number = UINT64_MAX;
	for (size_t i = 0; i < octets.len; i++)
		number = number << 8 | (unsigned char)octets.ptr[i];
	return (int64_t)number;
}

static uint64_t
count_changes_postgresql(struct sql *sql)
{
	struct postgresql *pg = postgresql_of(sql);
	uint64_t n;

	return slice_parse_uint(slice_from_cstr(
	    pg->pq.cmdTuples(pg->result)), UINT64_MAX, &n) ? n : 0;
}

static void
finish_postgresql(struct sql *sql)
{
	struct postgresql *pg = postgresql_of(sql);

	pg->pq.clear(pg->result);
	pg->result = NULL;
}

static const struct sql_driver postgresql_driver = {
	.dialect = {
		.id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
		.key = "TEXT COLLATE \"C\"",
		.octets = "BYTEA",
		/* Room for the next count beside the row, if not in it. */
		.clustered = "WITH (fillfactor = 90)",
		.find_meta = "SELECT (SELECT count(*) FROM pg_tables"
		    " WHERE schemaname = 'assay' AND tablename = 'meta'),"
		    " (SELECT count(*) FROM pg_tables"
		    " WHERE schemaname = 'assay')",
	},
	.connect = connect_postgresql,
	.disconnect = disconnect_postgresql,
	.destroy = destroy_postgresql,
	.exec = exec_postgresql,
	.begin = begin_postgresql,
	.commit = commit_postgresql,
	.rollback = roll_back_postgresql,
	.lock_schema = lock_schema_postgresql,
	.lock_reports = lock_reports_postgresql,
	.start = start_postgresql,
	.step = step_postgresql,
	.get_number = get_number_postgresql,
	.get_octets = get_octets_postgresql,
	.count_changes = count_changes_postgresql,
	.finish = finish_postgresql,
};

/* ---- the URL ------------------------------------------------------------- */

static bool
is_port_char(char c)
{
	return ascii_is_digit(c) || c == ',';
}

/* A password with an "@" or "/" that should have been written %40 or %2F would
 * be taken for a part of the host or port, which are told in messages. */
static bool
is_option_right(const PQconninfoOption *option)
{
	struct slice value = slice_from_cstr(option->val);
	struct cursor cur = cursor_of(value);

	if (strcmp(option->keyword, "host") == 0 ||
	    strcmp(option->keyword, "dbname") == 0)
		return slice_find(value, '@') == SIZE_MAX;
	if (strcmp(option->keyword, "port") == 0) {
		(void)cursor_take_while(&cur, is_port_char);
		return cursor_at_end(&cur);
	}
	return true;
}

/* Its options, to be freed by PQconninfoFree; NULL where it is wrong. */
static PQconninfoOption *
parse_url(const struct libpq *pq, const char *url)
{
	PQconninfoOption *options = pq->conninfoParse(url, NULL);

	for (PQconninfoOption *option = options; option != NULL &&
	    option->keyword != NULL; option++)
		if (!is_option_right(option)) {
			pq->conninfoFree(options);
			return NULL;
		}
	return options;
}

enum store_status
postgresql_check_url(struct slice url)
{
	PQconninfoOption *options = NULL;
	struct libpq pq;
	char *copy;

	if (!libpq_load(&pq))
		return STORE_NOT_BUILT;
	if (url.len > URL_OCTETS_MAX || slice_find(url, '\0') != SIZE_MAX)
		return STORE_BAD_URL;
	copy = strndup(url.ptr, url.len);
	if (copy != NULL)
		options = parse_url(&pq, copy);
	free(copy);
	if (options == NULL)
		return STORE_BAD_URL;
	pq.conninfoFree(options);
	return STORE_OK;
}

static bool
keep_password(struct postgresql *pg)
{
	PQconninfoOption *options = parse_url(&pg->pq, pg->url);
	bool is_kept = options != NULL;

	for (PQconninfoOption *option = options; option != NULL &&
	    option->keyword != NULL; option++)
		if (strcmp(option->keyword, "password") == 0 &&
		    option->val != NULL) {
			pg->password = strdup(option->val);
			is_kept = pg->password != NULL;
		}
	pg->pq.conninfoFree(options);
	return is_kept;
}

struct sql *
postgresql_create(struct slice url)
{
	struct postgresql *pg = calloc(1, sizeof(*pg));

	if (pg == NULL)
		return NULL;
	pg->url = strndup(url.ptr, url.len);
	if (!sql_init(&pg->sql, &postgresql_driver) || pg->url == NULL ||
	    !libpq_load(&pg->pq) || !keep_password(pg)) {
		destroy_postgresql(&pg->sql);
		return NULL;
	}
	return &pg->sql;
}
