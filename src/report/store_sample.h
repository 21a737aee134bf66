/* report/store_sample.h - what a host's daemon has counted, some minutes at a
 * time: for its page, which shows the last 24 hours across a restart. */
#ifndef ASSAY_REPORT_STORE_SAMPLE_H
#define ASSAY_REPORT_STORE_SAMPLE_H

#include "report/store.h"

struct store_sample {
	int64_t start_s, end_s;
	struct slice counts;	/* text, of whoever writes and reads it */
};

/* Those of HOST; all hosts' that began before BEFORE_S are forgotten.  One that
 * is there already stays as it is. */
enum store_status store_put_samples(struct store *store, struct slice host,
    const struct store_sample *samples, size_t n, int64_t before_s);

/* Those of HOST that began at SINCE_S or later, oldest first; stops where
 * VISIT, which borrows the sample for the call, gives false. */
enum store_status store_visit_samples(struct store *store, struct slice host,
    int64_t since_s,
    bool (*visit)(void *context, const struct store_sample *sample),
    void *context);

#endif
