/* dkim/public_key.h - public keys of RSA and Ed25519, and what they verify
 * (RFC 6376 3.3, 8301, 8463).  For DKIM and ARC alike. */
#ifndef ASSAY_DKIM_PUBLIC_KEY_H
#define ASSAY_DKIM_PUBLIC_KEY_H

#include "base/slice.h"
#include "dkim/result.h"

#define DKIM_MAX_RSA_BITS 16384		/* libcrypto verifies with no longer */
#define DKIM_MAX_EXPONENT_BITS 64	/* as libcrypto has it for long keys */
#define DKIM_ED25519_OCTETS 32		/* of a key (RFC 8463 4) */

enum dkim_key_type {
	DKIM_KEY_RSA,
	DKIM_KEY_ED25519,
};

/* Immutable; any number of threads may verify with it. */
struct dkim_public_key;

/* OCTETS is p= decoded.  *KEY_OUT is NULL where the reason is not NONE; it is
 * KEY_SYNTAX, KEY_TOO_SHORT, KEY_TOO_LONG or INTERNAL.  *BITS_OUT is the size
 * of an RSA key as far as it could be read, else 0.  A size out of bounds is
 * found before libcrypto sees the key. */
enum dkim_reason dkim_public_key_create(enum dkim_key_type type,
    struct slice octets, unsigned min_rsa_bits, unsigned max_rsa_bits,
    struct dkim_public_key **key_out, unsigned *bits_out);
void dkim_public_key_free(struct dkim_public_key *key);

/* What it takes in memory, about; 0 for NULL. */
size_t dkim_public_key_octets(const struct dkim_public_key *key);

/* Whether SIGNATURE is KEY's over DIGEST, of SHA-256.  NONE, SIGNATURE (it is
 * not), or INTERNAL. */
enum dkim_reason dkim_public_key_verify(const struct dkim_public_key *key,
    struct slice digest, struct slice signature);

#endif
