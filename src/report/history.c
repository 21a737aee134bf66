/* report/history.c - see history.h.
 *
 * Each pair is a hash under a key that nobody knows, in one sorted array: no
 * texts are kept, and what collides cannot be chosen. */
#include "report/history.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "base/strbuf.h"

#define FIRST_CAPACITY 1024

/* Where there are more pairs than may be remembered it is those of twice as
 * many days, and so on up to this: whoever has domains without number fills
 * some days of it with them, and drives out nobody who is there for longer. */
#define MOST_DAYS (8 * REPORT_HISTORY_MIN_DAYS)

struct pairs {
	uint64_t *hashes;	/* owned; sorted once they are complete */
	size_t n, capacity;
};

struct report_history {
	struct policy_history interface;
	struct siphash_key key;
	size_t max_pairs;
	pthread_mutex_t lock;	/* guards PAIRS, for one search or exchange */
	struct pairs pairs;
};

/* ---- paths --------------------------------------------------------------- */

static size_t
octets_of(enum ip_family family)
{
	switch (family) {
	case IP_NONE:
		break;
	case IP_V4:
		return 4;
	case IP_V6:
		return 16;
	}
	return 0;
}

static unsigned
path_bits(enum ip_family family)
{
	return family == IP_V4 ? REPORT_PATH_BITS_V4 : REPORT_PATH_BITS_V6;
}

bool
report_find_path(const struct ip_address *client, struct ip_network *path_out)
{
	*path_out = (struct ip_network){ .prefix_bits = 0 };
	if (client->family == IP_NONE)
		return false;
	path_out->prefix_bits = path_bits(client->family);
	path_out->address.family = client->family;
	memcpy(path_out->address.octets, client->octets,
	    path_out->prefix_bits / 8);
	return true;
}

/* ---- records ------------------------------------------------------------- */

/*	pass = day family path domain
 *	day  = 4OCTET
 *	path = 3OCTET / 6OCTET		; by family
 */
void
report_encode_pass(const struct store_pass *pass, struct strbuf *out)
{
	const struct ip_address *address = &pass->path.address;

	for (int shift = 24; shift >= 0; shift -= 8)
		strbuf_append_char(out, (char)(pass->day >> shift & 0xff));
	strbuf_append_char(out, (char)address->family);
	strbuf_append(out, (struct slice){ (const char *)address->octets,
	    path_bits(address->family) / 8 });
	strbuf_append(out, pass->author_domain);
	if (address->family == IP_NONE || pass->author_domain.len == 0 ||
	    pass->author_domain.len > REPORT_MAX_DOMAIN)
		out->has_failed = true;
}

bool
report_decode_pass(struct slice octets, struct store_pass *pass_out)
{
	const unsigned char *octet = (const unsigned char *)octets.ptr;
	struct store_pass pass = { .count = 1 };
	size_t path_octets;

	*pass_out = pass;
	if (octets.len < 5 || (octet[4] != IP_V4 && octet[4] != IP_V6))
		return false;
	for (size_t i = 0; i < 4; i++)
		pass.day = pass.day << 8 | octet[i];
	pass.path.address.family = (enum ip_family)octet[4];
	pass.path.prefix_bits = path_bits(pass.path.address.family);
	path_octets = pass.path.prefix_bits / 8;
	octets = slice_from(octets, 5);
	if (octets.len <= path_octets ||
	    octets.len - path_octets > REPORT_MAX_DOMAIN)
		return false;
	memcpy(pass.path.address.octets, octets.ptr, path_octets);
	pass.author_domain = slice_from(octets, path_octets);
	*pass_out = pass;
	return true;
}

/* ---- asking -------------------------------------------------------------- */

static uint64_t
hash_pair(const struct report_history *history, struct slice author_domain,
    const struct ip_network *path)
{
	uint64_t domain = siphash(&history->key, author_domain);
	char pair[sizeof(domain) + 1 + sizeof(path->address.octets)] = { 0 };

	memcpy(pair, &domain, sizeof(domain));
	pair[sizeof(domain)] = (char)path->address.family;
	memcpy(pair + sizeof(domain) + 1, path->address.octets,
	    octets_of(path->address.family));
	return siphash(&history->key, (struct slice){ pair, sizeof(pair) });
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
has_passed(const void *context, struct slice author_domain,
    const struct ip_address *client)
{
	/* The lock is all that changes: it is ours, and no constant. */
	struct report_history *history =
	    (struct report_history *)(uintptr_t)context;
	struct ip_network path;
	uint64_t hash;
	bool is_known;

	if (!report_find_path(client, &path))
		return false;
	hash = hash_pair(history, author_domain, &path);
	pthread_mutex_lock(&history->lock);
	is_known = history->pairs.n != 0 && bsearch(&hash,
	    history->pairs.hashes, history->pairs.n, sizeof(hash),
	    compare) != NULL;
	pthread_mutex_unlock(&history->lock);
	return is_known;
}

const struct policy_history *
report_describe_history(const struct report_history *history)
{
	return &history->interface;
}

/* ---- reading ------------------------------------------------------------- */

struct loading {
	const struct report_history *history;
	struct pairs pairs;
	bool is_full, is_out_of_memory;
};

static bool
grow(struct pairs *pairs, size_t max_pairs)
{
	size_t capacity = pairs->capacity == 0 ? FIRST_CAPACITY :
	    pairs->capacity * 2;
	uint64_t *hashes;

	if (capacity > max_pairs)
		capacity = max_pairs;
	hashes = realloc(pairs->hashes, capacity * sizeof(*hashes));
	if (hashes == NULL)
		return false;
	pairs->hashes = hashes;
	pairs->capacity = capacity;
	return true;
}

static bool
add_pass(void *context, const struct store_pass *pass)
{
	struct loading *loading = context;
	struct pairs *pairs = &loading->pairs;
	size_t max_pairs = loading->history->max_pairs;

	if (pairs->n == max_pairs) {
		loading->is_full = true;
		return false;
	}
	if (pairs->n == pairs->capacity && !grow(pairs, max_pairs)) {
		loading->is_out_of_memory = true;
		return false;
	}
	pairs->hashes[pairs->n++] = hash_pair(loading->history,
	    pass->author_domain, &pass->path);
	return true;
}

enum store_status
report_load_history(struct report_history *history, struct store *store,
    uint32_t since_day, size_t *n_out, bool *is_whole_out)
{
	struct loading loading = { .history = history };
	struct pairs old;
	unsigned min_days = REPORT_HISTORY_MIN_DAYS;
	bool was_full = false;
	enum store_status status = store_visit_passes(store, since_day,
	    min_days, add_pass, &loading);

	while (status == STORE_OK && loading.is_full && min_days < MOST_DAYS) {
		was_full = true;
		loading.is_full = false;
		loading.pairs.n = 0;
		min_days *= 2;
		status = store_visit_passes(store, since_day, min_days,
		    add_pass, &loading);
	}
	*n_out = loading.pairs.n;
	*is_whole_out = !was_full && !loading.is_full &&
	    !loading.is_out_of_memory;
	if (status != STORE_OK) {
		free(loading.pairs.hashes);
		return status;
	}
	if (loading.pairs.n != 0)
		qsort(loading.pairs.hashes, loading.pairs.n,
		    sizeof(*loading.pairs.hashes), compare);
	pthread_mutex_lock(&history->lock);
	old = history->pairs;
	history->pairs = loading.pairs;
	pthread_mutex_unlock(&history->lock);
	free(old.hashes);
	return STORE_OK;
}

struct report_history *
report_create_history(size_t max_pairs)
{
	struct report_history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	history->max_pairs = max_pairs;
	history->interface = (struct policy_history){ .has_passed =
	    has_passed, .context = history };
	if (!siphash_make_key(&history->key) ||
	    pthread_mutex_init(&history->lock, NULL) != 0) {
		free(history);
		return NULL;
	}
	return history;
}

void
report_destroy_history(struct report_history **history)
{
	if (*history == NULL)
		return;
	pthread_mutex_destroy(&(*history)->lock);
	free((*history)->pairs.hashes);
	free(*history);
	*history = NULL;
}
