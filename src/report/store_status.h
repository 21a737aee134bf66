/* report/store_status.h - the store's ledger and suppressions, for people to
 * look at. */
#ifndef ASSAY_REPORT_STORE_STATUS_H
#define ASSAY_REPORT_STORE_STATUS_H

#include "report/store.h"

/* Messages of one day by what became of them; the first is of no use here. */
#define STORE_N_DELIVERIES 5
struct store_day_count {
	uint32_t day;
	uint64_t deliveries[STORE_N_DELIVERIES];
};

/* The days that the ledger knows, ascending. */
enum store_status store_count_deliveries(struct store *store,
    struct arena *arena, struct store_day_count **counts_out, size_t *n_out);

struct store_suppression {
	struct slice destination;
	uint64_t n_bounces;
	int64_t last_s, until_s;
};

/* Up to MAX of those that are suppressed at NOW_S, in the order of their
 * destinations, behind AFTER (empty: from the first). */
enum store_status store_list_suppressions(struct store *store, int64_t now_s,
    struct slice after, size_t max, struct arena *arena,
    struct store_suppression **suppressions_out, size_t *n_out);

#endif
