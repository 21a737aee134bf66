/* cli/policy_map.c - see policy_map.h. */
#include "cli/policy_map.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/siphash.h"

#define N_BUCKETS 8192		/* a power of two */
#define FRESH_MAX_MS 60000
#define FRESH_MIN_MS 1000	/* a TTL of 0: for those who ask at once */

/* What DANE said goes out for so long after DNS was asked, while it is looked
 * at again: Postfix looks at the records itself. */
#define DANE_STALE_MS 3600000

/* A policy is kept up to date for mail to domains that get some. */
#define USED_S (31 * CLOCK_DAY_S)

struct policy_map {
	struct siphash_key key;
	struct policy_map_entry *buckets[N_BUCKETS];
	struct policy_map_entry *newest, *oldest;
	size_t n, octets;
	size_t max_entries, max_octets;
};

struct policy_map *
policy_map_create(size_t max_entries, size_t max_octets)
{
	struct policy_map *map = calloc(1, sizeof(*map));

	if (map == NULL)
		return NULL;
	map->max_entries = max_entries;
	map->max_octets = max_octets;
	if (!siphash_make_key(&map->key)) {
		free(map);
		return NULL;
	}
	return map;
}

struct slice
policy_map_domain(const struct policy_map_entry *entry)
{
	return (struct slice){ entry->domain, entry->domain_len };
}

static struct policy_map_entry **
bucket_of(struct policy_map *map, struct slice domain)
{
	return &map->buckets[siphash(&map->key, domain) & (N_BUCKETS - 1)];
}

/* ---- the order of use ---------------------------------------------------- */

static void
unlink_entry(struct policy_map *map, struct policy_map_entry *entry)
{
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		map->newest = entry->older;
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		map->oldest = entry->newer;
}

static void
make_newest(struct policy_map *map, struct policy_map_entry *entry)
{
	entry->newer = NULL;
	entry->older = map->newest;
	if (map->newest != NULL)
		map->newest->newer = entry;
	else
		map->oldest = entry;
	map->newest = entry;
}

/* ---- entries ------------------------------------------------------------- */

static size_t
text_octets(const struct tls_policy *policy)
{
	return policy->id.len + policy->match.len;
}

static size_t
entry_octets(const struct policy_map_entry *entry)
{
	return sizeof(*entry) + entry->domain_len +
	    text_octets(&entry->policy);
}

static void
drop(struct policy_map *map, struct policy_map_entry *entry)
{
	struct policy_map_entry **at = bucket_of(map,
	    policy_map_domain(entry));

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	unlink_entry(map, entry);
	map->n--;
	map->octets -= entry_octets(entry);
	free(entry->domain);
	free(entry->text);
	free(entry);
}

/* Until OCTETS more, of one more entry, fit. */
static bool
make_room(struct policy_map *map, size_t n, size_t octets)
{
	struct policy_map_entry *entry = map->oldest, *newer;

	for (; entry != NULL && (map->n + n > map->max_entries ||
	    map->octets + octets > map->max_octets); entry = newer) {
		newer = entry->newer;
		if (!entry->is_pinned)
			drop(map, entry);
	}
	return map->n + n <= map->max_entries &&
	    map->octets + octets <= map->max_octets;
}

void
policy_map_destroy(struct policy_map **map)
{
	if (*map == NULL)
		return;
	while ((*map)->oldest != NULL)
		drop(*map, (*map)->oldest);
	free(*map);
	*map = NULL;
}

struct policy_map_entry *
policy_map_find(struct policy_map *map, struct slice domain)
{
	struct policy_map_entry *entry = *bucket_of(map, domain);

	while (entry != NULL && !slice_eq(policy_map_domain(entry), domain))
		entry = entry->next;
	if (entry != NULL) {
		unlink_entry(map, entry);
		make_newest(map, entry);
	}
	return entry;
}

struct policy_map_entry *
policy_map_add(struct policy_map *map, struct slice domain)
{
	struct policy_map_entry **bucket = bucket_of(map, domain), *entry;

	if (!make_room(map, 1, sizeof(*entry) + domain.len))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || (entry->domain = malloc(domain.len + 1)) ==
	    NULL) {
		free(entry);
		return NULL;
	}
	memcpy(entry->domain, domain.ptr, domain.len);
	entry->domain_len = domain.len;
	entry->next = *bucket;
	*bucket = entry;
	make_newest(map, entry);
	map->n++;
	map->octets += entry_octets(entry);
	return entry;
}

static struct slice
copy_text(char **to, struct slice text)
{
	struct slice copy = { *to, text.len };

	if (text.len != 0)
		memcpy(*to, text.ptr, text.len);
	*to += text.len;
	return copy;
}

bool
policy_map_set(struct policy_map *map, struct policy_map_entry *entry,
    const struct tls_policy *policy, int64_t now_ms)
{
	size_t new_octets = text_octets(policy);
	size_t old_octets = text_octets(&entry->policy);
	bool was_pinned = entry->is_pinned, has_room;
	char *text = malloc(new_octets + 1), *to = text;
	int64_t fresh_ms = (int64_t)policy->ttl_s * 1000;

	if (text == NULL)
		return false;
	entry->is_pinned = true;
	has_room = new_octets <= old_octets ||
	    make_room(map, 0, new_octets - old_octets);
	entry->is_pinned = was_pinned;
	if (!has_room) {
		free(text);
		return false;
	}
	map->octets -= entry_octets(entry);
	entry->policy = *policy;
	entry->policy.id = copy_text(&to, policy->id);
	entry->policy.match = copy_text(&to, policy->match);
	free(entry->text);	/* POLICY may borrow it */
	entry->text = text;
	map->octets += entry_octets(entry);
	if (fresh_ms > FRESH_MAX_MS)
		fresh_ms = FRESH_MAX_MS;
	entry->fresh_until_ms = now_ms + (fresh_ms > FRESH_MIN_MS ?
	    fresh_ms : FRESH_MIN_MS);
	entry->known_ms = now_ms;
	return true;
}

/* ---- what it is worth ---------------------------------------------------- */

enum policy_map_judgement
policy_map_judge(const struct policy_map_entry *entry, bool wants_dane,
    int64_t now_s, int64_t now_ms)
{
	const struct tls_policy *policy = &entry->policy;
	bool is_enforced = tls_policy_enforces(policy, now_s);

	if (entry->known_ms == 0 && wants_dane)
		return POLICY_MAP_UNKNOWN;
	if (entry->known_ms != 0 && now_ms < entry->fresh_until_ms)
		return POLICY_MAP_FRESH;
	if (policy->dane != DANE_COVERS_NONE)
		return now_ms - entry->known_ms < DANE_STALE_MS ?
		    POLICY_MAP_STALE : POLICY_MAP_UNKNOWN;
	return is_enforced ? POLICY_MAP_STALE : POLICY_MAP_UNKNOWN;
}

bool
policy_map_is_due(const struct policy_map_entry *entry, int64_t now_s)
{
	const struct tls_policy *policy = &entry->policy;

	return policy->expires_s > now_s && now_s >= policy->retry_s &&
	    now_s >= tls_policy_refresh_s(policy) &&
	    now_s - entry->used_s < USED_S;
}

struct policy_map_entry *
policy_map_oldest(const struct policy_map *map)
{
	return map->oldest;
}

size_t
policy_map_count(const struct policy_map *map)
{
	return map->n;
}

size_t
policy_map_octets(const struct policy_map *map)
{
	return map->octets;
}
