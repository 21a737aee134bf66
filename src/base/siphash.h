/* base/siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): a hash under a
 * key, for tables whose keys come from outside.  Who does not know the key
 * cannot choose what collides. */
#ifndef ASSAY_BASE_SIPHASH_H
#define ASSAY_BASE_SIPHASH_H

#include "base/slice.h"

struct siphash_key {
	uint64_t k0, k1;
};

/* A key that nobody knows.  False where the system has no randomness. */
bool siphash_make_key(struct siphash_key *key_out);

uint64_t siphash(const struct siphash_key *key, struct slice text);

#endif
