/* dkim/keyring.h - the public keys that one message's signatures name, DKIM's
 * and ARC's alike: each asked for once. */
#ifndef ASSAY_DKIM_KEYRING_H
#define ASSAY_DKIM_KEYRING_H

#include "dkim/public_key.h"

struct arena;
struct resolver;
struct trace;

struct dkim_keyring;

/* What a signature needs of its key. */
struct dkim_key_request {
	struct slice domain, selector;	/* normalized */
	enum dkim_key_type type;
	bool is_subdomain;	/* i= lies beneath d=: not under t=s */
};

struct dkim_found_key {
	const struct dkim_public_key *key;	/* NULL unless NONE */
	unsigned bits;		/* RSA, as far as the record was read */
	bool is_testing;	/* t=y */
};

/* NULL where memory is out. */
struct dkim_keyring *dkim_keyring_create(struct arena *arena,
    struct resolver *resolver, unsigned min_rsa_bits, unsigned max_rsa_bits);

/* Have each key that is looked for told to TRACE. */
void dkim_keyring_set_trace(struct dkim_keyring *ring, struct trace *trace);

/* Ask for the record, without waiting. */
void dkim_keyring_prefetch(struct dkim_keyring *ring, struct slice domain,
    struct slice selector);

/* The key, or why there is none: DNS, INTERNAL, or one of KEY_....  Blocks on
 * DNS until DEADLINE_MS.  The key lives as long as the arena. */
enum dkim_reason dkim_keyring_find(struct dkim_keyring *ring,
    const struct dkim_key_request *request, int64_t deadline_ms,
    struct dkim_found_key *found_out);

#endif
