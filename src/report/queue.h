/* report/queue.h - records on their way from the sessions to the writer.
 *
 * A ring of octets.  Any thread puts, one takes.  Who puts holds the lock for
 * one copy and makes no system call, but where the taker waits for what he
 * brings: it sleeps before an empty queue and until a batch is full. */
#ifndef ASSAY_REPORT_QUEUE_H
#define ASSAY_REPORT_QUEUE_H

#include "base/slice.h"

struct arena;
struct report_queue;

struct report_queued {
	unsigned kind;
	int64_t time_s;
	struct slice octets;
};

/* CAPACITY octets, which take no memory before they are used.  NULL where
 * memory is out. */
struct report_queue *report_create_queue(size_t capacity);
/* Nobody may be at it any more.  Sets *QUEUE to NULL. */
void report_destroy_queue(struct report_queue **queue);

/* False where it is full or closed; nothing of it is kept then. */
bool report_put(struct report_queue *queue,
    const struct report_queued *record);

/* From now on nothing is put any more; wakes the taker, now and whenever it
 * would wait. */
void report_close_queue(struct report_queue *queue);

size_t report_get_queued_octets(struct report_queue *queue);

/* ---- by the one that takes ----------------------------------------------- */

/* Wait until there are N_WANTED records, the queue is closed, or DEADLINE_MS
 * (monotonic).  How many there are. */
size_t report_wait_for_records(struct report_queue *queue, size_t n_wanted,
    int64_t deadline_ms);

bool report_is_queue_closed(struct report_queue *queue);

/* The oldest record, its text copied to ARENA, and gone from the queue.  False,
 * and the record stays, where there is none or ARENA is full. */
bool report_take(struct report_queue *queue, struct arena *arena,
    struct report_queued *record_out);

#endif
