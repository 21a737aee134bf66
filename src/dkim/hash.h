/* dkim/hash.h - SHA-256 of text that comes in pieces. */
#ifndef ASSAY_DKIM_HASH_H
#define ASSAY_DKIM_HASH_H

#include "base/slice.h"

struct arena;

#define DKIM_HASH_OCTETS 32	/* SHA-256, the only hash that passes (8301) */

/* SHA-256 as libcrypto has it, looked up once for all threads: immutable.  NULL
 * where libcrypto or memory failed; the second sets *SHA256 to NULL. */
struct dkim_sha256;
struct dkim_sha256 *dkim_sha256_create(void);
void dkim_sha256_destroy(struct dkim_sha256 **sha256);

/* Lives in the arena that made it; libcrypto's part goes with it. */
struct dkim_hash;

/* Ready to be written to.  SHA256 may be NULL: it is looked up then, which
 * takes longer than to hash a header.  NULL where libcrypto or memory
 * failed. */
struct dkim_hash *dkim_hash_create(struct arena *arena,
    const struct dkim_sha256 *sha256);

/* Append RUN.  CONTEXT is the struct dkim_hash: fits canon_sink.  A failure is
 * remembered until the end. */
void dkim_hash_write(void *context, struct slice run);

/* Have HASH, to which nothing was written, go on from where FROM is; the second
 * has a new one do so, and gives NULL where it fails. */
bool dkim_hash_copy(struct dkim_hash *hash, struct dkim_hash *from);
struct dkim_hash *dkim_hash_clone(struct arena *arena,
    struct dkim_hash *from);

/* The digest of all that was written so far; more may follow.  False where
 * libcrypto failed. */
bool dkim_hash_peek(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS]);

/* The digest of all that was written; the hash is then ready for another text.
 * False where libcrypto failed. */
bool dkim_hash_finish(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS]);

#endif
