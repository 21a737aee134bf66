/* report/postgresql_connection.h - libpq with a deadline for everything: a
 * server that is gone, stopped or slow costs some seconds. */
#ifndef ASSAY_REPORT_POSTGRESQL_CONNECTION_H
#define ASSAY_REPORT_POSTGRESQL_CONNECTION_H

#include "report/libpq.h"
#include "report/sql.h"

struct postgresql {
	struct sql sql;
	struct libpq pq;
	char *url;		/* owned */
	char *password;		/* owned; never told; NULL: the URL has none */
	PGconn *connection;
	const char *prepared[SQL_STATEMENTS_MAX];	/* by their address */
	size_t n_prepared;
	PGresult *result;	/* of the statement that was started */
	int row;		/* that is read; -1 before the first */
	bool has_reports;	/* the lock, on this connection */
};

static inline struct postgresql *
postgresql_of(struct sql *sql)
{
	return (struct postgresql *)sql;
}

/* Up to a session that is set up as ours. */
enum store_status postgresql_open(struct postgresql *pg);
void postgresql_close(struct postgresql *pg);

/* Wait for what was SENT (libpq's answer to that) and take its last result, the
 * caller's to clear; NULL unless STORE_OK.  The connection is closed where it
 * is of no more use. */
enum store_status postgresql_await(struct postgresql *pg, int sent,
    PGresult **result_out);

/* Text without parameters; its rows are dropped. */
enum store_status postgresql_exec(struct postgresql *pg, const char *text);

#endif
