/* report/postgresql_connection.c - see postgresql_connection.h. */
#include "report/postgresql_connection.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* The server ends a statement by itself before we give up on the server. */
#define CONNECT_TIMEOUT_MS 5000
#define ANSWER_TIMEOUT_MS 10000

/* A server whose client vanished has to notice, too: its locks are others'.
 * Every statement of ours goes along an index, in its order, for a page: a plan
 * that sorts or reads all would do so for each page of a day.  A schema that
 * may not be used would look as if its tables were missing. */
static const char settings[] =
    "SET statement_timeout = 8000; SET lock_timeout = 3000;"
    "SET idle_in_transaction_session_timeout = 30000;"
    "SET default_transaction_isolation = 'read committed';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
    "SET tcp_keepalives_count = 3;"
    "SET enable_seqscan = off; SET enable_sort = off; SET jit = off;"
    "SET enable_hashagg = off; SET enable_hashjoin = off;"
    "SET enable_mergejoin = off;"
    "SET search_path = assay;"
    "DO $$BEGIN IF EXISTS (SELECT FROM pg_namespace WHERE"
    " nspname = 'assay' AND NOT has_schema_privilege(oid, 'USAGE'))"
    " THEN RAISE insufficient_privilege USING MESSAGE ="
    " 'permission denied for schema assay'; END IF; END$$;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'";

/* ---- what went wrong ----------------------------------------------------- */

/* By SQLSTATE (PostgreSQL's appendix A) or the class that it begins with; the
 * first row that fits. */
static const struct {
	struct slice state;
	enum store_status status;
} states[] = {
	{ SLICE_INIT("08"), STORE_UNAVAILABLE },	/* connection */
	{ SLICE_INIT("25006"), STORE_UNAVAILABLE },	/* read-only: standby */
	{ SLICE_INIT("28"), STORE_UNAVAILABLE },	/* authorization */
	{ SLICE_INIT("40001"), STORE_BUSY },	/* serialization */
	{ SLICE_INIT("40P01"), STORE_BUSY },	/* deadlock */
	{ SLICE_INIT("53100"), STORE_FULL },	/* disk */
	{ SLICE_INIT("53"), STORE_UNAVAILABLE },	/* memory, sessions */
	{ SLICE_INIT("55P03"), STORE_BUSY },	/* lock_timeout */
	{ SLICE_INIT("57014"), STORE_BUSY },	/* statement_timeout */
	{ SLICE_INIT("57P"), STORE_UNAVAILABLE },	/* shutdown, start */
	{ SLICE_INIT("58030"), STORE_UNAVAILABLE },	/* I/O */
};

static enum store_status
status_of(const char *state)
{
	struct slice text = slice_from_cstr(state);

	for (size_t i = 0; i < N_ELEMENTS(states); i++)
		if (slice_starts_with(text, states[i].state))
			return states[i].status;
	return STORE_FAILED;
}

/* libpq does not tell passwords; should a message hold ours by some accident,
 * it is not told either. */
static void
set_problem(struct postgresql *pg, const char *what, const char *message)
{
	if (pg->password != NULL && pg->password[0] != '\0' &&
	    strstr(message, pg->password) != NULL)
		message = "no details, for they hold the password";
	sql_set_problem(&pg->sql, "PostgreSQL %s (%s)", what,
	    sql_escape(&pg->sql, message));
}

/* MESSAGE may be the connection's own. */
static enum store_status
lose(struct postgresql *pg, const char *what, const char *message)
{
	set_problem(pg, what, message);
	postgresql_close(pg);
	return STORE_UNAVAILABLE;
}

static const char *
describe(enum store_status status)
{
	switch (status) {
	case STORE_BUSY:
		return "is busy";
	case STORE_FULL:
		return "cannot grow: the disk is full";
	case STORE_UNAVAILABLE:
		return "is not available";
	case STORE_OK:
	case STORE_NEWER:
	case STORE_BAD_URL:
	case STORE_NOT_BUILT:
	case STORE_FAILED:
		break;
	}
	return "refused a statement";
}

/* A session that the server ends says so and is gone. */
static enum store_status
fail_result(struct postgresql *pg, const PGresult *result)
{
	const char *state = pg->pq.resultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = pg->pq.resultErrorField(result,
	    PG_DIAG_MESSAGE_PRIMARY);
	enum store_status status = state != NULL ? status_of(state) :
	    STORE_UNAVAILABLE;

	set_problem(pg, describe(status), message != NULL ? message :
	    pg->pq.resultErrorMessage(result));
	if (pg->pq.status(pg->connection) != CONNECTION_OK) {
		postgresql_close(pg);
		return STORE_UNAVAILABLE;
	}
	return status;
}

/* ---- waiting ------------------------------------------------------------- */

/* False where the time is up, or the socket is none. */
static bool
wait_socket(const struct postgresql *pg, short events, int64_t deadline_ms)
{
	struct pollfd fd = {
		.fd = pg->pq.socket(pg->connection), .events = events,
	};
	int64_t left_ms;

	do {
		left_ms = deadline_ms - clock_monotonic_ms();
		if (fd.fd < 0 || left_ms <= 0)
			return false;
	} while (poll(&fd, 1, (int)left_ms) <= 0);
	return true;
}

/* Send the rest of what was given to libpq, and read meanwhile: a server may
 * want to be rid of its answer first. */
static bool
flush(const struct postgresql *pg, int64_t deadline_ms)
{
	int unsent;

	while ((unsent = pg->pq.flush(pg->connection)) == 1) {
		if (!wait_socket(pg, POLLIN | POLLOUT, deadline_ms) ||
		    pg->pq.consumeInput(pg->connection) != 1)
			return false;
	}
	return unsent == 0;
}

static bool
wait_answer(const struct postgresql *pg, int64_t deadline_ms)
{
	while (pg->pq.isBusy(pg->connection) != 0)
		if (!wait_socket(pg, POLLIN, deadline_ms) ||
		    pg->pq.consumeInput(pg->connection) != 1)
			return false;
	return true;
}

static const char *
explain_silence(const struct postgresql *pg)
{
	const char *message = pg->pq.errorMessage(pg->connection);

	return message[0] != '\0' ? message : "no answer in time";
}

enum store_status
postgresql_await(struct postgresql *pg, int sent, PGresult **result_out)
{
	int64_t deadline_ms = clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
	PGresult *result = NULL, *next;
	enum store_status status;

	*result_out = NULL;
	if (sent != 1 || !flush(pg, deadline_ms))
		return lose(pg, "was lost",
		    explain_silence(pg));
	do {
		if (!wait_answer(pg, deadline_ms)) {
			pg->pq.clear(result);
			return lose(pg, "was lost",
			    explain_silence(pg));
		}
		next = pg->pq.getResult(pg->connection);
		if (next != NULL) {
			pg->pq.clear(result);
			result = next;
		}
	} while (next != NULL);
	if (result == NULL)
		return lose(pg, "was lost", "no result");
	if (pg->pq.resultStatus(result) == PGRES_COMMAND_OK ||
	    pg->pq.resultStatus(result) == PGRES_TUPLES_OK) {
		*result_out = result;
		return STORE_OK;
	}
	status = fail_result(pg, result);
	pg->pq.clear(result);
	return status;
}

enum store_status
postgresql_exec(struct postgresql *pg, const char *text)
{
	PGresult *result;
	enum store_status status = postgresql_await(pg,
	    pg->pq.sendQuery(pg->connection, text), &result);

	pg->pq.clear(result);
	return status;
}

/* ---- connecting ---------------------------------------------------------- */

/* What the URL says goes before what stands above it here, not before what
 * stands below. */
static PGconn *
start_connection(const struct postgresql *pg)
{
	static const char *const keywords[] = {
		"tcp_user_timeout", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "application_name", "dbname",
		"client_encoding", NULL,
	};
	const char *const values[] = {
		"10000", "5", "2", "3", "assay", pg->url, "UTF8", NULL,
	};

	return pg->pq.connectStartParams(keywords, values, 1);
}

static bool
finish_connection(const struct postgresql *pg, int64_t deadline_ms)
{
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

	while (pg->pq.status(pg->connection) != CONNECTION_BAD &&
	    wanted != PGRES_POLLING_OK) {
		if (wanted == PGRES_POLLING_FAILED ||
		    !wait_socket(pg,
		    wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		    deadline_ms))
			return false;
		wanted = pg->pq.connectPoll(pg->connection);
	}
	return wanted == PGRES_POLLING_OK;
}

static void
drop_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* A host's name is looked up in the time that its resolver takes. */
enum store_status
postgresql_open(struct postgresql *pg)
{
	enum store_status status;

	pg->connection = start_connection(pg);
	if (pg->connection == NULL) {
		sql_set_problem(&pg->sql, "out of memory");
		return STORE_UNAVAILABLE;
	}
	if (!finish_connection(pg, clock_monotonic_ms() +
	    CONNECT_TIMEOUT_MS))
		return lose(pg, "cannot be reached",
		    explain_silence(pg));
	pg->pq.setNoticeReceiver(pg->connection, drop_notice, NULL);
	if (pg->pq.setnonblocking(pg->connection, 1) != 0)
		return lose(pg, "cannot be reached",
		    pg->pq.errorMessage(pg->connection));
	if ((status = postgresql_exec(pg, settings)) != STORE_OK)
		postgresql_close(pg);
	return status;
}

void
postgresql_close(struct postgresql *pg)
{
	pg->pq.clear(pg->result);
	pg->result = NULL;
	pg->n_prepared = 0;
	pg->has_reports = false;
	pg->pq.finish(pg->connection);
	pg->connection = NULL;
	pg->sql.is_connected = false;
}
