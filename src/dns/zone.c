/* dns/zone.c - see zone.h.
 *
 * A hash table of names in wire form.  Every name above one with records is
 * there as well, an "empty non-terminal", so that what exists is one look-up.
 * All of it lies in an arena and is only read once queries come: any number of
 * threads may ask. */
#include "dns/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "dns/name.h"
#include "dns/resolver.h"
#include "dns/zonefile.h"

#define ZONE_MEMORY_MAX ((size_t)512 * 1024 * 1024)
#define ZONE_FILE_MAX ((size_t)64 * 1024 * 1024)
#define NEGATIVE_TTL_S 60	/* of answers for which no SOA speaks */
#define FIRST_BUCKETS 64	/* a power of 2, as all its doubles */
#define FIRST_RECORDS 2

/* As libunbound; a chain that is longer is a loop or of no use. */
#define CNAME_HOPS_MAX 11

struct rrset {
	struct rrset *next;
	enum dns_type type;
	uint32_t ttl_s;		/* the least of its records' (RFC 2181 5.2) */
	struct dns_record *records;
	size_t n_records, capacity;
};

struct node {
	struct node *next;	/* in its bucket */
	struct slice name;	/* wire form */
	struct rrset *rrsets;
	enum zone_fault fault;
};

struct zone {
	struct resolver resolver;
	struct arena *arena;	/* owned; holds all that follows */
	struct node **buckets;
	size_t n_buckets, n_nodes;
};

/* FNV-1a; whoever writes the zone file may have all the collisions he likes. */
static size_t
hash_name(struct slice name)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

static struct node **
bucket_of(const struct zone *zone, struct slice name)
{
	return &zone->buckets[hash_name(name) & (zone->n_buckets - 1)];
}

static const struct node *
find_node(const struct zone *zone, struct slice name)
{
	const struct node *node = *bucket_of(zone, name);

	while (node != NULL && !slice_eq(node->name, name))
		node = node->next;
	return node;
}

static bool
double_buckets(struct zone *zone)
{
	struct node **old = zone->buckets;
	size_t n_old = zone->n_buckets;
	struct node **buckets = arena_alloc_array(zone->arena, n_old * 2,
	    sizeof(struct node *));

	if (buckets == NULL)
		return false;
	zone->buckets = buckets;
	zone->n_buckets = n_old * 2;
	for (size_t i = 0; i < n_old; i++)
		while (old[i] != NULL) {
			struct node *node = old[i];
			struct node **bucket = bucket_of(zone, node->name);

			old[i] = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	return true;
}

/* The node NAME, made where there is none; NULL where memory is out. */
static struct node *
get_node(struct zone *zone, struct slice name, bool *is_new)
{
	struct node **bucket = bucket_of(zone, name);
	struct node *node = *bucket;

	*is_new = false;
	while (node != NULL && !slice_eq(node->name, name))
		node = node->next;
	if (node != NULL)
		return node;
	if (zone->n_nodes >= zone->n_buckets) {
		if (!double_buckets(zone))
			return NULL;
		bucket = bucket_of(zone, name);
	}
	if ((node = arena_alloc(zone->arena, sizeof(*node))) == NULL ||
	    !arena_copy(zone->arena, name, &node->name))
		return NULL;
	node->next = *bucket;
	*bucket = node;
	zone->n_nodes++;
	*is_new = true;
	return node;
}

/* The same, and all names above it. */
static struct node *
add_name(struct zone *zone, const struct dns_name *name)
{
	struct slice at = dns_name_slice(name);
	bool is_new;
	struct node *node = get_node(zone, at, &is_new), *above = node;

	while (above != NULL && is_new && at.len > 1) {
		at = dns_name_parent(at);
		above = get_node(zone, at, &is_new);
	}
	return above != NULL ? node : NULL;
}

static struct rrset *
find_rrset(const struct node *node, enum dns_type type)
{
	struct rrset *set = node->rrsets;

	while (set != NULL && set->type != type)
		set = set->next;
	return set;
}

static bool
record_eq(const struct dns_record *a, const struct dns_record *b)
{
	return a->preference == b->preference && slice_eq(a->text, b->text) &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static bool
has_record(const struct node *node, enum dns_type type,
    const struct dns_record *record)
{
	const struct rrset *set = find_rrset(node, type);

	for (size_t i = 0; set != NULL && i < set->n_records; i++)
		if (record_eq(&set->records[i], record))
			return true;
	return false;
}

static bool
append_record(struct zone *zone, struct rrset *set,
    const struct dns_record *record)
{
	if (set->n_records == set->capacity) {
		size_t capacity = set->capacity != 0 ? set->capacity * 2 :
		    FIRST_RECORDS;
		struct dns_record *records = arena_grow_array(zone->arena,
		    set->records, set->n_records, capacity, sizeof(*records));

		if (records == NULL)
			return false;
		set->records = records;
		set->capacity = capacity;
	}
	set->records[set->n_records] = *record;
	if (!arena_copy(zone->arena, record->text,
	    &set->records[set->n_records].text))
		return false;
	set->n_records++;
	return true;
}

static bool
add_record(struct zone *zone, struct node *node, enum dns_type type,
    const struct dns_record *record, uint32_t ttl_s)
{
	struct rrset *set = find_rrset(node, type);

	if (set == NULL) {
		if ((set = arena_alloc(zone->arena, sizeof(*set))) == NULL)
			return false;
		*set = (struct rrset){ .next = node->rrsets, .type = type,
		    .ttl_s = ttl_s };
		node->rrsets = set;
	}
	if (ttl_s < set->ttl_s)
		set->ttl_s = ttl_s;
	return append_record(zone, set, record);
}

/* ---- asking -------------------------------------------------------------- */

/* The node that answers for NAME: its own, or the wildcard under the closest
 * name above that exists (RFC 4592 3.3.1); NULL where there is none. */
static const struct node *
match_name(const struct zone *zone, const struct dns_name *name)
{
	struct slice at = dns_name_slice(name);
	const struct node *node = find_node(zone, at);
	struct dns_name wildcard;

	if (node != NULL)
		return node;
	while (node == NULL && at.len > 1) {
		at = dns_name_parent(at);
		node = find_node(zone, at);
	}
	if (!dns_name_make_wildcard(at, &wildcard))
		return NULL;
	return find_node(zone, dns_name_slice(&wildcard));
}

static const struct dns_answer *
create_answer(const struct dns_answer *model)
{
	const struct dns_answer *answer = dns_answer_create(model);

	return answer != NULL ? answer : &dns_answer_no_memory;
}

static const struct dns_answer *
answer_fault(enum zone_fault fault)
{
	return fault == ZONE_FAULT_TIMEOUT ?
	    dns_answer_retain(&dns_answer_timeout) :
	    dns_answer_create_dns_failure("SERVFAIL");
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static const struct dns_answer *
answer_negative(enum dns_status status, bool is_alias, uint32_t ttl_s)
{
	return create_answer(&(struct dns_answer){ .status = status,
	    .is_alias = is_alias, .ttl_s = min_u32(ttl_s, NEGATIVE_TTL_S) });
}

static const struct dns_answer *
query_zone(struct resolver *resolver, struct slice text, enum dns_type type,
    int64_t deadline_ms)
{
	const struct zone *zone = (const struct zone *)resolver;
	uint32_t ttl_s = UINT32_MAX;
	struct dns_name name;

	(void)deadline_ms;	/* nothing waits here */
	if (!dns_name_parse(text, &name))
		return answer_negative(DNS_NXDOMAIN, false, ttl_s);
	for (unsigned hops = 0; hops <= CNAME_HOPS_MAX; hops++) {
		const struct node *node = match_name(zone, &name);
		const struct rrset *set;

		if (node == NULL)
			return answer_negative(DNS_NXDOMAIN, hops != 0, ttl_s);
		if ((set = find_rrset(node, type)) != NULL)
			return create_answer(&(struct dns_answer){
			    .status = DNS_NOERROR,
			    .ttl_s = min_u32(ttl_s, set->ttl_s),
			    .is_alias = hops != 0 || type == DNS_CNAME,
			    .records = set->records,
			    .n_records = set->n_records });
		if (node->fault != ZONE_FAULT_NONE)
			return answer_fault(node->fault);
		if ((set = find_rrset(node, DNS_CNAME)) == NULL)
			return answer_negative(DNS_NODATA, hops != 0, ttl_s);
		ttl_s = min_u32(ttl_s, set->ttl_s);
		if (!dns_name_parse_escaped(set->records[0].text, NULL, &name))
			break;
	}
	return dns_answer_create_dns_failure("CNAME loop");
}

/* All answers are at hand already. */
static void
prefetch_zone(struct resolver *resolver, struct slice name, enum dns_type type)
{
	(void)resolver;
	(void)name;
	(void)type;
}

static void
start_zone(struct resolver *resolver, struct slice name, enum dns_type type,
    bool is_prefetch,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context)
{
	(void)is_prefetch;
	done(context, query_zone(resolver, name, type, CLOCK_NEVER_MS));
}

static void
destroy_zone(struct resolver *resolver)
{
	struct zone *zone = (struct zone *)resolver;

	arena_destroy(&zone->arena);
	free(zone);
}

static const struct resolver_ops zone_ops = {
	.query = query_zone,
	.prefetch = prefetch_zone,
	.start = start_zone,
	.destroy = destroy_zone,
};

/* ---- filling ------------------------------------------------------------- */

struct resolver *
zone_create(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	if (zone == NULL)
		return NULL;
	zone->resolver.ops = &zone_ops;
	zone->n_buckets = FIRST_BUCKETS;
	if ((zone->arena = arena_create(ZONE_MEMORY_MAX)) == NULL ||
	    (zone->buckets = arena_alloc_array(zone->arena, FIRST_BUCKETS,
	    sizeof(struct node *))) == NULL) {
		destroy_zone(&zone->resolver);
		return NULL;
	}
	return &zone->resolver;
}

bool
zone_add_record(struct resolver *resolver, struct slice text,
    enum dns_type type, const struct dns_record *record, uint32_t ttl_s)
{
	struct zone *zone = (struct zone *)resolver;
	struct dns_name name;
	struct node *node;

	return dns_name_parse(text, &name) &&
	    (node = add_name(zone, &name)) != NULL &&
	    add_record(zone, node, type, record, ttl_s);
}

bool
zone_add_fault(struct resolver *resolver, struct slice text,
    enum zone_fault fault)
{
	struct zone *zone = (struct zone *)resolver;
	struct dns_name name;
	struct node *node;

	if (!dns_name_parse(text, &name) ||
	    (node = add_name(zone, &name)) == NULL)
		return false;
	node->fault = fault;
	return true;
}

/* As a server would: a record that is there already is not there twice (RFC
 * 2181 5). */
static bool
add_entry(struct zone *zone, const struct zonefile_entry *entry)
{
	struct node *node = add_name(zone, &entry->owner);

	if (node == NULL)
		return false;
	return entry->is_skipped ||
	    has_record(node, entry->type, &entry->record) ||
	    add_record(zone, node, entry->type, &entry->record, entry->ttl_s);
}

static bool
load_text(struct zone *zone, struct slice text, const char *path,
    struct strbuf *problem)
{
	struct zonefile *file = zonefile_open(text);
	enum zonefile_step step = ZONEFILE_MALFORMED;
	struct zonefile_entry entry;
	const char *what = NULL;

	if (file == NULL) {
		strbuf_printf(problem, "%s: no memory", path);
		return false;
	}
	while (what == NULL &&
	    (step = zonefile_next(file, &entry)) == ZONEFILE_ENTRY)
		if (!add_entry(zone, &entry))
			what = "no memory";
	if (step == ZONEFILE_MALFORMED)
		what = zonefile_problem(file);
	if (what != NULL)
		strbuf_printf(problem, "%s:%u: %s", path, zonefile_line(file),
		    what);
	zonefile_close(&file);
	return what == NULL;
}

/* All of FILE, malloc's; NULL and errno where that does not work out. */
static char *
read_all(FILE *file, size_t *len_out)
{
	size_t capacity = 65536, len = 0, n;
	char *text = malloc(capacity), *more;

	while (text != NULL &&
	    (n = fread(text + len, 1, capacity - len, file)) != 0) {
		len += n;
		if (len < capacity)
			continue;
		capacity *= 2;
		more = capacity <= ZONE_FILE_MAX ? realloc(text, capacity) :
		    NULL;
		if (more == NULL) {
			free(text);
			errno = capacity <= ZONE_FILE_MAX ? ENOMEM : EFBIG;
			return NULL;
		}
		text = more;
	}
	if (text != NULL && ferror(file)) {
		free(text);
		return NULL;
	}
	*len_out = len;
	return text;
}

bool
zone_load_file(struct resolver *resolver, const char *path,
    struct strbuf *problem)
{
	FILE *file = fopen(path, "re");
	struct slice text = SLICE_EMPTY;
	char *mem = NULL;
	bool is_loaded = false;

	if (file == NULL || (mem = read_all(file, &text.len)) == NULL) {
		strbuf_printf(problem, "%s: %s", path, strerror(errno));
	} else {
		text.ptr = mem;
		is_loaded = load_text((struct zone *)resolver, text, path,
		    problem);
	}
	free(mem);
	if (file != NULL)
		fclose(file);	/* only read: nothing can be lost */
	return is_loaded;
}
