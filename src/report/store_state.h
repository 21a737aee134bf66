/* report/store_state.h - a store from within: for the files store_*.c. */
#ifndef ASSAY_REPORT_STORE_STATE_H
#define ASSAY_REPORT_STORE_STATE_H

#include "report/sql.h"

#define STORE_SHA256_OCTETS 32

/* Texts that are part of a key are cut to as much: no domain or address is
 * longer, and an index takes no more than 2.7 KB for all of a key. */
#define STORE_KEY_MAX ((size_t)600)

/* Configurations whose number is remembered; one more takes another's place. */
#define STORE_CONFIGURATIONS_MAX 32768

/* What is known of one configuration: rows of days up to last_day may be
 * written without asking again. */
struct store_configuration {
	unsigned char digest[STORE_SHA256_OCTETS];
	int64_t id;		/* 0: the place is free */
	uint32_t last_day;
};

struct store {
	struct sql *sql;	/* owned */
	bool wants_reports;	/* the lock is to be had again after a
				 * reconnection */
	bool has_configurations;	/* any of these; untouched otherwise */
	struct store_configuration configurations[STORE_CONFIGURATIONS_MAX];
};

/* What every call begins with: connect where there is no connection. */
enum store_status store_connect(struct store *store);

/* A transaction; the second ends it as sql_end does, and forgets what it
 * remembers of one that was rolled back. */
enum store_status store_begin(struct store *store, bool is_durable);
enum store_status store_end(struct store *store, enum store_status status);

/* "Out of memory" as a problem. */
enum store_status store_fail_memory(struct store *store);

static inline struct sql_value
store_key(struct slice text)
{
	return sql_text(slice_head(text, STORE_KEY_MAX));
}

/* The number of a configuration's text, which is new where it must be; 0 for
 * no text.  In a transaction that writes rows of DAY. */
enum store_status store_number_configuration(struct store *store,
    struct slice text, uint32_t day, int64_t *id_out);

/* The parts of a batch, in its transaction. */
enum store_status store_write_passes(struct store *store,
    const struct store_batch *batch);
enum store_status store_write_failures(struct store *store,
    const struct store_batch *batch);

/* <0, 0, >0 in the order of the octets. */
int store_compare_text(struct slice a, struct slice b);

#endif
