/* report/writer.c - see writer.h.
 *
 * The thread opens the store, then goes round: wait for a batch, commit it.  A
 * batch that the store does not take stays until it does, and the queue fills
 * behind it. */
#include "report/writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "report/batch.h"
#include "report/failure.h"
#include "report/history.h"
#include "report/options.h"
#include "report/queue.h"
#include "report/store.h"
#include "report/store_secret.h"

#define FIRST_PAUSE_MS 1000	/* after a failure; each is twice the last */
#define MAX_PAUSE_MS 60000
#define END_PAUSE_MS 100	/* the same while the end is waited for */
#define END_MARGIN_MS 250	/* of a deadline: what follows the last try */
#define HISTORY_MS (10 * 60 * 1000)	/* between two readings */
#define HISTORY_RETRY_MS 60000
/* A batch that the database itself refuses so often is not taken later. */
#define MAX_REFUSALS 3
#define WAKE_RECORDS 1000	/* are folded into the batch at once */
#define PROBLEM_CEILING ((size_t)4096)
#define MAX_PROBLEM ((size_t)500)	/* octets of it in a line of the log */

struct report_writer {
	const struct report_options *options;	/* borrowed */
	struct log *log;		/* borrowed */
	struct report_queue *queue;
	struct report_history *history;
	atomic_ullong n_written, n_dropped;
	struct report_failure_gate gate;
	struct siphash_key secret;	/* written once, before the next */
	atomic_bool is_secret_known;
	atomic_bool is_store_down;
	atomic_llong end_ms;		/* monotonic: no more tries then */
	pthread_t thread;
	pthread_mutex_t lock;		/* guards is_over */
	pthread_cond_t ended;
	bool is_over;			/* the thread touches nothing more */

	/* The thread's own. */
	struct store *store;		/* NULL: not open */
	struct report_batch *batch;
	int64_t retry_ms;		/* the store is left alone before */
	int64_t pause_ms;
	int64_t history_ms;		/* when it is read next */
	unsigned n_refusals;		/* of this batch */
	uint64_t n_dropped_told;
	struct log_limit trouble, losses, refusals;
	bool is_trouble_told;		/* and not yet that it is over */
};

/* ---- trouble ------------------------------------------------------------- */

/* Nothing will ever be kept: what is put is dropped from now on. */
static void
give_up(struct report_writer *w, const char *problem)
{
	log_write(w->log, LOG_LEVEL_ERROR, "store: %s; nothing is remembered",
	    problem);
	report_close_queue(w->queue);
}

static void
pause_for(struct report_writer *w, enum store_status status,
    const char *problem)
{
	w->pause_ms = w->pause_ms == 0 || status == STORE_BUSY ?
	    FIRST_PAUSE_MS : w->pause_ms * 2;
	if (w->pause_ms > MAX_PAUSE_MS)
		w->pause_ms = MAX_PAUSE_MS;
	w->retry_ms = clock_monotonic_ms() + w->pause_ms;
	if (log_write_limited(w->log, &w->trouble, LOG_LEVEL_WARNING,
	    "store: %s; tried again in %" PRId64 " s", problem,
	    w->pause_ms / 1000))
		w->is_trouble_told = true;
}

static void
note_failure(struct report_writer *w, enum store_status status,
    const char *problem)
{
	atomic_store(&w->is_store_down, true);
	switch (status) {
	case STORE_OK:
		return;
	case STORE_NEWER:
	case STORE_BAD_URL:
	case STORE_NOT_BUILT:
		give_up(w, problem);
		return;
	case STORE_BUSY:
	case STORE_UNAVAILABLE:
	case STORE_FULL:
	case STORE_FAILED:
		pause_for(w, status, problem);
		return;
	}
}

/* As often as it was told that it did not: a store that comes and goes is told
 * of once a minute, and the last line is never the wrong one. */
static void
note_success(struct report_writer *w)
{
	w->retry_ms = w->pause_ms = 0;
	w->n_refusals = 0;
	if (atomic_exchange(&w->is_store_down, false) && w->is_trouble_told) {
		w->is_trouble_told = false;
		log_write(w->log, LOG_LEVEL_INFO, "store: it works again");
	}
}

/* Sessions only count what they lose. */
static void
tell_losses(struct report_writer *w)
{
	uint64_t n = atomic_load(&w->n_dropped);

	if (n == w->n_dropped_told)
		return;
	log_write_limited(w->log, &w->losses, LOG_LEVEL_WARNING, "store: %"
	    PRIu64 " records were dropped, %" PRIu64 " since the start",
	    n - w->n_dropped_told, n);
	w->n_dropped_told = n;
}

/* ---- the store ----------------------------------------------------------- */

/* Until it is known no failure report is made; it never changes. */
static void
read_secret(struct report_writer *w)
{
	struct siphash_key secret;

	if (!w->options->is_failure_enabled ||
	    atomic_load(&w->is_secret_known))
		return;
	if (store_get_secret(w->store, &secret) != STORE_OK) {
		log_write_limited(w->log, &w->trouble, LOG_LEVEL_WARNING,
		    "store: no failure reports for now: %s",
		    store_problem(w->store));
		return;
	}
	w->secret = secret;
	atomic_store(&w->is_secret_known, true);
}

static void
open_store(struct report_writer *w)
{
	struct arena *arena = arena_create(4 * PROBLEM_CEILING);
	enum store_status status = STORE_UNAVAILABLE;
	struct strbuf problem, shown;

	if (arena == NULL) {
		note_failure(w, STORE_UNAVAILABLE, "memory is out");
		return;
	}
	strbuf_init(&problem, arena, PROBLEM_CEILING);
	strbuf_init(&shown, arena, PROBLEM_CEILING);
	status = store_open(w->options->store, &w->store, &problem);
	strbuf_append_escaped(&shown, strbuf_slice(&problem), MAX_PROBLEM);
	if (status == STORE_OK)
		note_success(w);
	else
		note_failure(w, status, shown.len != 0 ?
		    strbuf_cstr(&shown) : "it cannot be opened");
	arena_destroy(&arena);
}

static bool
has_store(struct report_writer *w)
{
	if (w->store == NULL && clock_monotonic_ms() >= w->retry_ms)
		open_store(w);
	return w->store != NULL;
}

/* A first success is told of, later ones are not news. */
static void
read_history(struct report_writer *w)
{
	uint32_t today = (uint32_t)(clock_wall_s() / CLOCK_DAY_S);
	uint32_t since = today > w->options->keep_days ?
	    today - w->options->keep_days : 0;
	bool is_first = w->history_ms == 0, is_whole;
	size_t n;

	if (report_load_history(w->history, w->store, since, &n,
	    &is_whole) != STORE_OK) {
		log_write_limited(w->log, &w->trouble, LOG_LEVEL_WARNING,
		    "store: its history cannot be read: %s",
		    store_problem(w->store));
		w->history_ms = clock_monotonic_ms() + HISTORY_RETRY_MS;
		return;
	}
	if (!is_whole)
		log_write(w->log, LOG_LEVEL_WARNING, "store: only %zu paths "
		    "of its history are known, there are more", n);
	else if (is_first)
		log_write(w->log, LOG_LEVEL_INFO, "store: open, its history "
		    "has %zu paths", n);
	w->history_ms = clock_monotonic_ms() + HISTORY_MS;
}

/* The batch is gone, written or not. */
static void
end_batch(struct report_writer *w, atomic_ullong *counter)
{
	atomic_fetch_add(counter, report_count_batch(w->batch));
	report_empty_batch(w->batch);
	w->n_refusals = 0;
}

static void
refuse_batch(struct report_writer *w)
{
	if (++w->n_refusals < MAX_REFUSALS)
		return;
	log_write_limited(w->log, &w->refusals, LOG_LEVEL_ERROR,
	    "store: %zu records are given up, they were refused %u times",
	    report_count_batch(w->batch), w->n_refusals);
	end_batch(w, &w->n_dropped);
}

/* A store in trouble says so when it is written. */
static void
bound_failures(struct report_writer *w, struct store_batch *batch)
{
	size_t n;

	if (batch->n_failures == 0 || store_count_failures(w->store,
	    FAILURE_MAX_WAITING, &n) != STORE_OK || n < FAILURE_MAX_WAITING)
		return;
	atomic_fetch_add(&w->n_dropped, report_drop_failures(w->batch));
	report_describe_batch(w->batch, batch);
}

static void
commit(struct report_writer *w)
{
	struct store_batch batch;
	enum store_status status;

	report_describe_batch(w->batch, &batch);
	bound_failures(w, &batch);
	status = store_write(w->store, &batch);
	if (status == STORE_OK) {
		end_batch(w, &w->n_written);
		note_success(w);
		return;
	}
	note_failure(w, status, store_problem(w->store));
	if (status == STORE_FAILED)
		refuse_batch(w);
}

static void
fill(struct report_writer *w)
{
	size_t n_bad;

	report_fill_batch(w->batch, w->queue, &n_bad);
	atomic_fetch_add(&w->n_dropped, n_bad);
}

/* ---- the thread ---------------------------------------------------------- */

/* True where there is one to commit. */
static bool
wait_for_batch(struct report_writer *w)
{
	int64_t deadline_ms;

	if (report_count_batch(w->batch) != 0)
		return true;
	if (report_wait_for_records(w->queue, 1, w->history_ms) == 0)
		return false;
	deadline_ms = clock_monotonic_ms() + REPORT_BATCH_MS;
	do {
		report_wait_for_records(w->queue, WAKE_RECORDS, deadline_ms);
		fill(w);
	} while (!report_is_batch_full(w->batch) &&
	    clock_monotonic_ms() < deadline_ms &&
	    !report_is_queue_closed(w->queue));
	return report_count_batch(w->batch) != 0;
}

static void
work(struct report_writer *w)
{
	while (!report_is_queue_closed(w->queue)) {
		tell_losses(w);
		if (clock_monotonic_ms() < w->retry_ms) {
			report_wait_for_records(w->queue, SIZE_MAX,
			    w->retry_ms);
			continue;
		}
		if (!has_store(w))
			continue;
		read_secret(w);
		if (clock_monotonic_ms() >= w->history_ms)
			read_history(w);
		if (wait_for_batch(w))
			commit(w);
	}
}

static void
sleep_ms(int64_t ms)
{
	const struct timespec pause = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000 * 1000000) };

	nanosleep(&pause, NULL);	/* signals are blocked here */
}

/* What is left, until the deadline. */
static void
flush(struct report_writer *w)
{
	w->retry_ms = 0;
	for (;;) {
		if (report_count_batch(w->batch) == 0)
			fill(w);
		if (report_count_batch(w->batch) == 0 ||
		    clock_monotonic_ms() >= atomic_load(&w->end_ms))
			break;
		if (w->retry_ms != 0)
			sleep_ms(END_PAUSE_MS);
		w->retry_ms = 0;
		if (has_store(w))
			commit(w);
	}
	atomic_fetch_add(&w->n_dropped, report_count_batch(w->batch) +
	    report_wait_for_records(w->queue, 0, 0));
	tell_losses(w);
}

static void *
run(void *context)
{
	struct report_writer *w = context;

	work(w);
	flush(w);
	store_close(&w->store);
	pthread_mutex_lock(&w->lock);
	w->is_over = true;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- outside ------------------------------------------------------------- */

static void
destroy_wait(struct report_writer *w)
{
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
}

static void
free_writer(struct report_writer *w)
{
	report_destroy_batch(&w->batch);
	report_destroy_history(&w->history);
	report_destroy_queue(&w->queue);
	free(w);
}

struct report_writer *
report_start_writer(const struct report_options *options, struct log *log)
{
	struct report_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->options = options;
	w->log = log;
	w->queue = report_create_queue(REPORT_QUEUE_OCTETS);
	w->history = report_create_history(REPORT_HISTORY_MAX);
	w->batch = report_create_batch(REPORT_BATCH_ITEMS);
	if (w->queue == NULL || w->history == NULL || w->batch == NULL ||
	    !thread_init_wait(&w->lock, &w->ended)) {
		free_writer(w);
		return NULL;
	}
	if (thread_start_blocked(&w->thread, run, w))
		return w;
	destroy_wait(w);
	free_writer(w);
	return NULL;
}

bool
report_write(struct report_writer *writer, enum report_record record,
    int64_t time_s, struct slice octets)
{
	if (octets.len <= REPORT_RECORD_MAX_OCTETS && report_put(writer->queue,
	    &(struct report_queued){ record, time_s, octets }))
		return true;
	atomic_fetch_add(&writer->n_dropped, 1);
	return false;
}

const struct policy_history *
report_get_history(const struct report_writer *writer)
{
	return report_describe_history(writer->history);
}

const struct siphash_key *
report_get_secret(const struct report_writer *writer)
{
	return atomic_load(&writer->is_secret_known) ? &writer->secret : NULL;
}

struct report_failure_gate *
report_get_failure_gate(struct report_writer *writer)
{
	return &writer->gate;
}

void
report_get_writer_counts(const struct report_writer *writer,
    struct report_writer_counts *counts_out)
{
	*counts_out = (struct report_writer_counts){
		.written = atomic_load(&writer->n_written),
		.dropped = atomic_load(&writer->n_dropped),
		.queued_octets = report_get_queued_octets(writer->queue),
		.is_store_down = atomic_load(&writer->is_store_down),
	};
}

bool
report_stop_writer(struct report_writer *writer, int64_t deadline_ms)
{
	struct timespec until;
	bool is_over;

	atomic_store(&writer->end_ms, deadline_ms - END_MARGIN_MS);
	report_close_queue(writer->queue);
	clock_to_timespec(deadline_ms, &until);
	pthread_mutex_lock(&writer->lock);
	while (!writer->is_over && pthread_cond_timedwait(&writer->ended,
	    &writer->lock, &until) == 0)
		;
	is_over = writer->is_over;
	pthread_mutex_unlock(&writer->lock);
	return is_over;
}

void
report_destroy_writer(struct report_writer **writer)
{
	struct report_writer *w = *writer;

	if (w == NULL)
		return;
	pthread_join(w->thread, NULL);
	destroy_wait(w);
	free_writer(w);
	*writer = NULL;
}
