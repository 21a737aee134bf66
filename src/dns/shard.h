/* dns/shard.h - a part of the answer cache: a table of answers under one lock,
 * the least recently used of which are dropped when it is full.  For cache.c
 * alone.
 *
 * An entry is on its way (it has a flight, and stays whatever happens) or kept
 * (it has an answer, and may be dropped).  What a function drops is handed to
 * the caller as a list, to be freed when the lock is open again. */
#ifndef ASSAY_DNS_SHARD_H
#define ASSAY_DNS_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "dns/dns.h"

struct dns_account;
struct flight;

struct shard_entry {
	struct shard_entry *next;	/* in its bucket, or dropped */
	struct shard_entry *newer, *older;	/* kept */
	uint64_t hash;
	struct flight *flight;		/* on its way; else NULL */
	const struct dns_answer *answer;	/* kept: owned; else NULL */
	int64_t expires_ms;
	enum dns_type type;
	uint32_t name_len;
	char name[];
};

/* Written under the lock, read without. */
struct shard_counters {
	atomic_ullong n_hits, n_misses, n_merged, n_prefetches, n_evictions;
	atomic_size_t n_entries;	/* kept */
	atomic_size_t octets;		/* of the kept, and of the table */
};

/* Two of them never share a cache line. */
struct shard {
	_Alignas(64) pthread_mutex_t lock;	/* guards all below */
	struct shard_entry **buckets;
	size_t n_buckets;		/* a power of 2 */
	struct shard_entry *newest, *oldest;
	size_t max_octets;
	struct dns_account *account;	/* of what is attached to answers */
	struct shard_counters counters;
};

/* What counts for an answer beside itself, malloc's own part included. */
#define SHARD_ENTRY_OCTETS (sizeof(struct shard_entry) + 32)

/* A larger answer is not kept: a few names would take the room of all. */
#define SHARD_MAX_ANSWER_OCTETS ((size_t)16 * 1024)

/* At most MAX_OCTETS will be kept, the table and what is attached included.
 * False where memory is out: nothing is left then. */
bool shard_init(struct shard *shard, size_t max_octets);

/* Frees all that is kept; nothing may be on its way. */
void shard_clear(struct shard *shard);

/* NULL where there is none; it may have expired. */
struct shard_entry *shard_find(const struct shard *shard, uint64_t hash,
    struct slice name, enum dns_type type);

/* A new one, on its way.  NULL where memory is out. */
struct shard_entry *shard_add(struct shard *shard, uint64_t hash,
    struct slice name, enum dns_type type, struct flight *flight);

/* A kept one was useful.  Also drops what no longer fits, since answers grow
 * by what is attached to them. */
void shard_touch(struct shard *shard, struct shard_entry *entry,
    struct shard_entry **dropped);

/* The answer has come, of no more than SHARD_MAX_ANSWER_OCTETS; its reference
 * is taken, nobody else has it yet. */
void shard_keep(struct shard *shard, struct shard_entry *entry,
    const struct dns_answer *answer, int64_t expires_ms,
    struct shard_entry **dropped);

/* It has expired, or what has come is not to be kept. */
void shard_forget(struct shard *shard, struct shard_entry *entry,
    struct shard_entry **dropped);

void shard_free_dropped(struct shard_entry *dropped);

#endif
