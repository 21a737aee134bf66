/* report/store_claim.h - failure reports, taken by one of those who could send
 * them: see store.h. */
#ifndef ASSAY_REPORT_STORE_CLAIM_H
#define ASSAY_REPORT_STORE_CLAIM_H

#include "report/store.h"

/* Remove those of the N that are still there, in one transaction; each that was
 * is this caller's alone.  *INCIDENTS_OUT: of these together; 0: all are
 * gone. */
enum store_status store_claim_failures(struct store *store,
    const struct store_failure *const *failures, size_t n,
    uint64_t *incidents_out);

/* The newest one's number; 0: there is none. */
enum store_status store_get_last_failure(struct store *store,
    int64_t *id_out);

#endif
