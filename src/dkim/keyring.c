/* dkim/keyring.c - see keyring.h. */
#include "dkim/keyring.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "dkim/key_record.h"
#include "dns/dns.h"
#include "mail/domain.h"

/* "SELECTOR._domainkey.DOMAIN"; both parts are normalized names. */
#define MAX_KEY_NAME_OCTETS (2 * DOMAIN_MAX_OCTETS + sizeof("._domainkey."))

/* One TXT record; the key in it is made when a signature first fits it. */
struct ring_key {
	struct slice text;
	bool is_parsed, is_made;
	enum dkim_reason parse_reason, make_reason;
	struct dkim_key_record record;
	struct dkim_found_key found;
};

/* All records at one name. */
struct ring_name {
	struct slice name;
	const struct dns_answer *answer;
	struct ring_key *keys;
	size_t n_keys;
};

struct dkim_keyring {
	struct arena *arena;
	struct resolver *resolver;
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

static bool
take_records(struct dkim_keyring *ring, struct ring_name *at)
{
	size_t n = at->answer->n_records;

	if (n > DKIM_MAX_KEY_RECORDS)
		n = DKIM_MAX_KEY_RECORDS;
	if (at->answer->status != DNS_NOERROR || n == 0)
		return true;
	at->keys = arena_alloc_array(ring->arena, n, sizeof(*at->keys));
	if (at->keys == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		at->keys[i].text = at->answer->records[i].text;
	at->n_keys = n;
	return true;
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
	if (!take_records(ring, at))
		return NULL;
	ring->n_names++;
	return at;
}

/* Where a cache of keys beside the DNS answers would stand: this is all that
 * making one needs. */
static enum dkim_reason
make_key(struct dkim_keyring *ring, struct ring_key *key)
{
	if (!key->is_made) {
		key->is_made = true;
		key->make_reason = dkim_public_key_create(ring->arena,
		    key->record.type, key->record.octets, ring->min_rsa_bits,
		    ring->max_rsa_bits, &key->found.key, &key->found.bits);
	}
	return key->make_reason;
}

static enum dkim_reason
parse_key(struct dkim_keyring *ring, struct ring_key *key)
{
	if (!key->is_parsed) {
		key->is_parsed = true;
		key->parse_reason = dkim_parse_key_record(ring->arena,
		    key->text, &key->record);
		key->found.is_testing = key->record.is_testing;
	}
	return key->parse_reason;
}

/* In the order of RFC 6376 6.1.2, steps 5 to 8. */
static enum dkim_reason
try_key(struct dkim_keyring *ring, const struct dkim_key_request *request,
    struct ring_key *key)
{
	const struct dkim_key_record *record = &key->record;
	enum dkim_reason reason = parse_key(ring, key);

	if (reason != DKIM_REASON_NONE)
		return reason;
	if (!record->allows_email)
		return DKIM_REASON_KEY_SERVICE;
	if (!record->allows_sha256)
		return DKIM_REASON_KEY_ALGORITHM;
	if (record->octets.len == 0)
		return DKIM_REASON_KEY_REVOKED;
	if (!record->has_known_type || record->type != request->type)
		return DKIM_REASON_KEY_ALGORITHM;
	if (record->is_strict && request->is_subdomain)
		return DKIM_REASON_KEY_STRICT;
	return make_key(ring, key);
}

static enum dkim_reason
try_keys(struct dkim_keyring *ring, const struct dkim_key_request *request,
    struct ring_name *at, struct dkim_found_key *found_out)
{
	enum dkim_reason reason = DKIM_REASON_KEY_MISSING;

	for (size_t i = 0; i < at->n_keys; i++) {
		reason = try_key(ring, request, &at->keys[i]);
		if (reason == DKIM_REASON_NONE ||
		    reason == DKIM_REASON_INTERNAL || at->n_keys == 1) {
			*found_out = at->keys[i].found;
			return reason;
		}
	}
	return at->n_keys == 0 ? reason : DKIM_REASON_KEY_AMBIGUOUS;
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
	switch (at->answer->status) {
	case DNS_NOERROR:
		return try_keys(ring, request, at, found_out);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return DKIM_REASON_KEY_MISSING;
	case DNS_TEMPFAIL:
		return DKIM_REASON_DNS;
	}
	return DKIM_REASON_INTERNAL;
}
