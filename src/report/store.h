/* report/store.h - what assay remembers, on disk: SQLite in a file of this
 * host, or a PostgreSQL database that several hosts share.
 *
 * A store is one connection: one thread at a time; open another for another
 * thread.  Everything here may block on disk or network, for some seconds at
 * worst, and is never called by a session.  The only users of SQLite and libpq
 * are sqlite.c and postgresql.c; the rest is in the SQL that both know.
 *
 * Times are seconds since the epoch, days are whole days since it, UTC. */
#ifndef ASSAY_REPORT_STORE_H
#define ASSAY_REPORT_STORE_H

#include <stdatomic.h>

#include "report/fact.h"

struct store;

enum store_status {
	STORE_OK = 0,
	STORE_BUSY,		/* somebody else holds it: try again */
	STORE_UNAVAILABLE,	/* cannot be reached or opened: try again */
	STORE_FULL,		/* no room on disk: try again, later */
	STORE_NEWER,		/* made by a newer assay: leave it alone */
	STORE_BAD_URL,
	STORE_NOT_BUILT,	/* this assay was built without it, or its
				 * library is not there */
	STORE_FAILED,		/* refused by the database: a bug, or damage */
};

/* Open URL ("sqlite:PATH", "postgresql://...") and bring its schema up to date;
 * creates what is not there.  *STORE_OUT is NULL unless STORE_OK; PROBLEM gets
 * one sentence without passwords then.  A connection that is lost later gives
 * STORE_UNAVAILABLE, and the next call connects anew. */
enum store_status store_open(const char *url, struct store **store_out,
    struct strbuf *problem);
void store_close(struct store **store);

/* Whether the URL's form is right; touches nothing.  For config/. */
enum store_status store_check_url(struct slice url);

/* What runs at DEADLINE_MS (monotonic; 0: no such time), or while IS_CANCELLED
 * (borrowed; or NULL) is set by another thread, gives up with STORE_BUSY: for
 * statements that read much.  PostgreSQL has bounds of its own, of ten
 * seconds for each statement. */
void store_bound(struct store *store, int64_t deadline_ms,
    const atomic_bool *is_cancelled);

/* One sentence on the last call that was not STORE_OK, borrowed until the next
 * one, printable; for the log. */
const char *store_problem(const struct store *store);

/* ---- writing: by the daemon's writer ------------------------------------- */

struct store_row {
	const struct report_fact *fact;
	unsigned char digest[16];	/* of its encoded form */
	uint64_t count;			/* messages */
	int64_t first_s, last_s;	/* when they came */
};

/* A message that passed DMARC, aligned, by this path (report/history.h). */
struct store_pass {
	struct slice author_domain;
	struct ip_network path;
	uint32_t day;
	uint64_t count;
};

/* A failure report that is owed (RFC 9991); kept until it was sent, merged or
 * dropped.  MESSAGE is all of it, redacted. */
struct store_failure {
	int64_t id;		/* given by the store */
	int64_t time_s;
	struct slice policy_domain, author_domain;
	struct slice ruf;	/* as published */
	struct slice kind;	/* equal for like incidents */
	struct slice message;
	uint64_t incidents;
};

struct store_batch {
	const struct store_row *rows;
	size_t n_rows;
	const struct store_pass *passes;
	size_t n_passes;
	const struct store_failure *failures;
	size_t n_failures;
};

/* All of the batch or nothing of it, in one transaction: counts are added to
 * what is there. */
enum store_status store_write(struct store *store,
    const struct store_batch *batch);

/* Remove what is older than BEFORE_DAY, in steps that hold nobody up; ledger,
 * suppressions and failures included.  *N_OUT: rows removed. */
enum store_status store_prune(struct store *store, uint32_t before_day,
    uint64_t *n_out);

/* Each path and domain that has passes on at least MIN_DAYS days, SINCE_DAY or
 * later; stops where VISIT gives false. */
enum store_status store_visit_passes(struct store *store, uint32_t since_day,
    unsigned min_days,
    bool (*visit)(void *context, const struct store_pass *pass),
    void *context);

/* ---- reading: reports and statistics ------------------------------------- */

/* What one report is made of: a policy domain's configuration on one day. */
struct store_subject {
	uint32_t day;
	struct slice policy_domain;
	int64_t configuration_id;
	struct slice configuration;	/* report/configuration.h */
	uint64_t n_rows, n_messages;	/* reportable ones */
};

/* The days, ascending, that have reportable rows and lie in FROM..TO. */
enum store_status store_list_days(struct store *store, uint32_t from,
    uint32_t to, struct arena *arena, uint32_t **days_out, size_t *n_out);

/* Up to MAX subjects of a day, in the order of domain and configuration, behind
 * AFTER (NULL: from the first); everything lives in ARENA.  *N_OUT 0: there are
 * no more. */
enum store_status store_list_subjects(struct store *store, uint32_t day,
    const struct store_subject *after, size_t max, struct arena *arena,
    struct store_subject **subjects_out, size_t *n_out);

/* Up to MAX rows of SUBJECT behind AFTER (NULL: from the first), in the order
 * of their digests. */
enum store_status store_list_rows(struct store *store,
    const struct store_subject *subject, const struct store_row *after,
    size_t max, struct arena *arena, struct store_row **rows_out,
    size_t *n_out);

/* ---- the ledger: which report went where --------------------------------- */

/* Held by whoever sends reports, for as long as he has the store open; gone
 * with his process or his connection, however it ends.  STORE_BUSY: another
 * one has it. */
enum store_status store_lock_reports(struct store *store);

enum store_delivery {
	STORE_DELIVERY_NONE = 0,	/* not tried yet */
	STORE_DELIVERY_HANDED,	/* was being handed over: may have gone out */
	STORE_DELIVERY_SENT,
	STORE_DELIVERY_DEFERRED,	/* not taken for now: try again */
	STORE_DELIVERY_DROPPED,	/* refused for good, or not to be sent */
};

/* One message: the report REPORT_ID to one destination. */
struct store_delivery_key {
	uint32_t day;			/* of what is reported */
	struct slice policy_domain;
	struct slice report_id;
	struct slice destination;	/* address, normalized */
};

enum store_status store_get_delivery(struct store *store,
    const struct store_delivery_key *key, enum store_delivery *delivery_out);
/* Durable when it returns, unless the destination is empty. */
enum store_status store_set_delivery(struct store *store,
    const struct store_delivery_key *key, enum store_delivery delivery,
    int64_t now_s, struct slice note);
/* HANDED where it was NONE or DEFERRED, durably; else it is left as it is.  A
 * connection that was lost in between, and with it the lock, may have let
 * another one send: what *BEFORE_OUT tells decides, not what was read
 * before. */
enum store_status store_claim_delivery(struct store *store,
    const struct store_delivery_key *key, int64_t now_s,
    enum store_delivery *before_out);

/* ---- destinations that bounce -------------------------------------------- */

/* DESTINATION refused mail for good at NOW_S: nothing is sent there before
 * *UNTIL_S_OUT.  The time grows with each bounce (a day, then doubled, 64 days
 * at most), and the count is forgotten when 64 days went without one. */
enum store_status store_suppress(struct store *store, struct slice destination,
    int64_t now_s, int64_t *until_s_out);
/* 0: not suppressed now. */
enum store_status store_get_suppression(struct store *store,
    struct slice destination, int64_t now_s, int64_t *until_s_out);
enum store_status store_unsuppress(struct store *store,
    struct slice destination);

/* ---- failure reports that are owed --------------------------------------- */

/* Up to MAX, oldest first, behind AFTER_ID (0: from the first). */
enum store_status store_list_failures(struct store *store, int64_t after_id,
    size_t max, struct arena *arena, struct store_failure **failures_out,
    size_t *n_out);
/* *N_OUT: how many wait, or MAX where there are more. */
enum store_status store_count_failures(struct store *store, size_t max,
    size_t *n_out);
enum store_status store_delete_failure(struct store *store, int64_t id);

/* Failure reports sent to KEY (a destination, a policy domain) since SINCE_S;
 * and one more was. */
enum store_status store_count_failures_sent(struct store *store,
    struct slice key, int64_t since_s, uint64_t *n_out);
enum store_status store_note_failure_sent(struct store *store,
    struct slice key, int64_t now_s);

#endif
