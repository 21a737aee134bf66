/* Public keys out of DER (RFC 8017 A.1, RFC 5280 4.1), and what they verify. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/strbuf.h"
#include "dkim/public_key.h"
#include "unit/test.h"

#define MIN_BITS 1024
#define MAX_BITS 4096
#define MAX_DER ((size_t)1024 * 1024)

/* DER that is written for the test: tag, length, contents. */
static struct slice
der(struct arena *arena, char tag, struct slice contents)
{
	struct strbuf buf;
	size_t n = contents.len;

	strbuf_init(&buf, arena, MAX_DER);
	strbuf_append_char(&buf, tag);
	if (n < 128) {
		strbuf_append_char(&buf, (char)n);
	} else {
		strbuf_append_char(&buf, '\x83');
		strbuf_append_char(&buf, (char)(n >> 16));
		strbuf_append_char(&buf, (char)(n >> 8));
		strbuf_append_char(&buf, (char)n);
	}
	strbuf_append(&buf, contents);
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

static struct slice
join(struct arena *arena, struct slice a, struct slice b)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, MAX_DER);
	strbuf_append(&buf, a);
	strbuf_append(&buf, b);
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

/* An odd number of BITS bits, as an INTEGER. */
static struct slice
der_number(struct arena *arena, size_t bits)
{
	size_t n = bits / 8 + 1;	/* one bit at least for the sign */
	char *mem = arena_alloc(arena, n);

	assert_non_null(mem);
	mem[n - 1 - (bits - 1) / 8] = (char)(1 << ((bits - 1) % 8));
	mem[n - 1] |= 1;
	return der(arena, 2, (struct slice){ mem, n });
}

static struct slice
rsa_info(struct arena *arena, const char *algorithm, size_t n_algorithm,
    struct slice modulus, struct slice exponent)
{
	struct slice key = der(arena, 0x30, join(arena, modulus, exponent));

	return der(arena, 0x30, join(arena,
	    der(arena, 0x30, (struct slice){ algorithm, n_algorithm }),
	    der(arena, 3, join(arena, (struct slice){ "\0", 1 }, key))));
}

#define RSA_OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define RSA_ALGORITHM RSA_OID "\x05\x00"

static enum dkim_reason
create(struct slice octets, unsigned *bits_out)
{
	struct slice copy = test_exact_copy(octets);
	struct dkim_public_key *key;
	enum dkim_reason reason = dkim_public_key_create(DKIM_KEY_RSA, copy,
	    MIN_BITS, MAX_BITS, &key, bits_out);

	assert_true((key != NULL) == (reason == DKIM_REASON_NONE));
	assert_int_equal(ERR_peek_error(), 0);
	test_free_copy(copy);
	dkim_public_key_free(key);
	return reason;
}

static void
test_sizes(void **state)
{
	static const struct {
		size_t modulus_bits, exponent_bits;
		enum dkim_reason reason;
	} cases[] = {
		{ 1024, 17, DKIM_REASON_NONE },
		{ 1023, 17, DKIM_REASON_KEY_TOO_SHORT },
		{ 1025, 17, DKIM_REASON_NONE },
		{ 1031, 17, DKIM_REASON_NONE },
		{ 4096, 64, DKIM_REASON_NONE },
		{ 4097, 17, DKIM_REASON_KEY_TOO_LONG },
		{ 100000, 17, DKIM_REASON_KEY_TOO_LONG },
		{ 400000, 399999, DKIM_REASON_KEY_TOO_LONG },
		{ 2048, 65, DKIM_REASON_KEY_TOO_LONG },
		{ 512, 511, DKIM_REASON_KEY_TOO_LONG },
		{ 2048, 2, DKIM_REASON_NONE },
		{ 2048, 1, DKIM_REASON_KEY_SYNTAX },
		{ 1, 1, DKIM_REASON_KEY_TOO_SHORT },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		unsigned bits;
		struct slice modulus = der_number(arena,
		    cases[i].modulus_bits);
		enum dkim_reason reason = create(rsa_info(arena,
		    RSA_ALGORITHM, sizeof(RSA_ALGORITHM) - 1, modulus,
		    der_number(arena, cases[i].exponent_bits)), &bits);

		if (reason != cases[i].reason)
			fail_msg("%zu, %zu: %s", cases[i].modulus_bits,
			    cases[i].exponent_bits, dkim_reason_text(reason));
		assert_int_equal(bits, cases[i].modulus_bits);
		arena_destroy(&arena);
	}
}

static void
test_forms(void **state)
{
	struct arena *arena = test_arena();
	struct slice n = der_number(arena, 1024), e = der_number(arena, 17);
	struct slice even = der(arena, 2, SLICE("\x01\x23\x46"));
	struct slice negative = der(arena, 2, SLICE("\x81\x23\x45"));
	struct slice zeros = der(arena, 2, (struct slice){
	    "\0\0\0\0\x01\0\x01", 7 });
	struct slice bare = der(arena, 0x30, join(arena, n, e));
	struct slice one = der(arena, 2, SLICE("\x01"));
	const struct {
		const char *name;
		struct slice octets;
		enum dkim_reason reason;
	} cases[] = {
		{ "NULL parameters", rsa_info(arena, RSA_ALGORITHM,
		  sizeof(RSA_ALGORITHM) - 1, n, e), DKIM_REASON_NONE },
		{ "no parameters", rsa_info(arena, RSA_OID,
		  sizeof(RSA_OID) - 1, n, e), DKIM_REASON_NONE },
		{ "other parameters", rsa_info(arena, RSA_OID "\x30\x00",
		  sizeof(RSA_OID "\x30\x00") - 1, n, e),
		  DKIM_REASON_KEY_SYNTAX },
		{ "RSASSA-PSS", rsa_info(arena,
		  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 11, n, e),
		  DKIM_REASON_KEY_SYNTAX },
		{ "RSAPublicKey", bare, DKIM_REASON_NONE },
		{ "RSAPublicKey and more", join(arena, bare, SLICE("x")),
		  DKIM_REASON_KEY_SYNTAX },
		{ "three numbers", der(arena, 0x30, join(arena, n,
		  join(arena, e, one))), DKIM_REASON_KEY_SYNTAX },
		{ "one number", der(arena, 0x30, n), DKIM_REASON_KEY_SYNTAX },
		{ "leading zeros", der(arena, 0x30, join(arena, n, zeros)),
		  DKIM_REASON_NONE },
		{ "even exponent", der(arena, 0x30, join(arena, n, even)),
		  DKIM_REASON_KEY_SYNTAX },
		{ "even modulus", der(arena, 0x30, join(arena, der(arena, 2,
		  (struct slice){ memset(arena_alloc(arena, 128), 2, 128),
		  128 }), e)), DKIM_REASON_KEY_TOO_SHORT },
		{ "negative exponent", der(arena, 0x30, join(arena, n,
		  negative)), DKIM_REASON_KEY_SYNTAX },
		{ "exponent zero", der(arena, 0x30, join(arena, n,
		  der(arena, 2, (struct slice){ "\0", 1 }))),
		  DKIM_REASON_KEY_SYNTAX },
		{ "exponent empty", der(arena, 0x30, join(arena, n,
		  der(arena, 2, SLICE_EMPTY))), DKIM_REASON_KEY_SYNTAX },
		{ "nothing", SLICE_EMPTY, DKIM_REASON_KEY_SYNTAX },
		{ "indefinite length", SLICE("\x30\x80\x02\x01\x01"),
		  DKIM_REASON_KEY_SYNTAX },
		{ "length of five octets",
		  SLICE("\x30\x85\x01\x01\x01\x01\x01"),
		  DKIM_REASON_KEY_SYNTAX },
		{ "length past the end", SLICE("\x30\x84\xff\xff\xff\xff"),
		  DKIM_REASON_KEY_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		unsigned bits;
		enum dkim_reason reason = create(cases[i].octets, &bits);

		if (reason != cases[i].reason)
			fail_msg("%s: %s", cases[i].name,
			    dkim_reason_text(reason));
	}
	arena_destroy(&arena);
}

/* Cut off anywhere: an error, and nothing is read past the end. */
static void
test_truncated(void **state)
{
	struct arena *arena = test_arena();
	struct slice whole = rsa_info(arena, RSA_ALGORITHM,
	    sizeof(RSA_ALGORITHM) - 1, der_number(arena, 1024),
	    der_number(arena, 17));
	unsigned bits;

	(void)state;
	assert_int_equal(create(whole, &bits), DKIM_REASON_NONE);
	for (size_t n = 0; n < whole.len; n++)
		assert_int_equal(create(slice_head(whole, n), &bits),
		    DKIM_REASON_KEY_SYNTAX);
	arena_destroy(&arena);
}

/* RFC 8463 A.2 and A.3 are in test_samples; here a key of RFC 8032 7.1, test 2,
 * whose message is no digest: any octets do. */
static void
test_ed25519(void **state)
{
	static const struct slice octets = SLICE_INIT(
	    "\x3d\x40\x17\xc3\xe8\x43\x89\x5a\x92\xb7\x0a\xa7\x4d\x1b\x7e\xbc"
	    "\x9c\x98\x2c\xcf\x2e\xc4\x96\x8c\xc0\xcd\x55\xf1\x2a\xf4\x66"
	    "\x0c");
	static const struct slice sig = SLICE_INIT(
	    "\x92\xa0\x09\xa9\xf0\xd4\xca\xb8\x72\x0e\x82\x0b\x5f\x64\x25\x40"
	    "\xa2\xb2\x7b\x54\x16\x50\x3f\x8f\xb3\x76\x22\x23\xeb\xdb\x69\xda"
	    "\x08\x5a\xc1\xe4\x3e\x15\x99\x6e\x45\x8f\x36\x13\xd0\xf1\x1d\x8c"
	    "\x38\x7b\x2e\xae\xb4\x30\x2a\xee\xb0\x0d\x29\x16\x12\xbb\x0c"
	    "\x00");
	struct dkim_public_key *key;
	unsigned bits;

	(void)state;
	assert_int_equal(octets.len, 32);
	assert_int_equal(sig.len, 64);
	assert_int_equal(dkim_public_key_create(DKIM_KEY_ED25519, octets,
	    MIN_BITS, MAX_BITS, &key, &bits), DKIM_REASON_NONE);
	assert_int_equal(bits, 0);
	assert_int_equal(dkim_public_key_verify(key, SLICE("\x72"), sig),
	    DKIM_REASON_NONE);
	assert_int_equal(dkim_public_key_verify(key, SLICE("\x73"), sig),
	    DKIM_REASON_SIGNATURE);
	assert_int_equal(dkim_public_key_verify(key, SLICE("\x72"),
	    slice_head(sig, 63)), DKIM_REASON_SIGNATURE);
	assert_int_equal(dkim_public_key_verify(key, SLICE("\x72"),
	    SLICE_EMPTY), DKIM_REASON_SIGNATURE);
	assert_int_equal(ERR_peek_error(), 0);
	dkim_public_key_free(key);
	assert_int_equal(dkim_public_key_create(DKIM_KEY_ED25519,
	    slice_head(octets, 31), MIN_BITS, MAX_BITS, &key, &bits),
	    DKIM_REASON_KEY_SYNTAX);
	assert_null(key);
}

/* Sign DIGEST with libcrypto. */
static struct slice
sign(struct arena *arena, EVP_PKEY *pkey, struct slice digest)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t n = (size_t)EVP_PKEY_get_size(pkey);
	unsigned char *mem = arena_alloc(arena, n);

	assert_non_null(mem);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx,
	    RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, mem, &n,
	    (const unsigned char *)digest.ptr, digest.len), 1);
	EVP_PKEY_CTX_free(ctx);
	return (struct slice){ (char *)mem, n };
}

/* A key of libcrypto's own making, in its DER; each octet of the signature
 * counts. */
static void
test_rsa(void **state)
{
	static const struct slice digest = SLICE_INIT(
	    "0123456789abcdef0123456789abcdef");
	struct arena *arena = test_arena();
	EVP_PKEY *pkey = EVP_RSA_gen(1024);
	unsigned char *info = NULL;
	int n = i2d_PUBKEY(pkey, &info);
	struct dkim_public_key *key;
	struct slice sig;
	char *mem;
	unsigned bits;

	(void)state;
	assert_true(n > 0);
	assert_int_equal(dkim_public_key_create(DKIM_KEY_RSA,
	    (struct slice){ (char *)info, (size_t)n }, MIN_BITS, MAX_BITS,
	    &key, &bits), DKIM_REASON_NONE);
	assert_int_equal(bits, 1024);
	sig = sign(arena, pkey, digest);
	assert_int_equal(dkim_public_key_verify(key, digest, sig),
	    DKIM_REASON_NONE);
	assert_true((mem = arena_copy_cstr(arena, sig)) != NULL);
	for (size_t i = 0; i < sig.len; i++) {
		mem[i] ^= 1;
		assert_int_equal(dkim_public_key_verify(key, digest,
		    (struct slice){ mem, sig.len }), DKIM_REASON_SIGNATURE);
		mem[i] ^= 1;
	}
	for (size_t i = 0; i < sig.len; i += 9)
		assert_int_equal(dkim_public_key_verify(key, digest,
		    slice_head(sig, i)), DKIM_REASON_SIGNATURE);
	assert_int_equal(dkim_public_key_verify(key, digest,
	    join(arena, sig, SLICE("\x01"))), DKIM_REASON_SIGNATURE);
	/* What did not verify leaves no trace for what does. */
	assert_int_equal(dkim_public_key_verify(key, digest, sig),
	    DKIM_REASON_NONE);
	assert_int_equal(ERR_peek_error(), 0);
	dkim_public_key_free(key);
	OPENSSL_free(info);
	EVP_PKEY_free(pkey);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_rsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
