/* The verifier's bounds: many signatures, little memory, no waste of DNS.  What
 * it says of single signatures is in suites/dkim-cases.yml. */
#include "base/clock.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "mail/field.h"
#include "unit/asked.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define NOW_S 1760000000
#define ED25519_KEY \
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct dkim_options options = DKIM_OPTIONS_DEFAULT;

/* N signatures, the I-th with d=dI.example.net; all are well formed, none is
 * true. */
static struct slice
make_message(struct arena *arena, size_t n, const char *last_domain)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 8 * 1024 * 1024);
	for (size_t i = 0; i < n; i++) {
		strbuf_append_cstr(&buf, "DKIM-Signature: v=1; "
		    "a=ed25519-sha256; s=k; h=from; bh=YQ==; b=YQ==; d=");
		if (i + 1 == n && last_domain != NULL)
			strbuf_append_cstr(&buf, last_domain);
		else
			strbuf_printf(&buf, "d%zu.example.net", i);
		strbuf_append_cstr(&buf, "\r\n");
	}
	strbuf_append_cstr(&buf, "From: joe@example.org\r\n\r\nHi.\r\n");
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

static void
verify(struct arena *arena, struct resolver *resolver, struct slice text,
    const struct dkim_outcome **outcomes_out, size_t *n_out)
{
	const struct message_request request = { .resolver = resolver,
		.options = &options, .text = text, .chunk_octets = SIZE_MAX,
		.is_header_whole = true, .now_s = NOW_S };

	message_verify(arena, &request, outcomes_out, n_out);
}

static size_t
count_reason(const struct dkim_outcome *outcomes, size_t n,
    enum dkim_reason reason)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (outcomes[i].reason == reason)
			count++;
	return count;
}

/* Eight are tried, and only their keys asked for; see test_author_first for one
 * that comes late. */
static void
test_many(void **state)
{
	static const struct {
		size_t n, n_missing, n_too_many, n_asked;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 1, 1, 0, 1 },
		{ 8, 8, 0, 8 },
		{ 9, 8, 1, 8 },
		{ 10000, 8, 9992, 8 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(""));
		const struct dkim_outcome *outcomes;
		size_t n;

		verify(arena, asked, make_message(arena, cases[i].n, NULL),
		    &outcomes, &n);
		assert_int_equal(n, cases[i].n);
		assert_int_equal(count_reason(outcomes, n,
		    DKIM_REASON_KEY_MISSING), cases[i].n_missing);
		assert_int_equal(count_reason(outcomes, n,
		    DKIM_REASON_TOO_MANY), cases[i].n_too_many);
		assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY),
		    cases[i].n_asked);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
}

/* The author's own takes the place of the eighth. */
static void
test_author_first(void **state)
{
	static const char *const domains[] = { "example.org",
		"mail.example.org", "EXAMPLE.ORG" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(domains); i++) {
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(""));
		const struct dkim_outcome *outcomes;
		size_t n;

		verify(arena, asked, make_message(arena, 50, domains[i]),
		    &outcomes, &n);
		assert_int_equal(n, 50);
		assert_int_equal(outcomes[49].reason,
		    DKIM_REASON_KEY_MISSING);
		assert_int_equal(outcomes[6].reason, DKIM_REASON_KEY_MISSING);
		assert_int_equal(outcomes[7].reason, DKIM_REASON_TOO_MANY);
		assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 9);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
}

/* No question for what cannot pass whatever its key is. */
static void
test_no_question(void **state)
{
	static const char *const signatures[] = {
		"v=2; a=rsa-sha256; s=k; d=e.example; h=from; bh=YQ==; b=YQ==",
		"v=1; a=rsa-sha1; s=k; d=e.example; h=from; bh=YQ==; b=YQ==",
		"v=1; a=rsa-sha256; s=k; d=e.example; h=to; bh=YQ==; b=YQ==",
		"v=1; a=rsa-sha256; s=k; d=e.example; h=from; bh=YQ==",
	};
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(""));
	const struct dkim_outcome *outcomes;
	struct strbuf buf;
	size_t n;

	(void)state;
	strbuf_init(&buf, arena, 10000);
	for (size_t i = 0; i < N_ELEMENTS(signatures); i++)
		strbuf_printf(&buf, "DKIM-Signature: %s\r\n", signatures[i]);
	strbuf_append_cstr(&buf, "From: joe@example.org\r\n\r\n");
	verify(arena, asked, strbuf_slice(&buf), &outcomes, &n);
	assert_int_equal(n, N_ELEMENTS(signatures));
	assert_int_equal(count_reason(outcomes, n, DKIM_REASON_KEY_MISSING),
	    0);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 0);
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* Keys are asked for when their field comes; one key for all its signatures. */
static void
test_prefetch(void **state)
{
	static const struct slice value = SLICE_INIT(" v=1; "
	    "a=ed25519-sha256; s=k; h=from; bh=YQ==; b=YQ==; d=example.org");
	static const struct mail_header_limits limits = { 100, 10000 };
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(
	    "k._domainkey.example.org TXT " ED25519_KEY));
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct dkim_verifier *verifier = dkim_create(arena, &options, asked,
	    body);
	const struct dkim_outcome *outcomes;
	struct mail_header header;
	size_t n;

	(void)state;
	mail_header_init(&header, arena);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(mail_header_add(&header, &limits,
		    SLICE("DKIM-Signature"), value), MAIL_HEADER_OK);
		dkim_add_signature(verifier, &header.fields[i]);
	}
	test_assert_slice("prefetched", asked_names(asked, arena, DNS_TXT,
	    true), "k._domainkey.example.org");
	dkim_end_header(verifier, &header, true, NULL, 0, NOW_S);
	test_assert_slice("waited for", asked_names(asked, arena, DNS_TXT,
	    false), "");
	dkim_finish(verifier, dkim_body_finish(body), CLOCK_NEVER_MS,
	    &outcomes, &n);
	test_assert_slice("waited for", asked_names(asked, arena, DNS_TXT,
	    false), "k._domainkey.example.org");
	assert_int_equal(n, 3);
	assert_int_equal(count_reason(outcomes, n, DKIM_REASON_BODY_HASH), 3);
	assert_true(outcomes[0].key_exists);
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* The body could not be hashed: nothing is said of the signature. */
static void
test_body_failed(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = test_zone(
	    "k._domainkey.d0.example.net TXT " ED25519_KEY);
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct dkim_verifier *verifier = dkim_create(arena, &options, zone,
	    body);
	const struct dkim_outcome *outcomes;
	struct mail_header header;
	struct slice rest;
	size_t n;

	(void)state;
	message_split(arena, make_message(arena, 1, NULL), &header, &rest);
	dkim_add_signature(verifier, &header.fields[0]);
	dkim_end_header(verifier, &header, true, NULL, 0, NOW_S);
	dkim_finish(verifier, false, CLOCK_NEVER_MS, &outcomes, &n);
	assert_int_equal(n, 1);
	assert_int_equal(outcomes[0].result, DKIM_RESULT_TEMPERROR);
	assert_int_equal(outcomes[0].reason, DKIM_REASON_INTERNAL);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

/* Wherever memory ends, the result is a temperror, and never "none". */
static void
test_no_memory(void **state)
{
	struct arena *text_arena = test_arena();
	struct resolver *zone = test_zone(
	    "k._domainkey.d0.example.net TXT " ED25519_KEY);
	struct mail_header header;
	struct slice rest;
	size_t n_temperror = 0, n_fail = 0;

	(void)state;
	message_split(text_arena, make_message(text_arena, 1, NULL), &header,
	    &rest);
	for (size_t ceiling = 2048; ceiling < 16384; ceiling += 128) {
		struct arena *arena = arena_create(ceiling);
		struct dkim_body *body = dkim_body_create(arena, NULL);
		struct dkim_verifier *verifier = body == NULL ? NULL :
		    dkim_create(arena, &options, zone, body);
		const struct dkim_outcome *outcomes;
		size_t n;

		if (verifier != NULL) {
			dkim_add_signature(verifier, &header.fields[0]);
			dkim_end_header(verifier, &header, true, NULL, 0,
			    NOW_S);
			dkim_body_update(body, rest);
			dkim_finish(verifier, dkim_body_finish(body),
			    CLOCK_NEVER_MS, &outcomes, &n);
			assert_int_equal(n, 1);
			if (outcomes[0].result == DKIM_RESULT_FAIL)
				n_fail++;
			else if (outcomes[0].result == DKIM_RESULT_TEMPERROR)
				n_temperror++;
			else
				fail_msg("%zu octets: %s", ceiling,
				    dkim_reason_text(outcomes[0].reason));
		}
		arena_destroy(&arena);
	}
	assert_true(n_temperror > 0);
	assert_true(n_fail > 0);
	dns_destroy_resolver(&zone);
	arena_destroy(&text_arena);
}

/* Each reason has a text and a result of its own. */
static void
test_texts(void **state)
{
	(void)state;
	for (int i = DKIM_REASON_NONE; i <= DKIM_REASON_INTERNAL; i++)
		for (int j = DKIM_REASON_NONE; j < i; j++)
			assert_string_not_equal(
			    dkim_reason_text((enum dkim_reason)i),
			    dkim_reason_text((enum dkim_reason)j));
	for (int i = DKIM_RESULT_NONE; i <= DKIM_RESULT_PERMERROR; i++)
		for (int j = DKIM_RESULT_NONE; j < i; j++)
			assert_string_not_equal(
			    dkim_result_name((enum dkim_result)i),
			    dkim_result_name((enum dkim_result)j));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_author_first),
		cmocka_unit_test(test_no_question),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_body_failed),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
