/* dns/shard.c - see shard.h. */
#include "dns/shard.h"

#include <stdlib.h>
#include <string.h>

#include "dns/resolver.h"

/* Octets of room for each bucket: few entries are smaller. */
#define OCTETS_PER_BUCKET 512
#define MIN_BUCKETS 16

/* The lock makes us the only writer. */
static void
add(atomic_size_t *sum, size_t n)
{
	atomic_store_explicit(sum, atomic_load_explicit(sum,
	    memory_order_relaxed) + n, memory_order_relaxed);
}

static void
subtract(atomic_size_t *sum, size_t n)
{
	atomic_store_explicit(sum, atomic_load_explicit(sum,
	    memory_order_relaxed) - n, memory_order_relaxed);
}

bool
shard_init(struct shard *shard, size_t max_octets)
{
	size_t n = MIN_BUCKETS;

	while (n * OCTETS_PER_BUCKET < max_octets)
		n *= 2;
	*shard = (struct shard){ .n_buckets = n, .max_octets = max_octets };
	shard->buckets = calloc(n, sizeof(struct shard_entry *));
	shard->account = dns_account_create();
	if (shard->buckets == NULL || shard->account == NULL ||
	    pthread_mutex_init(&shard->lock, NULL) != 0) {
		free(shard->buckets);
		dns_account_release(shard->account);
		return false;
	}
	add(&shard->counters.octets, n * sizeof(struct shard_entry *));
	return true;
}

void
shard_clear(struct shard *shard)
{
	for (size_t i = 0; i < shard->n_buckets; i++)
		shard_free_dropped(shard->buckets[i]);
	free(shard->buckets);
	dns_account_release(shard->account);
	pthread_mutex_destroy(&shard->lock);
}

void
shard_free_dropped(struct shard_entry *dropped)
{
	while (dropped != NULL) {
		struct shard_entry *entry = dropped;

		dropped = entry->next;
		dns_answer_release(entry->answer);
		free(entry);
	}
}

static struct shard_entry **
bucket_of(const struct shard *shard, uint64_t hash)
{
	return &shard->buckets[hash & (shard->n_buckets - 1)];
}

static bool
is_for(const struct shard_entry *entry, uint64_t hash, struct slice name,
    enum dns_type type)
{
	return entry->hash == hash && entry->type == type && slice_eq(name,
	    (struct slice){ entry->name, entry->name_len });
}

struct shard_entry *
shard_find(const struct shard *shard, uint64_t hash, struct slice name,
    enum dns_type type)
{
	struct shard_entry *entry = *bucket_of(shard, hash);

	while (entry != NULL && !is_for(entry, hash, name, type))
		entry = entry->next;
	return entry;
}

struct shard_entry *
shard_add(struct shard *shard, uint64_t hash, struct slice name,
    enum dns_type type, struct flight *flight)
{
	struct shard_entry **bucket = bucket_of(shard, hash);
	struct shard_entry *entry = malloc(sizeof(*entry) + name.len);

	if (entry == NULL)
		return NULL;
	*entry = (struct shard_entry){ .next = *bucket, .hash = hash,
		.flight = flight, .type = type,
		.name_len = (uint32_t)name.len };
	memcpy(entry->name, name.ptr, name.len);
	*bucket = entry;
	return entry;
}

static void
remove_from_bucket(struct shard *shard, struct shard_entry *entry)
{
	struct shard_entry **at = bucket_of(shard, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
}

/* ---- what is kept -------------------------------------------------------- */

static void
link_newest(struct shard *shard, struct shard_entry *entry)
{
	entry->newer = NULL;
	entry->older = shard->newest;
	if (shard->newest != NULL)
		shard->newest->newer = entry;
	else
		shard->oldest = entry;
	shard->newest = entry;
}

static void
unlink_kept(struct shard *shard, struct shard_entry *entry)
{
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		shard->newest = entry->older;
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		shard->oldest = entry->newer;
	entry->newer = entry->older = NULL;
}

static size_t
count_octets(const struct shard_entry *entry)
{
	return SHARD_ENTRY_OCTETS + entry->name_len +
	    dns_answer_octets(entry->answer);
}

void
shard_forget(struct shard *shard, struct shard_entry *entry,
    struct shard_entry **dropped)
{
	if (entry->answer != NULL) {
		subtract(&shard->counters.octets, count_octets(entry));
		subtract(&shard->counters.n_entries, 1);
		unlink_kept(shard, entry);
	}
	remove_from_bucket(shard, entry);
	entry->next = *dropped;
	*dropped = entry;
}

/* What is attached counts until its answer is freed, which is later: LEAVING
 * is what will be. */
static bool
is_too_full(const struct shard *shard, size_t leaving)
{
	return atomic_load_explicit(&shard->counters.octets,
	    memory_order_relaxed) + dns_account_octets(shard->account) >
	    shard->max_octets + leaving;
}

static void
make_room(struct shard *shard, struct shard_entry **dropped)
{
	size_t leaving = 0;

	while (is_too_full(shard, leaving) && shard->oldest != NULL) {
		leaving += dns_answer_attached_octets(shard->oldest->answer);
		shard_forget(shard, shard->oldest, dropped);
		atomic_fetch_add_explicit(&shard->counters.n_evictions, 1,
		    memory_order_relaxed);
	}
}

void
shard_touch(struct shard *shard, struct shard_entry *entry,
    struct shard_entry **dropped)
{
	if (shard->newest != entry) {
		unlink_kept(shard, entry);
		link_newest(shard, entry);
	}
	make_room(shard, dropped);
}

void
shard_keep(struct shard *shard, struct shard_entry *entry,
    const struct dns_answer *answer, int64_t expires_ms,
    struct shard_entry **dropped)
{
	dns_answer_charge(answer, shard->account);
	entry->flight = NULL;
	entry->answer = answer;
	entry->expires_ms = expires_ms;
	add(&shard->counters.octets, count_octets(entry));
	add(&shard->counters.n_entries, 1);
	link_newest(shard, entry);
	make_room(shard, dropped);
}
