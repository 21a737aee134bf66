/* report/store_bounce.h - what a bounce is looked up by: see store.h. */
#ifndef ASSAY_REPORT_STORE_BOUNCE_H
#define ASSAY_REPORT_STORE_BOUNCE_H

#include "report/store.h"

/* Where the report REPORT_ID went since SINCE_S, at most MAX destinations;
 * those only that it was handed over or sent to.  All lives in ARENA. */
enum store_status store_find_destinations(struct store *store,
    struct slice report_id, int64_t since_s, size_t max, struct arena *arena,
    struct slice **destinations_out, size_t *n_out);

#endif
