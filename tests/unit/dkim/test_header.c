/* The header hash (RFC 6376 3.7, 5.4.2). */
#include <openssl/evp.h>
#include <string.h>

#include "dkim/header.h"
#include "mail/field.h"
#include "unit/test.h"

/* The fields of all cases, from the top. */
static const char *const fields[][2] = {
	{ "Received", " <A>" },
	{ "X-1", " one" },
	{ "received", " <B>" },
	{ "From", " joe@example.org" },
	{ "RECEIVED", " <C>" },
	{ "Receive", " not that" },
	{ "X-2", "" },
};

static const struct mail_field signature = {
	SLICE_INIT("DKIM-Signature"), SLICE_INIT(" a=b;  b=abc; c=d") };

#define SIGNATURE "dkim-signature:a=b; b=; c=d"

static const struct {
	const char *names, *hashed;
} cases[] = {
	{ "from", "from:joe@example.org\r\n" SIGNATURE },
	{ "Received : RECEIVED", "received:<C>\r\nreceived:<B>\r\n"
	  SIGNATURE },
	{ "received:from:received:received:x-1",
	  "received:<C>\r\nfrom:joe@example.org\r\nreceived:<B>\r\n"
	  "received:<A>\r\nx-1:one\r\n" SIGNATURE },
	{ "received:received:received:received:received:from",
	  "received:<C>\r\nreceived:<B>\r\nreceived:<A>\r\n"
	  "from:joe@example.org\r\n" SIGNATURE },
	{ "x-3:x:receiver:from:zzz:\r\n\ta", "from:joe@example.org\r\n"
	  SIGNATURE },
	{ "x-2", "x-2:\r\n" SIGNATURE },
	{ "x-0", SIGNATURE },
};

static void
add_fields(struct mail_header *header)
{
	static const struct mail_header_limits limits = { 100, 10000 };

	for (size_t i = 0; i < N_ELEMENTS(fields); i++)
		assert_int_equal(mail_header_add(header, &limits,
		    slice_from_cstr(fields[i][0]),
		    slice_from_cstr(fields[i][1])), MAIL_HEADER_OK);
}

/* All with one index: each starts from all fields again. */
static void
test_names(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_hash *hash = dkim_hash_create(arena, NULL);
	struct dkim_header_index *index;
	struct mail_header header;

	(void)state;
	mail_header_init(&header, arena);
	add_fields(&header);
	index = dkim_header_index_create(arena, &header);
	assert_non_null(index);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		unsigned char got[DKIM_HASH_OCTETS], want[EVP_MAX_MD_SIZE];
		struct slice names = test_exact_copy(
		    slice_from_cstr(cases[i].names));

		assert_true(dkim_header_hash(index, names, CANON_RELAXED,
		    &signature, hash, got));
		assert_int_equal(EVP_Digest(cases[i].hashed,
		    strlen(cases[i].hashed), want, NULL, EVP_sha256(), NULL),
		    1);
		if (memcmp(got, want, sizeof(got)) != 0)
			fail_msg("%s: wrong digest", cases[i].names);
		test_free_copy(names);
	}
	arena_destroy(&arena);
}

static void
test_no_fields(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_hash *hash = dkim_hash_create(arena, NULL);
	struct dkim_header_index *index;
	struct mail_header header;
	unsigned char got[DKIM_HASH_OCTETS], want[EVP_MAX_MD_SIZE];

	(void)state;
	mail_header_init(&header, arena);
	index = dkim_header_index_create(arena, &header);
	assert_non_null(index);
	assert_true(dkim_header_hash(index, SLICE("from"), CANON_RELAXED,
	    &signature, hash, got));
	assert_int_equal(EVP_Digest(SIGNATURE, sizeof(SIGNATURE) - 1, want,
	    NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(got, want, sizeof(got));
	arena_destroy(&arena);
}

/* A name takes the other fields, never the signature that it is part of: a
 * signer may name more than there are (5.4.2). */
static void
test_own_name(void **state)
{
	static const struct mail_header_limits limits = { 100, 10000 };
	static const char hashed[] = "dkim-signature:lower\r\n"
	    "dkim-signature:upper\r\n" SIGNATURE;
	static const struct slice values[] = {
		SLICE_INIT(" upper"), SLICE_INIT(" a=b;  b=abc; c=d"),
		SLICE_INIT(" lower") };
	struct arena *arena = test_arena();
	struct dkim_hash *hash = dkim_hash_create(arena, NULL);
	struct dkim_header_index *index;
	struct mail_header header;
	struct mail_field own;
	unsigned char got[DKIM_HASH_OCTETS], want[EVP_MAX_MD_SIZE];

	(void)state;
	mail_header_init(&header, arena);
	for (size_t i = 0; i < N_ELEMENTS(values); i++)
		assert_int_equal(mail_header_add(&header, &limits,
		    signature.name, values[i]), MAIL_HEADER_OK);
	own = header.fields[1];		/* a verifier keeps a copy */
	index = dkim_header_index_create(arena, &header);
	assert_non_null(index);
	assert_true(dkim_header_hash(index, SLICE("dkim-signature:"
	    "dkim-signature:dkim-signature"), CANON_RELAXED, &own, hash,
	    got));
	assert_int_equal(EVP_Digest(hashed, sizeof(hashed) - 1, want, NULL,
	    EVP_sha256(), NULL), 1);
	assert_memory_equal(got, want, sizeof(got));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_fields),
		cmocka_unit_test(test_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
