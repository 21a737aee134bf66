/* report/batch.h - records on their way from the queue into one transaction:
 * decoded, and like ones folded. */
#ifndef ASSAY_REPORT_BATCH_H
#define ASSAY_REPORT_BATCH_H

#include "report/store.h"

struct report_batch;
struct report_queue;

/* For at most MAX_ITEMS rows, passes and failures.  NULL where memory or
 * randomness is out. */
struct report_batch *report_create_batch(size_t max_items);
void report_destroy_batch(struct report_batch **batch);

/* Take from QUEUE until the batch is full or the queue is empty.  *N_BAD_OUT:
 * what could not be read, and is gone. */
void report_fill_batch(struct report_batch *batch, struct report_queue *queue,
    size_t *n_bad_out);

bool report_is_batch_full(const struct report_batch *batch);

/* Records in it, counted before they were folded. */
size_t report_count_batch(const struct report_batch *batch);

/* Borrowed until the batch is filled or emptied. */
void report_describe_batch(const struct report_batch *batch,
    struct store_batch *batch_out);

/* Without its failures from now on; how many they were. */
size_t report_drop_failures(struct report_batch *batch);

void report_empty_batch(struct report_batch *batch);

#endif
