/* Keys beside the answer that they were made of. */
#include "dkim/key_set.h"

#include <pthread.h>

#include "dns/resolver.h"
#include "unit/test.h"

/* RFC 6376 appendix C: 1024 bits. */
#define RSA_KEY "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBs" \
	"EmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBIt" \
	"La7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBc" \
	"WToIMmPSPDdQPNUYckcQ2QIDAQAB"
/* RFC 8463 A.2 */
#define ED25519_KEY \
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct dns_answer *
create_answer(size_t n, const char *const *texts)
{
	struct dns_record records[DKIM_MAX_KEY_RECORDS + 1] = { 0 };
	const struct dns_answer *answer;

	assert_true(n <= N_ELEMENTS(records));
	for (size_t i = 0; i < n; i++)
		records[i].text = slice_from_cstr(texts[i]);
	answer = dns_answer_create(&(struct dns_answer){ .records = records,
	    .n_records = n });
	assert_non_null(answer);
	return answer;
}

static void
test_keys(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned min_bits, max_bits, bits;
		enum dkim_reason parse_reason, usability;
		bool is_revoked;
	} cases[] = {
		{ "RSA", RSA_KEY, 1024, 8192, 1024, DKIM_REASON_NONE,
		    DKIM_REASON_NONE, false },
		{ "too short", RSA_KEY, 2048, 8192, 1024, DKIM_REASON_NONE,
		    DKIM_REASON_KEY_TOO_SHORT, false },
		{ "too long", RSA_KEY, 512, 1023, 1024, DKIM_REASON_NONE,
		    DKIM_REASON_KEY_TOO_LONG, false },
		{ "Ed25519", ED25519_KEY, 2048, 8192, 0, DKIM_REASON_NONE,
		    DKIM_REASON_NONE, false },
		{ "revoked", "p=", 1024, 8192, 0, DKIM_REASON_NONE,
		    DKIM_REASON_NONE, true },
		{ "no DER", "p=YWJj", 1024, 8192, 0, DKIM_REASON_NONE,
		    DKIM_REASON_KEY_SYNTAX, false },
		{ "unknown type", "k=x; p=YWJj", 1024, 8192, 0,
		    DKIM_REASON_NONE, DKIM_REASON_NONE, false },
		{ "no record", "v=spf1 -all", 1024, 8192, 0,
		    DKIM_REASON_KEY_SYNTAX, DKIM_REASON_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct dns_answer *answer = create_answer(1,
		    &cases[i].text);
		struct arena *arena = test_arena();
		const struct dkim_key_set *set = dkim_get_key_set(arena,
		    answer);
		const struct dkim_key *key;

		arena_destroy(&arena);	/* nothing of it is the message's */
		assert_int_equal(set->n_keys, 1);
		key = &set->keys[0];
		if (key->parse_reason != cases[i].parse_reason ||
		    key->is_revoked != cases[i].is_revoked ||
		    key->bits != cases[i].bits ||
		    dkim_key_usability(key, cases[i].min_bits,
		    cases[i].max_bits) != cases[i].usability)
			fail_msg("%s: %s, %s, %u bits", cases[i].name,
			    dkim_reason_text(key->parse_reason),
			    dkim_reason_text(dkim_key_usability(key,
			    cases[i].min_bits, cases[i].max_bits)), key->bits);
		dns_answer_release(answer);
	}
}

/* The next message has the same. */
static void
test_kept(void **state)
{
	const char *const texts[] = { RSA_KEY, "v=spf1 -all", ED25519_KEY };
	const struct dns_answer *answer = create_answer(3, texts);
	const struct dkim_key_set *sets[2];
	const struct dns_attachment *attachment;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct arena *arena = test_arena();

		sets[i] = dkim_get_key_set(arena, answer);
		arena_destroy(&arena);
	}
	assert_ptr_equal(sets[0], sets[1]);
	assert_int_equal(sets[0]->n_keys, 3);
	assert_non_null(sets[0]->keys[0].public_key);
	assert_null(sets[0]->keys[1].public_key);
	assert_non_null(sets[0]->keys[2].public_key);
	attachment = dns_get_attachment(answer, sets[0]->attachment.destroy);
	assert_ptr_equal(attachment, &sets[0]->attachment);
	assert_in_range(attachment->octets, 2500, 3500);
	dns_answer_release(answer);
}

static void
test_many_records(void **state)
{
	const char *texts[DKIM_MAX_KEY_RECORDS + 1];
	const struct dns_answer *answer;
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		texts[i] = ED25519_KEY;
	answer = create_answer(N_ELEMENTS(texts), texts);
	assert_int_equal(dkim_get_key_set(arena, answer)->n_keys,
	    DKIM_MAX_KEY_RECORDS);
	dns_answer_release(answer);
	arena_destroy(&arena);
}

/* Nothing can be kept beside these. */
static void
test_static_answer(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	assert_int_equal(dkim_get_key_set(arena,
	    &dns_answer_timeout)->n_keys, 0);
	arena_destroy(&arena);
}

static void
foreign_destroy(struct dns_attachment *attachment)
{
	(void)attachment;
}

/* Somebody else's attachment is not taken for ours. */
static void
test_foreign_attachment(void **state)
{
	const char *const text = ED25519_KEY;
	const struct dns_answer *answer = create_answer(1, &text);
	struct dns_attachment foreign = { .destroy = foreign_destroy };
	struct arena *arena = test_arena();
	const struct dkim_key_set *set;

	(void)state;
	assert_true(dns_attach(answer, &foreign));
	set = dkim_get_key_set(arena, answer);
	assert_non_null(set->keys[0].public_key);
	assert_ptr_equal(dkim_get_key_set(arena, answer), set);
	arena_destroy(&arena);
	dns_answer_release(answer);
}

/* A failure that may be ours alone is not kept. */
static void
test_no_memory(void **state)
{
	const char *const text = RSA_KEY;
	const struct dns_answer *answer = create_answer(1, &text);
	struct arena *tiny = arena_create(64), *arena = test_arena();
	const struct dkim_key_set *set = dkim_get_key_set(tiny, answer);

	(void)state;
	assert_true(set == NULL ||
	    set->keys[0].parse_reason == DKIM_REASON_INTERNAL);
	assert_int_equal(dns_answer_attached_octets(answer), 0);
	assert_non_null(dkim_get_key_set(arena, answer)->keys[0].public_key);
	arena_destroy(&tiny);
	arena_destroy(&arena);
	dns_answer_release(answer);
}

#define N_THREADS 4
#define N_ROUNDS 50

static void *
run_verifier(void *arg)
{
	const struct dns_answer *answer = arg;
	static const struct slice digest = SLICE_INIT(
	    "0123456789abcdef0123456789abcdef");
	char signature[128] = { 0 };

	for (unsigned i = 0; i < N_ROUNDS; i++) {
		struct arena *arena = arena_create(65536);
		const struct dkim_key_set *set = dkim_get_key_set(arena,
		    answer);

		for (size_t j = 0; j < 2; j++)
			if (dkim_public_key_verify(set->keys[j].public_key,
			    digest, (struct slice){ signature, j == 0 ? 128 :
			    64 }) != DKIM_REASON_SIGNATURE)
				abort();	/* cmocka knows one thread */
		arena_destroy(&arena);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	const char *const texts[] = { RSA_KEY, ED25519_KEY };
	const struct dns_answer *answer = create_answer(2, texts);
	pthread_t threads[N_THREADS];

	(void)state;
	for (size_t i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    run_verifier, (void *)(uintptr_t)answer), 0);
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	dns_answer_release(answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_static_answer),
		cmocka_unit_test(test_foreign_attachment),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
