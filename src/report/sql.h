/* report/sql.h - the two databases as one: a connection, statements that stay
 * prepared, rows, transactions.
 *
 * The SQL is what both dialects know; where they differ the driver has a word
 * for it.  Parameters are $1, $2 ... in the order of their first use (SQLite
 * takes them for names).  A statement's text is its identity: it has static
 * storage, and stays prepared as long as the connection.  One statement at a
 * time. */
#ifndef ASSAY_REPORT_SQL_H
#define ASSAY_REPORT_SQL_H

#include <stdatomic.h>

#include "report/store.h"

/* More different statements than these are a bug. */
#define SQL_STATEMENTS_MAX 64
#define SQL_PARAMETERS_MAX 32

/* Octets of a problem's sentence. */
#define SQL_PROBLEM_MAX ((size_t)1024)

enum sql_kind {
	SQL_NUMBER = 0,
	SQL_TEXT,
	SQL_OCTETS,
};

struct sql_value {
	enum sql_kind kind;
	int64_t number;
	struct slice octets;	/* borrowed until the statement is finished */
};

static inline struct sql_value
sql_number(int64_t number)
{
	return (struct sql_value){ .kind = SQL_NUMBER, .number = number };
}

/* What is no UTF-8, and NUL, is stored as "?": one message's odd bytes are not
 * to keep a whole batch out of the database. */
static inline struct sql_value
sql_text(struct slice text)
{
	return (struct sql_value){ .kind = SQL_TEXT, .octets = text };
}

static inline struct sql_value
sql_octets(const unsigned char *octets, size_t len)
{
	return (struct sql_value){ .kind = SQL_OCTETS,
		.octets = { (const char *)octets, len } };
}

/* What a dialect has words of its own for.  In a schema's text they are @id
 * and so on (report/schema.h). */
struct sql_dialect {
	const char *id;		/* a row's number, given by the database and
				 * never given again */
	const char *key;	/* text that is compared by its octets */
	const char *octets;
	const char *clustered;	/* behind a table whose rows had best lie in
				 * their key's order */
	/* Two numbers: is there a table "meta"?  Are there any tables? */
	const char *find_meta;
};

struct sql;

/* A driver's functions; the sql_ functions below are the way to them.  Each
 * status but STORE_OK comes with a problem set. */
struct sql_driver {
	struct sql_dialect dialect;
	enum store_status (*connect)(struct sql *sql);
	void (*disconnect)(struct sql *sql);
	/* Frees SQL too. */
	void (*destroy)(struct sql *sql);
	/* Text without parameters and rows, maybe several statements. */
	enum store_status (*exec)(struct sql *sql, const char *text);
	enum store_status (*begin)(struct sql *sql, bool is_durable);
	enum store_status (*commit)(struct sql *sql);
	void (*rollback)(struct sql *sql);
	/* In a transaction: until its end nobody else changes the schema. */
	enum store_status (*lock_schema)(struct sql *sql);
	enum store_status (*lock_reports)(struct sql *sql);
	enum store_status (*start)(struct sql *sql, const char *text,
	    const struct sql_value *values, size_t n);
	enum store_status (*step)(struct sql *sql, bool *has_row_out);
	int64_t (*get_number)(struct sql *sql, unsigned column);
	struct slice (*get_octets)(struct sql *sql, unsigned column);
	uint64_t (*count_changes)(struct sql *sql);
	void (*finish)(struct sql *sql);
};

struct sql {
	const struct sql_driver *driver;
	struct arena *scratch;	/* owned */
	bool is_connected;
	int64_t deadline_ms;	/* monotonic: statements give up then; 0:
				 * never */
	const atomic_bool *is_cancelled;	/* or once this is set; or
						 * NULL */
	char problem[SQL_PROBLEM_MAX];
};

/* For drivers: set up and tear down what is common. */
bool sql_init(struct sql *sql, const struct sql_driver *driver);
void sql_clear(struct sql *sql);

/* Not connected yet.  NULL where memory is out.  What they are given is a URL
 * that passed the check below; it is copied. */
struct sql *sqlite_create(struct slice path);
struct sql *postgresql_create(struct slice url);

/* STORE_OK, STORE_BAD_URL or STORE_NOT_BUILT. */
enum store_status sqlite_check_path(struct slice path);
enum store_status postgresql_check_url(struct slice url);

/* One sentence; SQL->problem has it.  What comes from outside goes through the
 * second: printable, on one line, cut; good until the next statement. */
void sql_set_problem(struct sql *sql, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *sql_escape(struct sql *sql, const char *text);

enum store_status sql_connect(struct sql *sql);
void sql_disconnect(struct sql *sql);
void sql_destroy(struct sql **sql);

enum store_status sql_exec(struct sql *sql, const char *text);

/* Writing; others who write wait until its end.  Durable: on disk when commit
 * returns. */
enum store_status sql_begin(struct sql *sql, bool is_durable);
/* Rolls back where STATUS is not STORE_OK, and gives it; commits otherwise. */
enum store_status sql_end(struct sql *sql, enum store_status status);

/* A statement without rows; *N_CHANGED (may be NULL): rows it touched. */
enum store_status sql_run(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n, uint64_t *n_changed);

/* A statement with rows: start, step while there is one, finish (which may
 * always be called).  What a column gives is borrowed until the next step;
 * NULL gives 0 and nothing. */
enum store_status sql_start(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n);
enum store_status sql_step(struct sql *sql, bool *has_row_out);
int64_t sql_get_number(struct sql *sql, unsigned column);
struct slice sql_get_octets(struct sql *sql, unsigned column);
void sql_finish(struct sql *sql);

/* The first row's numbers, N_OUT of them; 0 where there is no row. */
enum store_status sql_get_numbers(struct sql *sql, const char *text,
    const struct sql_value *values, size_t n, int64_t *numbers_out,
    size_t n_out);

#endif
