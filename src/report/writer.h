/* report/writer.h - the sessions' way into the store: a bounded queue, and one
 * thread that folds what is alike and commits in batches.
 *
 * A session never waits: where the queue is full its fact is dropped and
 * counted.  A batch is at most REPORT_BATCH_MS old and, when what is alike was
 * folded, REPORT_BATCH_ITEMS long when it is committed; a store that is down is
 * tried again with growing pauses while the queue fills.  Each trouble is
 * logged, at most once a minute, and so are its end and what was lost. */
#ifndef ASSAY_REPORT_WRITER_H
#define ASSAY_REPORT_WRITER_H

#include "base/slice.h"

struct log;
struct policy_history;
struct report_failure_gate;
struct report_options;
struct report_writer;
struct siphash_key;
struct strbuf;

#define REPORT_BATCH_MS 1000
#define REPORT_BATCH_ITEMS 1000

/* Octets of the queue: some 20,000 messages. */
#define REPORT_QUEUE_OCTETS ((size_t)8 * 1024 * 1024)

/* Start the thread, with all signals blocked.  The store is opened by it, so
 * that one that is down delays nothing.  OPTIONS and LOG are borrowed.  NULL
 * where memory is out or there can be no thread. */
struct report_writer *report_start_writer(const struct report_options *options,
    struct log *log);

/* Of one record; longer ones are dropped. */
#define REPORT_RECORD_MAX_OCTETS ((size_t)512 * 1024)

enum report_record {
	REPORT_RECORD_FACT = 1,		/* report_encode_fact */
	REPORT_RECORD_PASS,		/* report/history.h */
	REPORT_RECORD_FAILURE,		/* report/failure.h */
};

/* Copies.  TIME_S is the message's.  From any thread; never blocks on more than
 * the copy of another one.  False: dropped (and counted). */
bool report_write(struct report_writer *writer, enum report_record record,
    int64_t time_s, struct slice octets);

/* What policy/ may ask: read from the store at start and every some minutes by
 * the thread, answered from memory.  Borrowed; lives as long as the writer. */
const struct policy_history *report_get_history(
    const struct report_writer *writer);

/* For struct report_failure_request: the key once it was read from the store,
 * NULL before that and where there are to be no failure reports. */
const struct siphash_key *report_get_secret(
    const struct report_writer *writer);
struct report_failure_gate *report_get_failure_gate(
    struct report_writer *writer);

struct report_writer_counts {
	uint64_t written, dropped;	/* records */
	uint64_t queued_octets;
	bool is_store_down;
};
void report_get_writer_counts(const struct report_writer *writer,
    struct report_writer_counts *counts_out);

/* Commit what is queued, for at most DEADLINE_MS (monotonic), and end the
 * thread; what is written from now on is dropped.  False where the thread is
 * still at it then: what it uses, the log and the options too, must not be
 * freed. */
bool report_stop_writer(struct report_writer *writer, int64_t deadline_ms);

/* Only where it was stopped, and nobody asks it any more.  Sets *WRITER to
 * NULL. */
void report_destroy_writer(struct report_writer **writer);

#endif
