/* dkim/keyring.c - see keyring.h. */
#include "dkim/keyring.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "dkim/key_set.h"
#include "dkim/trace.h"
#include "dns/dns.h"
#include "mail/domain.h"

/* "SELECTOR._domainkey.DOMAIN"; both parts are normalized names. */
#define MAX_KEY_NAME_OCTETS (2 * DOMAIN_MAX_OCTETS + sizeof("._domainkey."))

/* All records at one name. */
struct ring_name {
	struct slice name;
	const struct dns_answer *answer;
	const struct dkim_key_set *set;
};

struct dkim_keyring {
	struct arena *arena;
	struct resolver *resolver;
	struct trace *trace;
	unsigned min_rsa_bits, max_rsa_bits;
	struct ring_name *names;	/* as many as signatures were tried */
	size_t n_names;
};

struct dkim_keyring *
dkim_keyring_create(struct arena *arena, struct resolver *resolver,
    unsigned min_rsa_bits, unsigned max_rsa_bits)
{
	struct dkim_keyring *ring = arena_alloc(arena, sizeof(*ring));

	if (ring != NULL)
		*ring = (struct dkim_keyring){ .arena = arena,
			.resolver = resolver, .min_rsa_bits = min_rsa_bits,
			.max_rsa_bits = max_rsa_bits };
	return ring;
}

void
dkim_keyring_set_trace(struct dkim_keyring *ring, struct trace *trace)
{
	ring->trace = trace;
}

/* Empty where memory is out. */
static struct slice
key_name(struct arena *arena, struct slice domain, struct slice selector)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, MAX_KEY_NAME_OCTETS);
	strbuf_append(&buf, selector);
	strbuf_append_cstr(&buf, "._domainkey.");
	strbuf_append(&buf, domain);
	return buf.has_failed ? SLICE_EMPTY : strbuf_slice(&buf);
}

void
dkim_keyring_prefetch(struct dkim_keyring *ring, struct slice domain,
    struct slice selector)
{
	struct slice name = key_name(ring->arena, domain, selector);

	if (name.len > 0)
		dns_prefetch(ring->resolver, name, DNS_TXT);
}

/* The records at NAME, asked for once; NULL where memory is out. */
static struct ring_name *
find_name(struct dkim_keyring *ring, struct slice name, int64_t deadline_ms)
{
	struct ring_name *names, *at;

	for (size_t i = 0; i < ring->n_names; i++)
		if (slice_eq(ring->names[i].name, name))
			return &ring->names[i];
	names = arena_grow_array(ring->arena, ring->names, ring->n_names,
	    ring->n_names + 1, sizeof(*names));
	if (names == NULL)
		return NULL;
	ring->names = names;
	at = &names[ring->n_names];
	at->name = name;
	at->answer = dns_query(ring->resolver, ring->arena, name, DNS_TXT,
	    deadline_ms);
	at->set = dkim_get_key_set(ring->arena, at->answer);
	if (at->set == NULL)
		return NULL;
	ring->n_names++;
	return at;
}

/* In the order of RFC 6376 6.1.2, steps 5 to 8. */
static enum dkim_reason
try_key(const struct dkim_keyring *ring,
    const struct dkim_key_request *request, const struct dkim_key *key,
    struct dkim_found_key *found_out)
{
	const struct dkim_key_record *record = &key->record;
	enum dkim_reason reason;

	*found_out = (struct dkim_found_key){
		.is_testing = record->is_testing };
	if (key->parse_reason != DKIM_REASON_NONE)
		return key->parse_reason;
	if (!record->allows_email)
		return DKIM_REASON_KEY_SERVICE;
	if (!record->allows_sha256)
		return DKIM_REASON_KEY_ALGORITHM;
	if (key->is_revoked)
		return DKIM_REASON_KEY_REVOKED;
	if (!record->has_known_type || record->type != request->type)
		return DKIM_REASON_KEY_ALGORITHM;
	if (record->is_strict && request->is_subdomain)
		return DKIM_REASON_KEY_STRICT;
	reason = dkim_key_usability(key, ring->min_rsa_bits,
	    ring->max_rsa_bits);
	found_out->bits = key->bits;
	if (reason == DKIM_REASON_NONE)
		found_out->key = key->public_key;
	return reason;
}

static enum dkim_reason
try_keys(const struct dkim_keyring *ring,
    const struct dkim_key_request *request, const struct dkim_key_set *set,
    struct dkim_found_key *found_out)
{
	enum dkim_reason reason = DKIM_REASON_KEY_MISSING;

	for (size_t i = 0; i < set->n_keys; i++) {
		struct dkim_found_key found;

		reason = try_key(ring, request, &set->keys[i], &found);
		if (reason == DKIM_REASON_NONE ||
		    reason == DKIM_REASON_INTERNAL || set->n_keys == 1) {
			*found_out = found;
			return reason;
		}
	}
	return set->n_keys == 0 ? reason : DKIM_REASON_KEY_AMBIGUOUS;
}

enum dkim_reason
dkim_keyring_find(struct dkim_keyring *ring,
    const struct dkim_key_request *request, int64_t deadline_ms,
    struct dkim_found_key *found_out)
{
	struct slice name = key_name(ring->arena, request->domain,
	    request->selector);
	struct ring_name *at;

	*found_out = (struct dkim_found_key){ .key = NULL };
	if (name.len == 0 ||
	    (at = find_name(ring, name, deadline_ms)) == NULL)
		return DKIM_REASON_INTERNAL;
	dkim_trace_key(ring->trace, name, at->answer);
	switch (at->answer->status) {
	case DNS_NOERROR:
		return try_keys(ring, request, at->set, found_out);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return DKIM_REASON_KEY_MISSING;
	case DNS_TEMPFAIL:
		return DKIM_REASON_DNS;
	}
	return DKIM_REASON_INTERNAL;
}
