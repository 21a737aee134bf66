/* The store as a database: all that a store does, and what befalls a server.
 * A throwaway cluster serves it, by tests/e2e/private-postgresql. */
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "unit/report/store_cases.h"

#define NOT_INSTALLED 77	/* the script's status, and a skipped test's */

/* The whole program's: where the cluster is, and how to reach it. */
static char directory[64], cluster[80];
static char url[256];

/* ---- the cluster --------------------------------------------------------- */

static int
wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
run(const char *const *argv)
{
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return wait_for(child);
}

/* However this program ends, the cluster does: whoever waits for a word from
 * the other end of the pipe, or its end, cleans up. */
static pid_t
start_keeper(const char *script, int *end_out)
{
	const char *const stop[] = { script, "stop", cluster, NULL };
	const char *const remove[] = { "rm", "-rf", directory, NULL };
	int fds[2];
	char octet;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		setsid();
		close(fds[1]);
		if (read(fds[0], &octet, 1) < 0)
			_exit(1);
		_exit(run(stop) == 0 && run(remove) == 0 ? 0 : 1);
	}
	close(fds[0]);
	*end_out = fds[1];
	return child;
}

/* Its status; the URL is what it prints. */
static int
start_cluster(const char *script)
{
	int fds[2];
	pid_t child;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execl(script, script, "start", "--no-fsync", cluster,
		    (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], url, sizeof(url) - 1);
	close(fds[0]);
	url[n > 0 ? (size_t)n - 1 : 0] = '\0';
	return wait_for(child);
}

/* A statement as another client's. */
static void
execute(const char *text)
{
	PGconn *connection = PQconnectdb(url);
	PGresult *result = PQexec(connection, text);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
	    PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQerrorMessage(connection));
	PQclear(result);
	PQfinish(connection);
}

static const char *
make_fresh(void)
{
	execute("SET client_min_messages = error;"
	    "DROP SCHEMA IF EXISTS assay CASCADE");
	return url;
}

/* ---- tests --------------------------------------------------------------- */

static void
test_cases(void **state)
{
	(void)state;
	store_cases_run(make_fresh);
}

static const char end_sessions[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'assay'";

static void
test_lost(void **state)
{
	struct store *store = store_cases_open(make_fresh());

	(void)state;
	assert_int_equal(store_cases_write(store, 0, 0, 5), STORE_OK);
	execute(end_sessions);
	assert_int_equal(store_cases_write(store, 0, 0, 5),
	    STORE_UNAVAILABLE);
	assert_non_null(strstr(store_problem(store),
	    "terminating connection"));
	assert_int_equal(store_cases_write(store, 0, 0, 5), STORE_OK);
	assert_int_equal(store_cases_count(store), 10);
	store_close(&store);
}

/* Who lost the lock with his connection does not go on without it. */
static void
test_lost_lock(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	struct store *other;

	(void)state;
	assert_int_equal(store_lock_reports(store), STORE_OK);
	execute(end_sessions);
	assert_int_equal(store_cases_write(store, 0, 0, 1),
	    STORE_UNAVAILABLE);
	other = store_cases_open(url);
	assert_int_equal(store_lock_reports(other), STORE_OK);
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_BUSY);
	store_close(&other);
	for (int i = 0; i < 500; i++) {
		if (store_cases_write(store, 0, 0, 1) == STORE_OK)
			break;
		usleep(10000);
	}
	other = store_cases_open(url);
	assert_int_equal(store_lock_reports(other), STORE_BUSY);
	store_close(&other);
	store_close(&store);
}

static void
test_locked(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	PGconn *connection = PQconnectdb(url);
	int64_t start_ms;

	(void)state;
	PQclear(PQexec(connection, "BEGIN; LOCK TABLE assay.flow"));
	start_ms = clock_monotonic_ms();
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_BUSY);
	assert_true(clock_monotonic_ms() - start_ms < 9000);
	assert_non_null(strstr(store_problem(store), "is busy"));
	PQfinish(connection);
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_OK);
	store_close(&store);
}

static pid_t
find_backend(void)
{
	PGconn *connection = PQconnectdb(url);
	PGresult *result = PQexec(connection, "SELECT pid FROM"
	    " pg_stat_activity WHERE application_name = 'assay'");
	pid_t pid;

	assert_int_equal(PQntuples(result), 1);
	pid = (pid_t)strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(connection);
	return pid;
}

/* A server that is there and does nothing. */
static void
test_frozen(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	int64_t start_ms = clock_monotonic_ms();
	pid_t backend = find_backend();

	(void)state;
	assert_int_equal(kill(backend, SIGSTOP), 0);
	assert_int_equal(store_cases_write(store, 0, 0, 1),
	    STORE_UNAVAILABLE);
	assert_true(clock_monotonic_ms() - start_ms < 15000);
	assert_non_null(strstr(store_problem(store), "no answer in time"));
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_OK);
	assert_int_equal(kill(backend, SIGCONT), 0);
	store_close(&store);
}

/* ---- a connection that breaks at COMMIT ---------------------------------- */

static int
connect_socket(const char *path, bool is_server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *where = (const struct sockaddr *)&address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || (is_server ?
	    bind(fd, where, sizeof(address)) != 0 || listen(fd, 5) != 0 :
	    connect(fd, where, sizeof(address)) != 0))
		_exit(1);
	return fd;
}

/* What one side says the other hears; false where it is over. */
static bool
pass_on(int from, int to, bool *has_commit)
{
	char octets[8192];
	ssize_t n = read(from, octets, sizeof(octets));

	if (n <= 0)
		return false;
	*has_commit = memmem(octets, (size_t)n, "COMMIT", 6) != NULL;
	return write(to, octets, (size_t)n) == n;
}

/* One client of it.  True: the server was told to commit, and did or not, but
 * the client was not told. */
static bool
relay(int client, int server, bool is_broken)
{
	struct pollfd fds[2] = {
		{ .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN },
	};
	bool has_commit, from_server;

	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents != 0) {
			if (!pass_on(client, server, &has_commit))
				return false;
			if (has_commit && is_broken) {
				(void)poll(&fds[1], 1, -1);
				return true;
			}
		}
		if (fds[1].revents != 0 &&
		    !pass_on(server, client, &from_server))
			return false;
	}
	return false;
}

/* Stands between client and server, one client at a time; the first commit
 * breaks. */
static pid_t
start_relay(const char *path)
{
	char server_path[128];
	int listener = connect_socket(path, true);
	pid_t child = fork();
	bool was_broken = false;

	assert_true(child >= 0);
	if (child != 0) {
		close(listener);
		return child;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* where an assertion fails */
	snprintf(server_path, sizeof(server_path), "%s/socket/.s.PGSQL.5432",
	    cluster);
	for (;;) {
		int client = accept(listener, NULL, NULL);
		int server = connect_socket(server_path, false);

		was_broken |= relay(client, server, !was_broken);
		close(client);
		close(server);
	}
}

static void
assert_outcome(enum store_status status, const char *problem, uint64_t n)
{
	char path[128], relayed[160];
	struct store *store;
	pid_t child;
	int exit_status;

	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", directory);
	snprintf(relayed, sizeof(relayed), "postgresql://assay@/assay?host=%s",
	    directory);
	child = start_relay(path);
	store = store_cases_open(relayed);
	assert_int_equal(store_cases_write(store, 0, 0, 5), status);
	assert_non_null(strstr(store_problem(store), problem));
	assert_int_equal(store_cases_count(store), n);
	store_close(&store);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &exit_status, 0), child);
	unlink(path);
}

/* Whether it was done or not, the answer is right. */
static void
test_commit(void **state)
{
	struct store *store = store_cases_open(make_fresh());

	(void)state;
	store_close(&store);
	assert_outcome(STORE_OK, "was lost (", 5);
	execute("DELETE FROM assay.flow;"
	    "CREATE FUNCTION assay.refuse() RETURNS trigger LANGUAGE plpgsql"
	    " AS $$BEGIN RAISE EXCEPTION 'no'; END$$;"
	    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON assay.flow"
	    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
	    " EXECUTE FUNCTION assay.refuse()");
	assert_outcome(STORE_UNAVAILABLE, "and the transaction with it", 0);
}

/* A user whom nobody has granted anything. */
static void
test_stranger(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	struct arena *arena = test_arena();
	struct strbuf problem;
	char other[128];

	(void)state;
	store_close(&store);
	execute("SET client_min_messages = error; DROP ROLE IF EXISTS"
	    " stranger; CREATE ROLE stranger LOGIN");
	snprintf(other, sizeof(other),
	    "postgresql://stranger@/assay?host=%s/socket", cluster);
	strbuf_init(&problem, arena, 2000);
	assert_int_equal(store_open(other, &store, &problem), STORE_FAILED);
	test_assert_slice("a schema of another's", strbuf_slice(&problem),
	    "PostgreSQL refused a statement (permission denied for schema"
	    " assay)");
	make_fresh();
	strbuf_init(&problem, arena, 2000);
	assert_int_equal(store_open(other, &store, &problem), STORE_FAILED);
	test_assert_slice("a database of another's", strbuf_slice(&problem),
	    "PostgreSQL refused a statement (permission denied for database"
	    " assay)");
	/* All that one needs is a schema. */
	execute("CREATE SCHEMA assay AUTHORIZATION stranger");
	store = store_cases_open(other);
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_OK);
	store_close(&store);
	arena_destroy(&arena);
}

/* ---- what the server says ------------------------------------------------ */

static const struct {
	const char *state;
	enum store_status status;
	const char *problem;
} states[] = {
	{ "53100", STORE_FULL, "the disk is full" },
	{ "53200", STORE_UNAVAILABLE, "not available" },
	{ "40P01", STORE_BUSY, "is busy" },
	{ "40001", STORE_BUSY, "is busy" },
	{ "57014", STORE_BUSY, "is busy" },
	{ "25006", STORE_UNAVAILABLE, "not available" },
	{ "XX001", STORE_FAILED, "refused a statement" },
	{ "42501", STORE_FAILED, "refused a statement" },
};

static void
test_states(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	char text[200];

	(void)state;
	execute("CREATE FUNCTION assay.refuse() RETURNS trigger LANGUAGE"
	    " plpgsql AS $$BEGIN RAISE EXCEPTION 'it is' USING ERRCODE ="
	    " TG_ARGV[0]; END$$");
	for (size_t i = 0; i < N_ELEMENTS(states); i++) {
		snprintf(text, sizeof(text), "CREATE OR REPLACE TRIGGER t"
		    " BEFORE INSERT ON assay.flow FOR EACH ROW EXECUTE"
		    " FUNCTION assay.refuse('%s')", states[i].state);
		execute(text);
		if (store_cases_write(store, 0, 0, 1) != states[i].status)
			fail_msg("%s: wrong status", states[i].state);
		if (strstr(store_problem(store), states[i].problem) == NULL ||
		    strstr(store_problem(store), "(it is)") == NULL)
			fail_msg("%s: %s", states[i].state,
			    store_problem(store));
	}
	/* Nothing half is left, and the session is of use. */
	execute("DROP TRIGGER t ON assay.flow");
	assert_int_equal(store_cases_count(store), 0);
	assert_int_equal(store_cases_write(store, 0, 0, 1), STORE_OK);
	store_close(&store);
}

static const struct {
	const char *name, *url, *problem;
} unreachable[] = {
	{ "no socket", "postgresql://assay:se%40cret@/assay?host=/nonexistent",
	    "No such file or directory" },
	{ "closed port", "postgresql://assay:secret@127.0.0.1:1/assay",
	    "refused" },
	{ "no such database", NULL, "does not exist" },
};

static void
test_unreachable(void **state)
{
	struct arena *arena = test_arena();
	struct store *store;
	struct strbuf problem;
	char other[300];

	(void)state;
	snprintf(other, sizeof(other),
	    "postgresql://assay:secret@/other?host=%s/socket", cluster);
	for (size_t i = 0; i < N_ELEMENTS(unreachable); i++) {
		strbuf_init(&problem, arena, 2000);
		assert_int_equal(store_open(unreachable[i].url != NULL ?
		    unreachable[i].url : other, &store, &problem),
		    STORE_UNAVAILABLE);
		assert_null(store);
		if (strstr(strbuf_cstr(&problem), unreachable[i].problem) ==
		    NULL || strstr(strbuf_cstr(&problem), "cret") != NULL ||
		    strchr(strbuf_cstr(&problem), '\n') != NULL)
			fail_msg("%s: %s", unreachable[i].name,
			    strbuf_cstr(&problem));
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_lost_lock),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_unreachable),
	};
	struct arena *arena = test_arena();
	const char *script = test_path(arena, "tests/e2e/private-postgresql");
	int end = -1, status;
	pid_t keeper;

	strncpy(directory, "/tmp/assay-test-pg-XXXXXX",
	    sizeof(directory) - 1);
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		return 1;
	snprintf(cluster, sizeof(cluster), "%s/c", directory);
	if ((keeper = start_keeper(script, &end)) < 0)
		return 1;
	status = start_cluster(script);
	if (status == 0)
		status = cmocka_run_group_tests(tests, NULL, NULL);
	else if (status == NOT_INSTALLED)
		printf("SKIP: no PostgreSQL server is installed\n");
	if ((write(end, "x", 1) != 1 || wait_for(keeper) != 0) && status == 0)
		status = 1;
	arena_destroy(&arena);
	return status;
}
