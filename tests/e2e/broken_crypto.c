/* broken_crypto: a preloaded library below which libcrypto works as the file
 * BROKEN_CRYPTO says, read at each call: "no", nothing verifies; "yes",
 * everything does; "no-ed25519", there is no such algorithm; without the file,
 * as it should. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
is_said(const char *word)
{
	const char *path = getenv("BROKEN_CRYPTO");
	char text[32] = "";
	int fd;

	if (path == NULL)
		abort();	/* nothing would be tested */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		abort();
	close(fd);
	return strcmp(text, word) == 0;
}

static void *
find(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

int
EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t siglen,
    const unsigned char *tbs, size_t tbslen)
{
	int (*real)(EVP_PKEY_CTX *, const unsigned char *, size_t,
	    const unsigned char *, size_t) = find("EVP_PKEY_verify");

	if (is_said("no"))
		return 0;
	return is_said("yes") ? 1 : real(ctx, sig, siglen, tbs, tbslen);
}

int
EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t siglen,
    const unsigned char *tbs, size_t tbslen)
{
	int (*real)(EVP_MD_CTX *, const unsigned char *, size_t,
	    const unsigned char *, size_t) = find("EVP_DigestVerify");

	if (is_said("no"))
		return 0;
	return is_said("yes") ? 1 : real(ctx, sig, siglen, tbs, tbslen);
}

EVP_PKEY *
EVP_PKEY_new_raw_public_key_ex(OSSL_LIB_CTX *libctx, const char *keytype,
    const char *propq, const unsigned char *key, size_t keylen)
{
	EVP_PKEY *(*real)(OSSL_LIB_CTX *, const char *, const char *,
	    const unsigned char *, size_t) =
	    find("EVP_PKEY_new_raw_public_key_ex");

	return is_said("no-ed25519") ? NULL :
	    real(libctx, keytype, propq, key, keylen);
}
