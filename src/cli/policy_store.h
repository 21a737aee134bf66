/* cli/policy_store.h - the policies of MTA-STS in the store, for many threads:
 * one connection, which is made when it is needed.  A store that is away is
 * told of in the log, and mail does not wait for it. */
#ifndef ASSAY_CLI_POLICY_STORE_H
#define ASSAY_CLI_POLICY_STORE_H

#include "report/store_mta_sts.h"

struct log;
struct policy_store;

/* URL and LOG are borrowed; nothing is opened yet.  NULL where memory is
 * out. */
struct policy_store *policy_store_create(const char *url, struct log *log);
void policy_store_destroy(struct policy_store **store);

/* One that has not expired at NOW_S; its text lives in ARENA. */
bool policy_store_get(struct policy_store *store, struct arena *arena,
    struct slice domain, int64_t now_s, struct store_mta_sts *item_out);
/* Those that have expired are forgotten now and then, too. */
void policy_store_put(struct policy_store *store,
    const struct store_mta_sts *item);

/* Up to MAX that have not expired, in the order of their domains, behind AFTER
 * (empty: from the first); how many. */
size_t policy_store_list(struct policy_store *store, struct arena *arena,
    struct slice after, int64_t now_s, size_t max,
    struct store_mta_sts **items_out);

#endif
