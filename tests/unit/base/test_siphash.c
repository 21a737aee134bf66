/* SipHash-2-4, against its paper and against libcrypto's. */
#include "base/siphash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "unit/test.h"

static const struct siphash_key sample_key = {
	0x0706050403020100, 0x0f0e0d0c0b0a0908,
};

/* Appendix A: the octets 0 to 14 under the key 0 to 15. */
static void
test_paper(void **state)
{
	char octets[15];
	struct slice input;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)i;
	input = test_exact_copy((struct slice){ octets, sizeof(octets) });
	assert_true(siphash(&sample_key, input) == 0xa129ca6149be45e5);
	test_free_copy(input);
}

static uint64_t
hash_by_libcrypto(EVP_MAC_CTX *ctx, struct slice input)
{
	unsigned char key[16], out[8];
	size_t len;
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	assert_int_equal(EVP_MAC_init(ctx, key, sizeof(key), NULL), 1);
	assert_int_equal(EVP_MAC_update(ctx, (const unsigned char *)input.ptr,
	    input.len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &len, sizeof(out)), 1);
	assert_int_equal(len, sizeof(out));
	for (size_t i = 0; i < sizeof(out); i++)
		hash |= (uint64_t)out[i] << 8 * i;
	return hash;
}

static void
test_libcrypto(void **state)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t size = 8;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	char octets[300];

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(EVP_MAC_CTX_set_params(ctx, params), 1);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 151 + 7);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		struct slice input = test_exact_copy((struct slice){ octets,
		    len });

		if (siphash(&sample_key, input) !=
		    hash_by_libcrypto(ctx, input))
			fail_msg("another hash of %zu octets", len);
		test_free_copy(input);
	}
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static unsigned
bucket_of(const struct siphash_key *key, unsigned n)
{
	return siphash(key, (struct slice){ (const char *)&n, sizeof(n) }) %
	    1024;
}

/* What collides under one key does not under another. */
static void
test_flood(void **state)
{
	struct siphash_key key, other;
	unsigned n_chosen = 0, n_same = 0;

	(void)state;
	assert_true(siphash_make_key(&key));
	assert_true(siphash_make_key(&other));
	assert_memory_not_equal(&key, &other, sizeof(key));
	for (unsigned i = 0; n_chosen < 200; i++) {
		if (bucket_of(&key, i) != 0)
			continue;
		n_chosen++;
		if (bucket_of(&other, i) == 0)
			n_same++;
	}
	assert_true(n_same < 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paper),
		cmocka_unit_test(test_libcrypto),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
