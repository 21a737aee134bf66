/* Chains that cannot pass, the order of what is found wrong, and memory: what
 * needs no signature that verifies.  The others are arc-cases.yml. */
#include "arc/chain.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "dns/dns.h"
#include "mail/field.h"
#include "unit/arc/validate.h"
#include "unit/asked.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define AAR(i) "ARC-Authentication-Results: i=" i "; mx.example.net; none\r\n"
#define AMS(i) "ARC-Message-Signature: i=" i "; a=rsa-sha256; " \
	"c=relaxed/relaxed; d=example.net; s=m; h=from;\r\n" \
	"\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=YQ==\r\n"
#define SEAL(i, cv) "ARC-Seal: i=" i "; a=rsa-sha256; cv=" cv "; " \
	"d=example.net; s=k; b=YQ==\r\n"
#define SET(i, cv) SEAL(i, cv) AMS(i) AAR(i)
#define END "From: a@example.org\r\n\r\n"

static void
validate(struct arena *arena, const char *text, const char *lines,
    unsigned max_sets, struct arc_outcome *outcome)
{
	struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct resolver *zone = test_zone(lines);
	const struct validate_request request = {
		.resolver = zone, .options = &options,
		.text = slice_from_cstr(text), .chunk_octets = SIZE_MAX,
		.is_header_whole = true,
	};

	options.max_sets = max_sets;
	arc_validate_message(arena, &request, outcome);
	dns_destroy_resolver(&zone);
}

static void
test_outcomes(void **state)
{
	static const struct {
		const char *name, *text;
		enum arc_result result;
		enum arc_reason reason;
		unsigned instance;
	} cases[] = {
		{ "nothing", END, ARC_NONE, ARC_REASON_NONE, 0 },
		{ "names that are not ours",
		  "ARC-Seals: i=1\r\nX-ARC-Seal: i=1\r\n" END,
		  ARC_NONE, ARC_REASON_NONE, 0 },
		{ "ARC-Seal: x", "ARC-Seal: x\r\n" END,
		  ARC_FAIL, ARC_REASON_INSTANCE, 0 },
		{ "ARC-Seal:", "ARC-Seal:\r\n" END,
		  ARC_FAIL, ARC_REASON_INSTANCE, 0 },
		{ "in any case", "aRC-sEAL: x\r\n" END,
		  ARC_FAIL, ARC_REASON_INSTANCE, 0 },
		{ "AAR without AMS", SEAL("1", "none") AAR("1") END,
		  ARC_FAIL, ARC_REASON_INCOMPLETE, 1 },
		{ "AAR alone", AAR("1") END,
		  ARC_FAIL, ARC_REASON_INCOMPLETE, 1 },
		{ "AMS alone", AMS("1") END,
		  ARC_FAIL, ARC_REASON_INCOMPLETE, 1 },
		{ "set 2 alone", SET("2", "pass") END,
		  ARC_FAIL, ARC_REASON_INCOMPLETE, 1 },
		{ "1 and 3", SET("3", "pass") SET("1", "none") END,
		  ARC_FAIL, ARC_REASON_INCOMPLETE, 2 },
		{ "twice the same", SET("1", "none") SET("1", "none") END,
		  ARC_FAIL, ARC_REASON_DUPLICATE, 1 },
		{ "i=1 and i=01", SET("1", "none") AAR("01") END,
		  ARC_FAIL, ARC_REASON_DUPLICATE, 1 },
		{ "more than is looked at", SET("4", "pass") END,
		  ARC_FAIL, ARC_REASON_TOO_MANY, 4 },
		{ "the first trouble stays",
		  "ARC-Seal: x\r\n" SET("4", "pass") END,
		  ARC_FAIL, ARC_REASON_INSTANCE, 0 },
		{ "first cv=pass", SET("1", "pass") END,
		  ARC_FAIL, ARC_REASON_STATUS, 1 },
		{ "second cv=none", SET("2", "none") SET("1", "none") END,
		  ARC_FAIL, ARC_REASON_STATUS, 2 },
		{ "newest cv=fail", SET("2", "fail") SET("1", "none") END,
		  ARC_FAIL, ARC_REASON_FAILED, 2 },
		{ "first cv=fail below a pass",
		  SET("2", "pass") SET("1", "fail") END,
		  ARC_FAIL, ARC_REASON_STATUS, 1 },
		{ "newest cv=fail, the first wrong too",
		  SET("2", "fail") SET("1", "pass") END,
		  ARC_FAIL, ARC_REASON_FAILED, 2 },
		{ "no cv", "ARC-Seal: i=1; a=rsa-sha256; d=example.net; s=k; "
		  "b=YQ==\r\n" AMS("1") AAR("1") END,
		  ARC_FAIL, ARC_REASON_SYNTAX, 1 },
		{ "AMS that covers the seal", SEAL("1", "none")
		  "ARC-Message-Signature: i=1; a=rsa-sha256; d=example.net; "
		  "s=m; h=from:ARC-Seal; bh=YQ==; b=YQ==\r\n" AAR("1") END,
		  ARC_FAIL, ARC_REASON_SYNTAX, 1 },
		{ "no key", SET("1", "none") END,
		  ARC_FAIL, ARC_REASON_MESSAGE, 1 },
		{ "body hash wrong", SEAL("1", "none")
		  "ARC-Message-Signature: i=1; a=rsa-sha256; d=example.net; "
		  "s=m; h=from; bh=YQ==; b=YQ==\r\n" AAR("1") END,
		  ARC_FAIL, ARC_REASON_MESSAGE, 1 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct arc_outcome outcome;

		validate(arena, cases[i].text, "", 3, &outcome);
		if (cases[i].result != outcome.result ||
		    cases[i].reason != outcome.reason ||
		    cases[i].instance != outcome.failed_instance)
			fail_msg("%s: %s, %s, %u", cases[i].name,
			    arc_result_name(outcome.result),
			    arc_reason_text(outcome.reason),
			    outcome.failed_instance);
		assert_int_equal(outcome.oldest_pass, 0);
		arena_destroy(&arena);
	}
}

/* The last instance that can be is held to be the last of many. */
static void
test_last_instance(void **state)
{
	struct arena *arena = test_arena();
	struct arc_outcome outcome;

	(void)state;
	validate(arena, SET("50", "pass") END, "", ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.reason, ARC_REASON_INCOMPLETE);
	assert_int_equal(outcome.failed_instance, 1);
	validate(arena, SET("50", "pass") END, "", ARC_MAX_SETS - 1,
	    &outcome);
	assert_int_equal(outcome.reason, ARC_REASON_TOO_MANY);
	assert_int_equal(outcome.failed_instance, 50);
	arena_destroy(&arena);
}

/* The message's hash is compared before any key is waited for. */
static void
test_silent_dns(void **state)
{
	static const char lines[] = "m._domainkey.example.net TIMEOUT\n"
	    "k._domainkey.example.net SERVFAIL\n";
	struct arena *arena = test_arena();
	struct arc_outcome outcome;

	(void)state;
	validate(arena, SET("1", "none") END, lines, ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.result, ARC_TEMPERROR);
	assert_int_equal(outcome.reason, ARC_REASON_DNS);
	assert_int_equal(outcome.failed_instance, 1);
	/* What is broken anyway is no temporary trouble. */
	validate(arena, SET("1", "none") END "body\r\n", lines, ARC_MAX_SETS,
	    &outcome);
	assert_int_equal(outcome.result, ARC_FAIL);
	assert_int_equal(outcome.reason, ARC_REASON_MESSAGE);
	arena_destroy(&arena);
}

/* Whole sets are described although the chain fails; others are not. */
static void
test_sets(void **state)
{
	struct arena *arena = test_arena();
	struct arc_outcome outcome;

	(void)state;
	validate(arena, SET("1", "none") END, "", ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.n_sets, 1);
	test_assert_slice("sealer", outcome.sets[0].sealer, "example.net");
	test_assert_slice("selector", outcome.sets[0].seal_selector, "k");
	test_assert_slice("AMS", outcome.sets[0].message_domain,
	    "example.net");
	test_assert_slice("results", outcome.sets[0].results,
	    " mx.example.net; none");
	assert_true(outcome.sets[0].covers_from);
	assert_non_null(outcome.sets[0].aar);
	assert_non_null(outcome.sets[0].ams);
	assert_non_null(outcome.sets[0].seal);
	validate(arena, SET("2", "fail") SET("1", "none") END, "",
	    ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.n_sets, 2);
	validate(arena, SET("1", "pass") END, "", ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.n_sets, 0);
	validate(arena, AAR("1") END, "", ARC_MAX_SETS, &outcome);
	assert_int_equal(outcome.n_sets, 0);
	arena_destroy(&arena);
}

/* A thousand fields ask for no key once the chain is lost. */
static void
test_flood(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(""));
	static const struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct validate_request request = {
		.resolver = asked, .options = &options,
		.chunk_octets = SIZE_MAX, .is_header_whole = true,
	};
	struct arc_outcome outcome;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, arena, (size_t)1024 * 1024);
	strbuf_append_cstr(&text, SET("51", "pass"));
	for (unsigned i = 0; i < 1000; i++)
		strbuf_printf(&text, "ARC-Seal: i=%u; a=rsa-sha256; cv=pass; "
		    "d=d%u.example; s=k; b=YQ==\r\n", i % 60, i);
	strbuf_append_cstr(&text, END);
	assert_false(text.has_failed);
	request.text = strbuf_slice(&text);
	arc_validate_message(arena, &request, &outcome);
	assert_int_equal(outcome.reason, ARC_REASON_INSTANCE);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 0);
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* Out of memory is never the sealer's fault, and never a pass. */
static void
test_no_memory(void **state)
{
	unsigned n_internal = 0;

	(void)state;
	for (size_t ceiling = 4096; ceiling < 65536; ceiling += 256) {
		struct arena *text_arena = test_arena();
		struct arena *arena = arena_create(ceiling);
		struct dkim_body *body;
		struct resolver *zone = test_zone("");
		static const struct arc_options options = ARC_OPTIONS_DEFAULT;
		struct arc_outcome outcome = { .result = ARC_NONE };
		struct arc_chain *chain;
		struct mail_header header;
		struct slice rest;

		assert_non_null(arena);
		message_split(text_arena, SLICE(SET("2", "pass")
		    SET("1", "none") END), &header, &rest);
		body = dkim_body_create(arena, NULL);
		chain = body == NULL ? NULL :
		    arc_create(arena, &options, zone, body);
		if (chain != NULL) {
			for (size_t i = 0; i < header.n_fields; i++)
				arc_add_field(chain, &header.fields[i]);
			arc_end_header(chain, &header, true);
			arc_finish(chain, dkim_body_finish(body),
			    CLOCK_NEVER_MS, &outcome);
			if (outcome.reason == ARC_REASON_INTERNAL) {
				n_internal++;
				assert_int_equal(outcome.result,
				    ARC_TEMPERROR);
			} else if (!arena_has_failed(arena)) {
				assert_int_equal(outcome.reason,
				    ARC_REASON_MESSAGE);
			}
			assert_int_not_equal(outcome.result, ARC_PASS);
		}
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
		arena_destroy(&text_arena);
	}
	assert_int_not_equal(n_internal, 0);
}

static void
test_texts(void **state)
{
	static const struct {
		enum arc_result result;
		const char *name;
	} cases[] = {
		{ ARC_NONE, "none" },
		{ ARC_PASS, "pass" },
		{ ARC_FAIL, "fail" },
		{ ARC_TEMPERROR, "temperror" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_string_equal(arc_result_name(cases[i].result),
		    cases[i].name);
	assert_string_equal(arc_reason_text(ARC_REASON_NONE), "");
	for (unsigned i = 1; i <= ARC_REASON_INTERNAL; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    arc_reason_text((enum arc_reason)i),
			    arc_reason_text((enum arc_reason)k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_last_instance),
		cmocka_unit_test(test_silent_dns),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
