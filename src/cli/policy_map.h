/* cli/policy_map.h - what is known of domains, in memory: a table that forgets
 * what was not asked for the longest time when it is full.  One thread's.
 *
 * An entry is fresh for as long as DNS allows, a minute at most: what DNS
 * itself keeps (dns/cache.h) makes it cheap to look again.  A policy that is to
 * be enforced goes out at once though it is not fresh, and is looked at again
 * behind that answer. */
#ifndef ASSAY_CLI_POLICY_MAP_H
#define ASSAY_CLI_POLICY_MAP_H

#include "cli/tls_policy.h"

#define POLICY_MAP_MAX_ENTRIES 20000
#define POLICY_MAP_MAX_OCTETS ((size_t)64 * 1024 * 1024)

struct policy_map;

struct policy_map_entry {
	struct policy_map_entry *next;	/* in its bucket; the map's */
	struct policy_map_entry *newer, *older;	/* by use; the map's */
	char *domain;		/* owned, the next too */
	size_t domain_len;
	char *text;		/* what the policy's slices borrow */
	struct tls_policy policy;
	int64_t fresh_until_ms;	/* monotonic */
	int64_t known_ms;	/* when DNS was asked; 0: never */
	int64_t used_s;		/* the last request */
	bool is_pinned;		/* somebody is at it: it stays */
	void *waiters;		/* the server's */
};

/* NULL where memory or randomness is out. */
struct policy_map *policy_map_create(size_t max_entries, size_t max_octets);
void policy_map_destroy(struct policy_map **map);

/* NULL where it is not there, or, of the second, where memory is out or all
 * entries are pinned.  Either makes it the newest. */
struct policy_map_entry *policy_map_find(struct policy_map *map,
    struct slice domain);
struct policy_map_entry *policy_map_add(struct policy_map *map,
    struct slice domain);

struct slice policy_map_domain(const struct policy_map_entry *entry);

/* What was found out, copied; NOW_MS 0: nobody has asked DNS.  False where
 * memory is out: the entry keeps what it had. */
bool policy_map_set(struct policy_map *map, struct policy_map_entry *entry,
    const struct tls_policy *policy, int64_t now_ms);

enum policy_map_judgement {
	POLICY_MAP_FRESH,	/* answer */
	POLICY_MAP_STALE,	/* answer, and look again behind it */
	POLICY_MAP_UNKNOWN,	/* look before the answer */
};

enum policy_map_judgement policy_map_judge(
    const struct policy_map_entry *entry, bool wants_dane, int64_t now_s,
    int64_t now_ms);

/* Whether its policy should be fetched again, before it ends, for the sake of
 * mail to come. */
bool policy_map_is_due(const struct policy_map_entry *entry, int64_t now_s);

/* The one not used for the longest time; entry->newer is the way on. */
struct policy_map_entry *policy_map_oldest(const struct policy_map *map);

size_t policy_map_count(const struct policy_map *map);
size_t policy_map_octets(const struct policy_map *map);

#endif
