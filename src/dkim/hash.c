/* dkim/hash.c - see hash.h.
 *
 * A call into libcrypto costs about as much as hashing some 100 octets: short
 * runs, of which canonical forms have many, are gathered into a block. */
#include "dkim/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define BLOCK_OCTETS 1024

struct dkim_sha256 {
	EVP_MD *md;		/* owned */
};

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

static EVP_MD *
fetch_md(void)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);

	if (md == NULL)
		ERR_clear_error();
	return md;
}

struct dkim_sha256 *
dkim_sha256_create(void)
{
	struct dkim_sha256 *sha256 = malloc(sizeof(*sha256));

	if (sha256 != NULL && (sha256->md = fetch_md()) == NULL)
		dkim_sha256_destroy(&sha256);
	return sha256;
}

void
dkim_sha256_destroy(struct dkim_sha256 **sha256)
{
	if (*sha256 == NULL)
		return;
	EVP_MD_free((*sha256)->md);
	free(*sha256);
	*sha256 = NULL;
}

/* Knows no algorithm yet. */
static struct dkim_hash *
create_empty(struct arena *arena)
{
	struct dkim_hash *hash = arena_alloc(arena, sizeof(*hash));

	if (hash == NULL || (hash->ctx = EVP_MD_CTX_new()) == NULL ||
	    !arena_add_cleanup(arena, free_ctx, hash->ctx))
		return NULL;
	return hash;
}

struct dkim_hash *
dkim_hash_create(struct arena *arena, const struct dkim_sha256 *sha256)
{
	struct dkim_hash *hash = create_empty(arena);
	EVP_MD *md = sha256 != NULL ? sha256->md : fetch_md();

	if (hash != NULL && (md == NULL ||
	    EVP_DigestInit_ex2(hash->ctx, md, NULL) != 1)) {
		ERR_clear_error();
		hash = NULL;
	}
	if (sha256 == NULL)
		EVP_MD_free(md);	/* the context has its own reference */
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
dkim_hash_copy(struct dkim_hash *hash, struct dkim_hash *from)
{
	flush(from);
	hash->has_failed = from->has_failed ||
	    EVP_MD_CTX_copy_ex(hash->ctx, from->ctx) != 1;
	if (hash->has_failed)
		ERR_clear_error();
	return !hash->has_failed;
}

struct dkim_hash *
dkim_hash_clone(struct arena *arena, struct dkim_hash *from)
{
	struct dkim_hash *hash = create_empty(arena);

	return hash != NULL && dkim_hash_copy(hash, from) ? hash : NULL;
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
