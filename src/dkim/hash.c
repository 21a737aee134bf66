/* dkim/hash.c - see hash.h.
 *
 * A call into libcrypto costs about as much as hashing some 100 octets: short
 * runs, of which canonical forms have many, are gathered into a block. */
#include "dkim/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/arena.h"

#define BLOCK_OCTETS 1024

struct dkim_hash {
	EVP_MD_CTX *ctx;	/* owned: the arena's cleanup frees it */
	size_t n;		/* octets in the block */
	bool has_failed;
	char block[BLOCK_OCTETS];
};

static void
free_ctx(void *object)
{
	EVP_MD_CTX_free(object);
}

/* The algorithm is fetched once per context, which then keeps it. */
static bool
init_ctx(EVP_MD_CTX *ctx)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	bool ok = md != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

	if (!ok)
		ERR_clear_error();
	EVP_MD_free(md);
	return ok;
}

struct dkim_hash *
dkim_hash_create(struct arena *arena)
{
	struct dkim_hash *hash = arena_alloc(arena, sizeof(*hash));

	if (hash == NULL || (hash->ctx = EVP_MD_CTX_new()) == NULL ||
	    !arena_add_cleanup(arena, free_ctx, hash->ctx) ||
	    !init_ctx(hash->ctx))
		return NULL;
	return hash;
}

static void
update(struct dkim_hash *hash, struct slice run)
{
	if (run.len > 0 && EVP_DigestUpdate(hash->ctx, run.ptr, run.len) != 1)
		hash->has_failed = true;
}

static void
flush(struct dkim_hash *hash)
{
	update(hash, (struct slice){ hash->block, hash->n });
	hash->n = 0;
}

void
dkim_hash_write(void *context, struct slice run)
{
	struct dkim_hash *hash = context;

	if (run.len == 0)
		return;
	if (run.len > BLOCK_OCTETS - hash->n)
		flush(hash);
	if (run.len >= BLOCK_OCTETS / 2) {
		flush(hash);
		update(hash, run);
		return;
	}
	memcpy(hash->block + hash->n, run.ptr, run.len);
	hash->n += run.len;
}

bool
dkim_hash_peek(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	bool ok;

	flush(hash);
	ok = copy != NULL && !hash->has_failed &&
	    EVP_MD_CTX_copy_ex(copy, hash->ctx) == 1 &&
	    EVP_DigestFinal_ex(copy, digest_out, NULL) == 1;
	if (!ok)
		ERR_clear_error();
	EVP_MD_CTX_free(copy);
	return ok;
}

bool
dkim_hash_finish(struct dkim_hash *hash,
    unsigned char digest_out[DKIM_HASH_OCTETS])
{
	bool ok;

	flush(hash);
	ok = !hash->has_failed &&
	    EVP_DigestFinal_ex(hash->ctx, digest_out, NULL) == 1;
	/* The same algorithm again: NULL keeps it. */
	hash->has_failed = EVP_DigestInit_ex2(hash->ctx, NULL, NULL) != 1;
	if (!ok || hash->has_failed)
		ERR_clear_error();
	return ok;
}
