/* report/store_stats.h - sums over what the store remembers, for people.
 *
 * Each call reads all rows of its days: seconds for millions of them. */
#ifndef ASSAY_REPORT_STORE_STATS_H
#define ASSAY_REPORT_STORE_STATS_H

#include "report/store.h"

enum store_dimension {
	STORE_BY_DAY = 0,
	STORE_BY_AUTHOR_DOMAIN,
	STORE_BY_SOURCE,	/* address, as text; in the order of the text */
	STORE_BY_ACTION,	/* what was done */
	STORE_BY_RULE,		/* the one that matched; rows without are left
				 * out */
	STORE_BY_RESULT,	/* of DMARC */
};

/* Messages; one with several authors counts for each. */
struct store_total {
	struct slice key;	/* of the dimension; for days see day */
	uint32_t day;		/* STORE_BY_DAY */
	uint64_t n_messages;
	uint64_t n_passed, n_failed;	/* DMARC */
	uint64_t n_spf_passed, n_dkim_aligned;
	uint64_t n_rejected, n_quarantined, n_deferred;
};

/* Days ascending, sources in the order of their text, all else by messages,
 * most first; days FROM..TO.  Stops where VISIT, which borrows the total for
 * the call, gives false. */
enum store_status store_visit_totals(struct store *store,
    enum store_dimension dimension, uint32_t from, uint32_t to,
    bool (*visit)(void *context, const struct store_total *total),
    void *context);

/* Up to MAX author domains or sources that failed DMARC, by how many messages
 * did, most first; their totals are of all their messages. */
enum store_status store_visit_failing(struct store *store,
    enum store_dimension dimension, uint32_t from, uint32_t to, unsigned max,
    bool (*visit)(void *context, const struct store_total *total),
    void *context);

/* What a rule in shadow would have done. */
struct store_shadow {
	struct slice rule, wanted;
	struct slice author_domain, source, dmarc_result, evidence;
	struct slice action;	/* what was done */
	uint64_t n_messages;
	int64_t first_s, last_s;
};

/* By rule, then by messages, most first. */
enum store_status store_visit_shadows(struct store *store, uint32_t from,
    uint32_t to,
    bool (*visit)(void *context, const struct store_shadow *shadow),
    void *context);

#endif
