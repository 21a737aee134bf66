/* report/store_mta_sts.h - policies of MTA-STS (RFC 8461) that were fetched:
 * one that is to be enforced must outlive a restart. */
#ifndef ASSAY_REPORT_STORE_MTA_STS_H
#define ASSAY_REPORT_STORE_MTA_STS_H

#include "report/store.h"

struct store_mta_sts {
	struct slice domain;	/* normalized */
	struct slice id;	/* of the TXT record it was fetched for */
	struct slice body;	/* the policy as it came */
	int64_t fetched_s, expires_s;
};

/* In place of the domain's older one; durable when it returns. */
enum store_status store_put_mta_sts(struct store *store,
    const struct store_mta_sts *policy);

/* The domain's, if it has not expired at NOW_S.  Lives in ARENA. */
enum store_status store_get_mta_sts(struct store *store, struct slice domain,
    int64_t now_s, struct arena *arena, struct store_mta_sts *policy_out,
    bool *is_there_out);

/* Up to MAX that have not expired, in the order of their domains, behind AFTER
 * (empty: from the first). */
enum store_status store_list_mta_sts(struct store *store, struct slice after,
    int64_t now_s, size_t max, struct arena *arena,
    struct store_mta_sts **policies_out, size_t *n_out);

enum store_status store_prune_mta_sts(struct store *store, int64_t now_s);

#endif
