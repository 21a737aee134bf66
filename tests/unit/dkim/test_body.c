/* The body's hashes while it streams by (RFC 6376 3.4.3 to 3.4.5, 3.7). */
#include <openssl/evp.h>
#include <string.h>

#include "base/base64.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "dkim/hash.h"
#include "unit/test.h"

static void
assert_digest(const char *name, struct slice got, struct slice text)
{
	unsigned char want[EVP_MAX_MD_SIZE];

	assert_int_equal(EVP_Digest(text.ptr != NULL ? text.ptr : "",
	    text.len, want, NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(got.len, DKIM_BODY_DIGEST_OCTETS);
	if (memcmp(got.ptr, want, got.len) != 0)
		fail_msg("%s: wrong digest", name);
}

/* RFC 6376 3.4.3, 3.4.4: what an empty body hashes to. */
static void
test_empty(void **state)
{
	static const struct {
		enum canon_form form;
		struct slice base64;
	} cases[] = {
		{ CANON_SIMPLE, SLICE_INIT(
		  "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=") },
		{ CANON_RELAXED, SLICE_INIT(
		  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") },
	};
	struct arena *arena = test_arena();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	size_t handles[2];
	struct slice want;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_true(dkim_body_add_form(body, cases[i].form,
		    DKIM_BODY_NO_LIMIT, &handles[i]));
	assert_true(dkim_body_finish(body));
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_true(base64_decode(arena, cases[i].base64, &want));
		assert_true(slice_eq(dkim_body_digest(body, handles[i]),
		    want));
	}
	assert_int_equal(dkim_body_octets(body, handles[0]), 2);
	assert_int_equal(dkim_body_octets(body, handles[1]), 0);
	arena_destroy(&arena);
}

#define TEXT "Hi.  \r\n \r\nA line of  text\tthat is somewhat longer,\r\n" \
	"\r\n\r\nand the last one \r\n\r\n"
#define SIMPLE "Hi.  \r\n \r\nA line of  text\tthat is somewhat longer,\r\n" \
	"\r\n\r\nand the last one \r\n"
#define RELAXED "Hi.\r\n\r\nA line of text that is somewhat longer,\r\n" \
	"\r\n\r\nand the last one\r\n"

static uint64_t
nth_limit(uint64_t first, size_t i)
{
	return first + i * 5 % (DKIM_BODY_MAX_FORMS / 2);
}

/* Every limit in both forms over a body in two pieces, registered in no order;
 * the handles of all that fit at once. */
static void
check_limits(size_t cut, uint64_t first_limit)
{
	static const enum canon_form forms[] = { CANON_SIMPLE, CANON_RELAXED };
	static const struct slice wants[] = {
		SLICE_INIT(SIMPLE), SLICE_INIT(RELAXED) };
	struct arena *arena = test_arena();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct slice head = test_exact_copy(slice_head(SLICE(TEXT), cut));
	struct slice tail = test_exact_copy(slice_from(SLICE(TEXT), cut));
	size_t handles[2][DKIM_BODY_MAX_FORMS / 2];

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < DKIM_BODY_MAX_FORMS / 2; j++)
			assert_true(dkim_body_add_form(body, forms[i],
			    nth_limit(first_limit, j), &handles[i][j]));
	dkim_body_update(body, head);
	dkim_body_update(body, tail);
	test_free_copy(head);
	test_free_copy(tail);
	assert_true(dkim_body_finish(body));
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < DKIM_BODY_MAX_FORMS / 2; j++) {
			uint64_t limit = nth_limit(first_limit, j);
			uint64_t n = dkim_body_octets(body, handles[i][j]);

			assert_digest("limit", dkim_body_digest(body,
			    handles[i][j]), slice_head(wants[i],
			    (size_t)limit));
			/* Whether a limit cuts something off is known. */
			assert_true((n > limit) == (wants[i].len > limit));
			assert_true((n < limit) == (wants[i].len < limit));
		}
	}
	arena_destroy(&arena);
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= SLICE(TEXT).len; cut += 5)
		for (uint64_t first = 0; first <= SLICE(TEXT).len;
		    first += DKIM_BODY_MAX_FORMS / 2)
			check_limits(cut, first);
}

static void
test_forms(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	size_t first, form;

	(void)state;
	assert_true(dkim_body_add_form(body, CANON_SIMPLE, 5, &first));
	assert_true(dkim_body_add_form(body, CANON_RELAXED, 5, &form));
	assert_int_not_equal(form, first);
	assert_true(dkim_body_add_form(body, CANON_SIMPLE, 6, &form));
	assert_int_not_equal(form, first);
	assert_true(dkim_body_add_form(body, CANON_SIMPLE, 5, &form));
	assert_int_equal(form, first);
	for (uint64_t limit = 7; limit < 7 + DKIM_BODY_MAX_FORMS - 3; limit++)
		assert_true(dkim_body_add_form(body, CANON_SIMPLE, limit,
		    &form));
	assert_false(dkim_body_add_form(body, CANON_RELAXED, 99, &form));
	assert_true(dkim_body_add_form(body, CANON_SIMPLE, 5, &form));
	assert_int_equal(form, first);
	arena_destroy(&arena);
}

static void
test_too_late(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	size_t form;

	(void)state;
	dkim_body_update(body, SLICE("x"));
	assert_false(dkim_body_add_form(body, CANON_SIMPLE,
	    DKIM_BODY_NO_LIMIT, &form));
	assert_true(dkim_body_finish(body));
	arena_destroy(&arena);
}

/* One octet past the limit tells that it cuts something off; then the rest is
 * of no interest. */
static void
test_wants_more(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	size_t form;

	(void)state;
	assert_false(dkim_body_wants_more(body));
	assert_true(dkim_body_add_form(body, CANON_SIMPLE, 3, &form));
	assert_true(dkim_body_wants_more(body));
	dkim_body_update(body, SLICE("abc"));
	assert_true(dkim_body_wants_more(body));
	dkim_body_update(body, SLICE("\r\n\r\n"));
	assert_false(dkim_body_wants_more(body));
	dkim_body_update(body, SLICE("def\r\n"));
	assert_true(dkim_body_finish(body));
	assert_digest("limit 3", dkim_body_digest(body, form), SLICE("abc"));
	assert_true(dkim_body_octets(body, form) > 3);
	arena_destroy(&arena);
}

/* Runs around the size of the block in which short ones are gathered. */
static void
test_hash(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_hash *hash = dkim_hash_create(arena, NULL);
	unsigned char digest[DKIM_HASH_OCTETS];
	static char mem[4096];

	(void)state;
	assert_non_null(hash);
	for (size_t i = 0; i < sizeof(mem); i++)
		mem[i] = (char)(i * 7 + i / 256);
	for (size_t run = 1; run < 1100; run += run < 40 ? 1 : 67) {
		struct slice rest = { mem, sizeof(mem) };

		for (; rest.len > 0; rest = slice_from(rest, run))
			dkim_hash_write(hash, slice_head(rest, run));
		assert_true(dkim_hash_finish(hash, digest));
		assert_digest("hash", (struct slice){ (char *)digest,
		    sizeof(digest) }, (struct slice){ mem, sizeof(mem) });
	}
	/* Looked at on the way, it goes on as if it was not. */
	for (size_t n = 0; n < sizeof(mem); n += 100) {
		assert_true(dkim_hash_peek(hash, digest));
		assert_digest("peek", (struct slice){ (char *)digest,
		    sizeof(digest) }, (struct slice){ mem, n });
		dkim_hash_write(hash, (struct slice){ mem + n,
		    n + 100 < sizeof(mem) ? 100 : sizeof(mem) - n });
	}
	assert_true(dkim_hash_finish(hash, digest));
	assert_digest("hash", (struct slice){ (char *)digest,
	    sizeof(digest) }, (struct slice){ mem, sizeof(mem) });
	/* Nothing written, after something was. */
	assert_true(dkim_hash_finish(hash, digest));
	assert_digest("hash", (struct slice){ (char *)digest,
	    sizeof(digest) }, SLICE_EMPTY);
	arena_destroy(&arena);
}

/* Memory runs out at any allocation: no crash, and no false digest. */
static void
test_no_memory(void **state)
{
	(void)state;
	for (size_t ceiling = 64; ceiling < 8192; ceiling += 64) {
		struct arena *arena = arena_create(ceiling);
		struct dkim_body *body;
		size_t form;

		assert_non_null(arena);
		body = dkim_body_create(arena, NULL);
		if (body != NULL && dkim_body_add_form(body, CANON_RELAXED,
		    DKIM_BODY_NO_LIMIT, &form)) {
			dkim_body_update(body, SLICE("a"));
			assert_true(dkim_body_finish(body));
			assert_digest("a", dkim_body_digest(body, form),
			    SLICE("a\r\n"));
		} else {
			assert_true(arena_has_failed(arena));
		}
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_too_late),
		cmocka_unit_test(test_wants_more),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
