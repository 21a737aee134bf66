/* The store in a file: all that a store does, and what befalls a file. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "report/store_bounce.h"
#include "report/store_stats.h"
#include "unit/report/store_cases.h"

#define NOBODY 65534
#define N_ROWS 2000	/* more than SQLite reads between two looks at the time */

/* The whole program's: where the file is. */
static char directory[64], database[80], url[96];

static const char *const suffixes[] = {
	"", "-wal", "-shm", "-journal", "-reports",
};

static int
make_directory(void **state)
{
	(void)state;
	strncpy(directory, "/tmp/assay-test-store-XXXXXX",
	    sizeof(directory) - 1);
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		return -1;
	snprintf(database, sizeof(database), "%s/assay.db", directory);
	snprintf(url, sizeof(url), "sqlite:%s", database);
	return 0;
}

static void
remove_files(void)
{
	char path[128];

	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		unlink(path);
	}
}

static int
remove_directory(void **state)
{
	(void)state;
	remove_files();
	return rmdir(directory);
}

static const char *
make_fresh(void)
{
	remove_files();
	return url;
}

static void
test_cases(void **state)
{
	(void)state;
	store_cases_run(make_fresh);
}

/* A statement as another program's. */
static sqlite3 *
execute(const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	return db;
}

/* That it cannot be opened, and what is said. */
static void
assert_refused(const char *from, enum store_status status, const char *problem)
{
	struct arena *arena = test_arena();
	struct store *store;
	struct strbuf text;
	enum store_status got;

	strbuf_init(&text, arena, 2000);
	got = store_open(from, &store, &text);
	if (got != status || strstr(strbuf_cstr(&text), problem) == NULL)
		fail_msg("%s: status %d: %s", from, (int)got,
		    strbuf_cstr(&text));
	assert_null(store);
	arena_destroy(&arena);
}

/* ---- the file itself ----------------------------------------------------- */

static int
make_under_mask(void)
{
	struct store *store;
	struct stat file;
	char path[128];

	umask(0177);
	store = store_cases_open(make_fresh());
	if (store_lock_reports(store) != STORE_OK ||
	    store_cases_write(store, 0, 0, 1) != STORE_OK)
		return 1;
	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		if (strcmp(suffixes[i], "-journal") == 0)
			continue;
		snprintf(path, sizeof(path), "%s%s", database, suffixes[i]);
		if (stat(path, &file) != 0 || (file.st_mode & 0777) != 0640)
			return 2 + (int)i;
	}
	store_close(&store);
	return 0;
}

/* What root makes in a directory of another's is the other's. */
static int
make_for_owner(void)
{
	struct store *store;
	struct stat file;

	if (chown(directory, NOBODY, NOBODY) != 0)
		return 1;
	store = store_cases_open(make_fresh());
	if (chown(directory, 0, 0) != 0)
		return 2;
	if (stat(database, &file) != 0 || file.st_uid != NOBODY ||
	    file.st_gid != NOBODY)
		return 3;
	store_close(&store);
	return 0;
}

static void
test_mode(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(make_under_mask), 0);
	if (geteuid() == 0)
		assert_int_equal(test_run_child(make_for_owner), 0);
}

static int
refuse_nobody(const char *words)
{
	struct arena *arena = test_arena();
	struct store *store;
	struct strbuf problem;

	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		return 1;
	strbuf_init(&problem, arena, 2000);
	if (store_open(url, &store, &problem) != STORE_UNAVAILABLE)
		return 2;
	return strstr(strbuf_cstr(&problem), words) != NULL ? 0 : 3;
}

static int
create_as_nobody(void)
{
	return refuse_nobody("cannot be created (Permission denied)");
}

static int
open_as_nobody(void)
{
	return refuse_nobody("cannot be opened (Permission denied)");
}

static void
test_permission(void **state)
{
	struct store *store;

	(void)state;
	make_fresh();
	assert_int_equal(chmod(directory, 0555), 0);
	assert_int_equal(test_run_child(create_as_nobody), 0);
	assert_int_equal(chmod(directory, 0755), 0);
	store = store_cases_open(url);
	store_close(&store);
	assert_int_equal(chmod(directory, 0), 0);
	assert_int_equal(test_run_child(open_as_nobody), 0);
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(database, 0), 0);
	assert_int_equal(test_run_child(open_as_nobody), 0);
}

static void
test_places(void **state)
{
	(void)state;
	assert_refused("sqlite:/nonexistent/assay.db", STORE_UNAVAILABLE,
	    "/nonexistent/assay.db cannot be opened: there is no directory"
	    " /nonexistent");
	assert_refused("sqlite:/dev/null/x/assay.db", STORE_UNAVAILABLE,
	    "cannot be opened: its directory /dev/null/x (Not a directory)");
	assert_refused("sqlite:/dev/null/assay.db", STORE_UNAVAILABLE,
	    "cannot be opened (Not a directory)");
	assert_refused("sqlite:/tmp", STORE_UNAVAILABLE, "/tmp");
	assert_refused("sqlite:/tmp/\x1b[2J\n/assay.db", STORE_UNAVAILABLE,
	    "/tmp/\\x1b[2J");
}

/* ---- what is in it ------------------------------------------------------- */

static void
test_foreign(void **state)
{
	struct store *store;
	int fd;

	(void)state;
	make_fresh();
	sqlite3_close(execute("CREATE TABLE theirs (x)"));
	assert_refused(url, STORE_FAILED, "another program");
	sqlite3_close(execute("DROP TABLE theirs"));
	store = store_cases_open(url);
	store_close(&store);
	sqlite3_close(execute("UPDATE meta SET value = 99"));
	assert_refused(url, STORE_NEWER,
	    "made by a newer assay (schema 99, this one knows ");

	make_fresh();
	fd = open(database, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "From root@example.org Mon Jan  1 00:00:00"
	    " 2024\nSubject: not a database\n\nbut a mailbox of some length,"
	    " longer than a header\n", 120), 120);
	close(fd);
	assert_refused(url, STORE_FAILED, "is not an SQLite database");
}

/* Anybody may send a bounce: it must not have the whole ledger read. */
static void
test_bounce(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	struct arena *arena = test_arena();
	sqlite3_stmt *plan;
	struct slice *destinations;
	sqlite3 *db;
	size_t n;

	(void)state;
	assert_int_equal(store_find_destinations(store, SLICE("id"), 0, 9,
	    arena, &destinations, &n), STORE_OK);
	store_close(&store);
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "EXPLAIN QUERY PLAN SELECT"
	    " destination FROM delivery WHERE report_id = 'id'", -1, &plan,
	    NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
	assert_non_null(strstr((const char *)sqlite3_column_text(plan, 3),
	    "delivery_report_id (report_id=?)"));
	sqlite3_finalize(plan);
	sqlite3_close(db);
	arena_destroy(&arena);
}

/* Pages of noise where rows were. */
static void
test_damaged(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	enum store_status status;
	char noise[4096];
	int fd;

	(void)state;
	assert_int_equal(store_cases_write(store, 0, 0, 2000), STORE_OK);
	store_close(&store);
	memset(noise, 0xa5, sizeof(noise));
	fd = open(database, O_WRONLY);
	for (off_t page = 3; page < 60; page++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise),
		    page * (off_t)sizeof(noise)), sizeof(noise));
	close(fd);
	store = store_cases_open(url);
	status = store_cases_write(store, 0, 0, 2000);
	assert_int_equal(status, STORE_FAILED);
	assert_non_null(strstr(store_problem(store), "is damaged"));
	store_close(&store);
}

static void
test_removed(void **state)
{
	struct store *store = store_cases_open(make_fresh());

	(void)state;
	assert_int_equal(store_cases_write(store, 0, 0, 3), STORE_OK);
	unlink(database);
	assert_int_equal(store_cases_write(store, 0, 0, 3),
	    STORE_UNAVAILABLE);
	assert_non_null(strstr(store_problem(store), "removed or replaced"));
	assert_int_equal(store_cases_write(store, 0, 0, 4), STORE_OK);
	assert_int_equal(store_cases_count(store), 4);
	store_close(&store);
}

/* ---- others, and no room ------------------------------------------------- */

static void
test_locked(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	sqlite3 *other;

	(void)state;
	assert_int_equal(store_cases_write(store, 0, 0, 3), STORE_OK);
	other = execute("BEGIN IMMEDIATE");
	assert_int_equal(store_cases_write(store, 0, 0, 3), STORE_BUSY);
	assert_non_null(strstr(store_problem(store),
	    "assay.db is locked by another process"));
	assert_int_equal(store_cases_count(store), 3);	/* reads go on */
	sqlite3_close(other);
	assert_int_equal(store_cases_write(store, 0, 0, 3), STORE_OK);
	store_close(&store);
}

static void
limit_file_size(rlim_t octets)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(90);
	limit.rlim_cur = octets;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(91);
}

/* Full in the middle of a batch: nothing of it is there; then there is room
 * again. */
static int
fill_up(void)
{
	struct store *store = store_cases_open(make_fresh());
	enum store_status status;
	uint64_t n = 0;

	limit_file_size(300 * 1024);
	for (;;) {
		status = store_cases_write(store, 0, (unsigned)n, 200);
		if (status != STORE_OK || n > 100000)
			break;
		n += 200;
	}
	if (status != STORE_FULL || n == 0)
		return 1;
	if (strstr(store_problem(store), "the disk or a quota is full") == NULL)
		return 2;
	if (store_cases_write(store, 0, (unsigned)n, 200) != STORE_FULL)
		return 3;
	limit_file_size(RLIM_INFINITY);
	if (store_cases_count(store) != n)
		return 4;
	if (store_cases_write(store, 0, 0, 200) != STORE_OK)
		return 5;
	if (store_cases_count(store) != n + 200)
		return 6;
	store_close(&store);
	return 0;
}

static int
open_without_room(void)
{
	make_fresh();
	limit_file_size(0);
	assert_refused(url, STORE_FULL, "the disk or a quota is full");
	limit_file_size(RLIM_INFINITY);
	return 0;
}

static void
test_full(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(fill_up), 0);
	assert_int_equal(test_run_child(open_without_room), 0);
}

static bool
ignore_total(void *context, const struct store_total *total)
{
	(void)context;
	(void)total;
	return true;
}

/* What reads much ends in time, or when it is called off; the store goes on. */
static void
test_bound(void **state)
{
	struct store *store = store_cases_open(make_fresh());
	atomic_bool is_cancelled = true;

	(void)state;
	assert_ok(store, store_cases_write(store, 0, 0, N_ROWS));
	store_bound(store, 1, NULL);
	assert_int_equal(store_visit_totals(store, STORE_BY_DAY, 0,
	    UINT32_MAX, ignore_total, NULL), STORE_BUSY);
	assert_non_null(strstr(store_problem(store), "took too long"));
	store_bound(store, 0, &is_cancelled);
	assert_int_equal(store_visit_totals(store, STORE_BY_DAY, 0,
	    UINT32_MAX, ignore_total, NULL), STORE_BUSY);
	is_cancelled = false;
	assert_ok(store, store_visit_totals(store, STORE_BY_DAY, 0,
	    UINT32_MAX, ignore_total, NULL));
	store_close(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, make_directory,
	    remove_directory);
}
