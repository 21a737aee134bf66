/* report/sqlite.c - the store as a file of this host (report/sql.h).
 *
 * Written ahead (WAL): readers and the one who writes do not wait for each
 * other.  With synchronous=NORMAL a commit survives whatever happens to the
 * process, while a host that loses power may lose the last seconds, never the
 * rest; a durable transaction is synced, and all before it with it. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "report/sql.h"

#define BUSY_TIMEOUT_MS 3000
#define PATH_OCTETS_MAX ((size_t)4000)
#define FILE_MODE 0640
/* Between two looks at the clock: some 100 us. */
#define STEPS_PER_LOOK 10000

/* Behind the database's name: whose lock it is that reports are sent.  Not the
 * database itself: SQLite's own locks on it are POSIX ones, which a close of
 * any other descriptor of that file would drop. */
static const char lock_suffix[] = "-reports";

/* Pages in memory: 16 MB.  The log is copied into the file, which is synced
 * then, once it has 16 MB: a batch of a busy host's rows touches as many pages
 * as it has rows, and the next one many of them again.  A log that grew beyond
 * is cut back. */
static const char settings[] =
    "PRAGMA cache_size = -16384;"
    "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432;"
    "PRAGMA trusted_schema = OFF;";

struct prepared {
	const char *text;	/* static: its address tells it apart */
	sqlite3_stmt *statement;
};

struct sqlite {
	struct sql sql;
	char *path;		/* owned */
	sqlite3 *db;
	bool has_wal;
	int lock_fd;		/* -1: not held */
	dev_t device;		/* of the file that was opened */
	ino_t inode;
	struct prepared prepared[SQL_STATEMENTS_MAX];
	size_t n_prepared;
	sqlite3_stmt *current;
};

static struct sqlite *
of(struct sql *sql)
{
	return (struct sqlite *)sql;
}

/* ---- what went wrong ----------------------------------------------------- */

static bool
is_no_room(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* SQLite forgets it on some of its ways out, such as that of a COMMIT: then the
 * last call that failed is what errno is of. */
static int
system_error(const struct sqlite *lite)
{
	int error = errno;
	int known = sqlite3_system_errno(lite->db);

	return known != 0 ? known : error;
}

static enum store_status
status_of(int code, int error)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return STORE_BUSY;
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_IOERR:
		return is_no_room(error) ? STORE_FULL : STORE_UNAVAILABLE;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_NOMEM:
		return STORE_UNAVAILABLE;
	}
	return STORE_FAILED;
}

static const char *
describe(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return "is locked by another process";
	case SQLITE_INTERRUPT:
		return "took too long to read";
	case SQLITE_FULL:
		return "cannot grow: the disk or a quota is full";
	case SQLITE_CANTOPEN:
		return "cannot be opened";
	case SQLITE_READONLY:
		return "cannot be written";
	case SQLITE_NOTADB:
		return "is not an SQLite database";
	case SQLITE_CORRUPT:
		return "is damaged";
	case SQLITE_IOERR:
		return "cannot be read or written";
	}
	return "refused a statement";
}

/* The system's word where it has one: "unable to open database file" does not
 * say why. */
static enum store_status
fail(struct sqlite *lite, int code)
{
	int error = system_error(lite);
	enum store_status status = status_of(code, error);
	const char *why = sqlite3_errstr(code);

	if (lite->db != NULL && sqlite3_errcode(lite->db) == code)
		why = sqlite3_errmsg(lite->db);
	switch (code & 0xff) {
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
		if (error != 0)
			why = strerror(error);
		break;
	}
	sql_set_problem(&lite->sql, "%s %s (%s)",
	    sql_escape(&lite->sql, lite->path),
	    status == STORE_FULL ? describe(SQLITE_FULL) : describe(code),
	    sql_escape(&lite->sql, why));
	return status;
}

static enum store_status
fail_errno(struct sqlite *lite, const char *what, int error)
{
	sql_set_problem(&lite->sql, "%s %s (%s)",
	    sql_escape(&lite->sql, lite->path), what, strerror(error));
	return is_no_room(error) ? STORE_FULL : STORE_UNAVAILABLE;
}

/* ---- the file ------------------------------------------------------------ */

/* A new file has its mode whatever the umask, and belongs to the directory's
 * owner where root makes it: the daemon is to write it later. */
static int
create_file(const char *path, const struct stat *directory)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return errno == EEXIST ? 0 : errno;
	if (fchmod(fd, FILE_MODE) != 0 || (geteuid() == 0 &&
	    fchown(fd, directory->st_uid, directory->st_gid) != 0)) {
		int error = errno;

		close(fd);
		unlink(path);
		return error;
	}
	close(fd);
	return 0;
}

static enum store_status
fail_directory(struct sqlite *lite, const char *name, int error)
{
	const char *path = sql_escape(&lite->sql, lite->path);

	name = sql_escape(&lite->sql, name);
	if (error == ENOENT)
		sql_set_problem(&lite->sql, "%s cannot be opened: there is no "
		    "directory %s", path, name);
	else
		sql_set_problem(&lite->sql, "%s cannot be opened: its "
		    "directory %s (%s)", path, name, strerror(error));
	return STORE_UNAVAILABLE;
}

/* A directory that may not be looked into does not tell. */
static bool
may_be_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static enum store_status
prepare_file(struct sqlite *lite, const char *path)
{
	enum store_status status = STORE_OK;
	char *copy = strdup(path), *name;
	struct stat directory;
	int error;

	if (copy == NULL)
		return fail_errno(lite, "cannot be opened", ENOMEM);
	name = dirname(copy);
	if (stat(name, &directory) != 0)
		status = fail_directory(lite, name, errno);
	else if ((error = create_file(path, &directory)) != 0)
		status = fail_errno(lite, may_be_there(path) ?
		    "cannot be opened" : "cannot be created", error);
	free(copy);
	return status;
}

/* Whether PATH still leads to what was opened: one that was removed or
 * replaced is not written for nobody. */
static bool
is_same_file(const struct sqlite *lite)
{
	struct stat now;

	return stat(lite->path, &now) == 0 && now.st_dev == lite->device &&
	    now.st_ino == lite->inode;
}

static int
exec(struct sqlite *lite, const char *text)
{
	return sqlite3_exec(lite->db, text, NULL, NULL, NULL);
}

/* On some file systems there can be no WAL: then each transaction has to be
 * synced. */
static int
set_journal(struct sqlite *lite)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(lite->db, "PRAGMA journal_mode = WAL",
	    -1, &statement, NULL);
	const unsigned char *mode;

	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(statement);
	mode = code == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
	lite->has_wal = mode != NULL && strcmp((const char *)mode, "wal") == 0;
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* SQLite's question, while a statement runs. */
static int
is_time_up(void *arg)
{
	const struct sql *sql = arg;

	return (sql->deadline_ms != 0 &&
	    clock_monotonic_ms() >= sql->deadline_ms) ||
	    (sql->is_cancelled != NULL && atomic_load(sql->is_cancelled));
}

static int
configure(struct sqlite *lite)
{
	int code;

	sqlite3_progress_handler(lite->db, STEPS_PER_LOOK, is_time_up,
	    &lite->sql);
	sqlite3_extended_result_codes(lite->db, 1);
	sqlite3_busy_timeout(lite->db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(lite->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if ((code = exec(lite, settings)) != SQLITE_OK)
		return code;
	return set_journal(lite);
}

static enum store_status
connect_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);
	enum store_status status = prepare_file(lite, lite->path);
	struct stat file;
	int code;

	if (status != STORE_OK)
		return status;
	code = sqlite3_open_v2(lite->path, &lite->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = configure(lite);
	if (code != SQLITE_OK) {
		status = fail(lite, code);
		sql->driver->disconnect(sql);
		return status;
	}
	if (stat(lite->path, &file) == 0) {
		lite->device = file.st_dev;
		lite->inode = file.st_ino;
	}
	return STORE_OK;
}

static void
disconnect_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);

	lite->current = NULL;
	while (lite->n_prepared > 0)
		sqlite3_finalize(lite->prepared[--lite->n_prepared].statement);
	/* Cannot fail: nothing is left of it. */
	(void)sqlite3_close(lite->db);
	lite->db = NULL;
}

static void
destroy_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);

	if (lite->lock_fd >= 0)
		close(lite->lock_fd);
	free(lite->path);
	sql_clear(sql);
	free(lite);
}

/* ---- transactions and locks ---------------------------------------------- */

static enum store_status
exec_sqlite(struct sql *sql, const char *text)
{
	int code = exec(of(sql), text);

	return code == SQLITE_OK ? STORE_OK : fail(of(sql), code);
}

static enum store_status
begin_sqlite(struct sql *sql, bool is_durable)
{
	struct sqlite *lite = of(sql);

	if (!is_same_file(lite)) {
		sql_set_problem(sql, "%s was removed or replaced",
		    sql_escape(sql, lite->path));
		sql_disconnect(sql);
		return STORE_UNAVAILABLE;
	}
	return exec_sqlite(sql, is_durable || !lite->has_wal ?
	    "PRAGMA synchronous = FULL; BEGIN IMMEDIATE" :
	    "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
}

static enum store_status
commit_sqlite(struct sql *sql)
{
	return exec_sqlite(sql, "COMMIT");
}

/* Some failures have done so already. */
static void
roll_back_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);

	if (sqlite3_get_autocommit(lite->db) == 0)
		(void)exec(lite, "ROLLBACK");
}

/* The transaction is the only one that writes. */
static enum store_status
lock_schema_sqlite(struct sql *sql)
{
	(void)sql;
	return STORE_OK;
}

/* flock(2): held by the open file, so it ends with the process that has it, or
 * when the store is closed; a child that was forked and calls exec lets go of
 * it.  The file stays: removing it would let two hold two. */
static enum store_status
lock_reports_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);
	struct arena *arena = arena_create(4 * PATH_OCTETS_MAX);
	enum store_status status = STORE_UNAVAILABLE;
	const char *path = NULL;
	struct strbuf text;
	int fd = -1;

	if (lite->lock_fd >= 0) {
		arena_destroy(&arena);
		return STORE_OK;
	}
	if (arena != NULL) {
		strbuf_init(&text, arena, 2 * PATH_OCTETS_MAX);
		strbuf_printf(&text, "%s%s", lite->path, lock_suffix);
		path = strbuf_cstr(&text);
	}
	if (path == NULL) {
		fail_errno(lite, "cannot be locked", ENOMEM);
	} else if ((status = prepare_file(lite, path)) == STORE_OK) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
			lite->lock_fd = fd;
		} else if (fd >= 0 && errno == EWOULDBLOCK) {
			sql_set_problem(sql, "another process sends reports");
			status = STORE_BUSY;
		} else {
			status = fail_errno(lite, "cannot be locked", errno);
		}
		if (fd >= 0 && status != STORE_OK)
			close(fd);
	}
	arena_destroy(&arena);
	return status;
}

/* ---- statements ---------------------------------------------------------- */

static enum store_status
find_statement(struct sqlite *lite, const char *text, sqlite3_stmt **out)
{
	struct prepared *next = &lite->prepared[lite->n_prepared];
	int code;

	for (size_t i = 0; i < lite->n_prepared; i++)
		if (lite->prepared[i].text == text) {
			*out = lite->prepared[i].statement;
			return STORE_OK;
		}
	*out = NULL;
	if (lite->n_prepared == SQL_STATEMENTS_MAX) {
		sql_set_problem(&lite->sql, "too many different statements");
		return STORE_FAILED;
	}
	code = sqlite3_prepare_v3(lite->db, text, -1,
	    SQLITE_PREPARE_PERSISTENT, &next->statement, NULL);
	if (code != SQLITE_OK)
		return fail(lite, code);
	next->text = text;
	lite->n_prepared++;
	*out = next->statement;
	return STORE_OK;
}

static int
bind(sqlite3_stmt *statement, int index, const struct sql_value *value)
{
	const char *octets = value->octets.len > 0 ? value->octets.ptr : "";
	sqlite3_uint64 len = value->octets.len;

	switch (value->kind) {
	case SQL_NUMBER:
		return sqlite3_bind_int64(statement, index, value->number);
	case SQL_TEXT:
		return sqlite3_bind_text64(statement, index, octets, len,
		    SQLITE_STATIC, SQLITE_UTF8);
	case SQL_OCTETS:
		return sqlite3_bind_blob64(statement, index, octets, len,
		    SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static enum store_status
start_sqlite(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n)
{
	struct sqlite *lite = of(sql);
	enum store_status status = find_statement(lite, text, &lite->current);
	int code = SQLITE_OK;

	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < n && code == SQLITE_OK; i++)
		code = bind(lite->current, (int)i + 1, &values[i]);
	return code == SQLITE_OK ? STORE_OK : fail(lite, code);
}

static enum store_status
step_sqlite(struct sql *sql, bool *has_row_out)
{
	struct sqlite *lite = of(sql);
	int code = sqlite3_step(lite->current);

	*has_row_out = code == SQLITE_ROW;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return STORE_OK;
	return fail(lite, code);
}

static int64_t
get_number_sqlite(struct sql *sql, unsigned column)
{
	return sqlite3_column_int64(of(sql)->current, (int)column);
}

/* The length is right once the octets were asked for. */
static struct slice
get_octets_sqlite(struct sql *sql, unsigned column)
{
	sqlite3_stmt *current = of(sql)->current;
	const char *octets = sqlite3_column_blob(current, (int)column);

	return (struct slice){ octets,
		(size_t)sqlite3_column_bytes(current, (int)column) };
}

static uint64_t
count_changes_sqlite(struct sql *sql)
{
	return (uint64_t)sqlite3_changes(of(sql)->db);
}

static void
finish_sqlite(struct sql *sql)
{
	struct sqlite *lite = of(sql);

	if (lite->current == NULL)
		return;
	/* Its status was the last step's. */
	(void)sqlite3_reset(lite->current);
	(void)sqlite3_clear_bindings(lite->current);
	lite->current = NULL;
}

static const struct sql_driver sqlite_driver = {
	.dialect = {
		.id = "INTEGER PRIMARY KEY AUTOINCREMENT",
		.key = "TEXT",
		.octets = "BLOB",
		.clustered = "WITHOUT ROWID",
		.find_meta = "SELECT (SELECT count(*) FROM sqlite_master"
		    " WHERE type = 'table' AND name = 'meta'),"
		    " (SELECT count(*) FROM sqlite_master)",
	},
	.connect = connect_sqlite,
	.disconnect = disconnect_sqlite,
	.destroy = destroy_sqlite,
	.exec = exec_sqlite,
	.begin = begin_sqlite,
	.commit = commit_sqlite,
	.rollback = roll_back_sqlite,
	.lock_schema = lock_schema_sqlite,
	.lock_reports = lock_reports_sqlite,
	.start = start_sqlite,
	.step = step_sqlite,
	.get_number = get_number_sqlite,
	.get_octets = get_octets_sqlite,
	.count_changes = count_changes_sqlite,
	.finish = finish_sqlite,
};

struct sql *
sqlite_create(struct slice path)
{
	struct sqlite *lite = calloc(1, sizeof(*lite));

	if (lite == NULL)
		return NULL;
	lite->lock_fd = -1;
	lite->path = strndup(path.ptr, path.len);
	if (!sql_init(&lite->sql, &sqlite_driver) || lite->path == NULL) {
		destroy_sqlite(&lite->sql);
		return NULL;
	}
	return &lite->sql;
}

/* A daemon has no directory of its own that a relative one could begin at. */
enum store_status
sqlite_check_path(struct slice path)
{
	if (path.len < 2 || path.len > PATH_OCTETS_MAX || path.ptr[0] != '/' ||
	    path.ptr[path.len - 1] == '/' || slice_find(path, '\0') != SIZE_MAX)
		return STORE_BAD_URL;
	return STORE_OK;
}
