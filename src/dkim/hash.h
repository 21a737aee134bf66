/* dkim/hash.h - SHA-256 of text that comes in pieces. */
#ifndef ASSAY_DKIM_HASH_H
#define ASSAY_DKIM_HASH_H

#include "base/slice.h"

struct arena;

#define DKIM_HASH_OCTETS 32	/* SHA-256, the only hash that passes (8301) */

/* Lives in the arena that made it; libcrypto's part goes with it. */
struct dkim_hash;

/* Ready to be written to.  NULL where libcrypto or memory failed. */
struct dkim_hash *dkim_hash_create(struct arena *arena);

/* Append RUN.  CONTEXT is the struct dkim_hash: fits canon_sink.  A failure is
 * remembered until the end. */
void dkim_hash_write(void *context, struct slice run);

/* The digest of all that was written so far; more may follow.  False where
 * libcrypto failed. */
bool dkim_hash_peek(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS]);

/* The digest of all that was written; the hash is then ready for another text.
 * False where libcrypto failed. */
bool dkim_hash_finish(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS]);

#endif
