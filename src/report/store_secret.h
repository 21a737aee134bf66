/* report/store_secret.h - the key that local parts are redacted with
 * (report/redact.h): one for all hosts that share a store, and for its life. */
#ifndef ASSAY_REPORT_STORE_SECRET_H
#define ASSAY_REPORT_STORE_SECRET_H

#include "base/siphash.h"
#include "report/store.h"

/* Made at the first call. */
enum store_status store_get_secret(struct store *store,
    struct siphash_key *key_out);

#endif
