/* report/batch.c - see batch.h. */
#include "report/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/siphash.h"
#include "report/failure.h"
#include "report/history.h"
#include "report/queue.h"
#include "report/writer.h"

/* A batch of the longest records is cut short; a thousand of usual length need
 * 6 MB. */
#define ARENA_CEILING ((size_t)16 * 1024 * 1024)
#define ARENA_FULL (ARENA_CEILING / 2)

static_assert(ARENA_FULL > 4 * REPORT_RECORD_MAX_OCTETS,
    "a record may never fit");

/* One that others may be like. */
struct item {
	uint64_t hash;
	struct slice octets;
	unsigned kind;
	size_t index;		/* among the rows, or the passes */
};

struct report_batch {
	struct arena *arena;	/* all texts and facts */
	struct arena *scratch;	/* one record's octets */
	struct siphash_key key;	/* what collides cannot be chosen */
	size_t max_items, n_records;
	/* All of MAX_ITEMS; owned. */
	struct item *items;
	struct store_row *rows;
	struct store_pass *passes;
	struct store_failure *failures;
	size_t n_items, n_rows, n_passes, n_failures;
	size_t *slots;		/* an item's index + 1 each, or 0; owned */
	size_t n_slots;		/* a power of two, twice as many as items */
};

struct report_batch *
report_create_batch(size_t max_items)
{
	struct report_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->max_items = max_items;
	batch->n_slots = 2;
	while (batch->n_slots < 2 * max_items)
		batch->n_slots *= 2;
	batch->arena = arena_create(ARENA_CEILING);
	batch->scratch = arena_create(2 * REPORT_RECORD_MAX_OCTETS);
	batch->items = calloc(max_items, sizeof(*batch->items));
	batch->rows = calloc(max_items, sizeof(*batch->rows));
	batch->passes = calloc(max_items, sizeof(*batch->passes));
	batch->failures = calloc(max_items, sizeof(*batch->failures));
	batch->slots = calloc(batch->n_slots, sizeof(*batch->slots));
	if (batch->arena == NULL || batch->scratch == NULL ||
	    batch->items == NULL ||
	    batch->rows == NULL || batch->passes == NULL ||
	    batch->failures == NULL || batch->slots == NULL ||
	    !siphash_make_key(&batch->key))
		report_destroy_batch(&batch);
	return batch;
}

void
report_destroy_batch(struct report_batch **batch)
{
	struct report_batch *b = *batch;

	if (b == NULL)
		return;
	arena_destroy(&b->arena);
	arena_destroy(&b->scratch);
	free(b->items);
	free(b->rows);
	free(b->passes);
	free(b->failures);
	free(b->slots);
	free(b);
	*batch = NULL;
}

void
report_empty_batch(struct report_batch *batch)
{
	arena_reset(batch->arena);
	batch->n_records = batch->n_items = 0;
	batch->n_rows = batch->n_passes = batch->n_failures = 0;
	memset(batch->slots, 0, batch->n_slots * sizeof(*batch->slots));
}

/* ---- what is alike ------------------------------------------------------- */

/* Where RECORD's like stands, or would. */
static size_t *
find_slot(struct report_batch *batch, const struct report_queued *record,
    uint64_t hash)
{
	size_t i = hash & (batch->n_slots - 1);

	for (; batch->slots[i] != 0; i = (i + 1) & (batch->n_slots - 1)) {
		const struct item *item = &batch->items[batch->slots[i] - 1];

		if (item->hash == hash && item->kind == record->kind &&
		    slice_eq(item->octets, record->octets))
			break;
	}
	return &batch->slots[i];
}

static void
note_item(struct report_batch *batch, size_t *slot,
    const struct report_queued *record, uint64_t hash, size_t index)
{
	batch->items[batch->n_items++] = (struct item){ hash, record->octets,
	    record->kind, index };
	*slot = batch->n_items;
}

/* ---- the kinds of records ------------------------------------------------ */

static bool
digest(struct slice octets, struct store_row *row)
{
	unsigned char whole[EVP_MAX_MD_SIZE];

	if (EVP_Digest(octets.ptr, octets.len, whole, NULL, EVP_sha256(),
	    NULL) != 1) {
		ERR_clear_error();
		return false;
	}
	memcpy(row->digest, whole, sizeof(row->digest));
	return true;
}

static bool
add_row(struct report_batch *batch, const struct report_queued *record,
    size_t *index_out)
{
	struct store_row row = { .count = 1, .first_s = record->time_s,
		.last_s = record->time_s };
	struct report_fact *fact = arena_alloc(batch->arena, sizeof(*fact));

	if (fact == NULL || !report_decode_fact(record->octets, fact) ||
	    !digest(record->octets, &row))
		return false;
	row.fact = fact;
	*index_out = batch->n_rows;
	batch->rows[batch->n_rows++] = row;
	return true;
}

static void
count_row(struct store_row *row, int64_t time_s)
{
	row->count++;
	if (time_s < row->first_s)
		row->first_s = time_s;
	if (time_s > row->last_s)
		row->last_s = time_s;
}

static bool
add_pass(struct report_batch *batch, const struct report_queued *record,
    size_t *index_out)
{
	struct store_pass pass;

	if (!report_decode_pass(record->octets, &pass))
		return false;
	*index_out = batch->n_passes;
	batch->passes[batch->n_passes++] = pass;
	return true;
}

/* One that is new, of a kind of which like ones fold. */
static bool
add_new(struct report_batch *batch, const struct report_queued *record,
    size_t *slot, uint64_t hash)
{
	struct report_queued kept = *record;
	size_t index;

	if (!arena_copy(batch->arena, record->octets, &kept.octets) ||
	    (kept.kind == REPORT_RECORD_FACT ?
	    !add_row(batch, &kept, &index) : !add_pass(batch, &kept, &index)))
		return false;
	note_item(batch, slot, &kept, hash, index);
	return true;
}

static bool
add_folded(struct report_batch *batch, const struct report_queued *record)
{
	uint64_t hash = siphash(&batch->key, record->octets);
	size_t *slot = find_slot(batch, record, hash);
	size_t index;

	if (*slot == 0)
		return add_new(batch, record, slot, hash);
	index = batch->items[*slot - 1].index;
	if (record->kind == REPORT_RECORD_FACT)
		count_row(&batch->rows[index], record->time_s);
	else
		batch->passes[index].count++;
	return true;
}

/* Like incidents are merged when they are sent. */
static bool
add_failure(struct report_batch *batch, const struct report_queued *record)
{
	struct store_failure *failure = &batch->failures[batch->n_failures];
	struct slice kept;

	if (!arena_copy(batch->arena, record->octets, &kept) ||
	    !report_decode_failure(kept, failure))
		return false;
	failure->time_s = record->time_s;
	batch->n_failures++;
	return true;
}

static bool
add(struct report_batch *batch, const struct report_queued *record)
{
	switch ((enum report_record)record->kind) {
	case REPORT_RECORD_FACT:
	case REPORT_RECORD_PASS:
		return add_folded(batch, record);
	case REPORT_RECORD_FAILURE:
		return add_failure(batch, record);
	}
	return false;
}

/* ---- the whole ----------------------------------------------------------- */

bool
report_is_batch_full(const struct report_batch *batch)
{
	return batch->n_items + batch->n_failures >= batch->max_items ||
	    arena_used(batch->arena) >= ARENA_FULL;
}

void
report_fill_batch(struct report_batch *batch, struct report_queue *queue,
    size_t *n_bad_out)
{
	struct report_queued record;

	*n_bad_out = 0;
	while (!report_is_batch_full(batch) &&
	    report_take(queue, batch->scratch, &record)) {
		if (add(batch, &record))
			batch->n_records++;
		else
			++*n_bad_out;
		arena_reset(batch->scratch);
	}
}

size_t
report_drop_failures(struct report_batch *batch)
{
	size_t n = batch->n_failures;

	batch->n_records -= n;
	batch->n_failures = 0;
	return n;
}

size_t
report_count_batch(const struct report_batch *batch)
{
	return batch->n_records;
}

void
report_describe_batch(const struct report_batch *batch,
    struct store_batch *batch_out)
{
	*batch_out = (struct store_batch){ .rows = batch->rows,
		.n_rows = batch->n_rows, .passes = batch->passes,
		.n_passes = batch->n_passes, .failures = batch->failures,
		.n_failures = batch->n_failures };
}
