/* The DKIM-Signature field (RFC 6376 3.5, 6.1.1; RFC 8616). */
#include "dkim/body.h"
#include "dkim/signature.h"
#include "mail/field.h"
#include "unit/test.h"

#define START " v=1; a=rsa-sha256; d=example.org; s=k; "
#define END "; bh=YQ==; b=YQ=="
#define WHOLE START "h=from" END

static enum dkim_reason
parse(struct arena *arena, const char *value, struct dkim_signature *sig,
    struct mail_field *field)
{
	*field = (struct mail_field){ SLICE("DKIM-Signature"),
		test_exact_copy(slice_from_cstr(value)) };
	return dkim_parse_signature(arena, field, sig);
}

static void
test_reasons(void **state)
{
	static const struct {
		const char *value;
		enum dkim_reason reason;
	} cases[] = {
		{ WHOLE, DKIM_REASON_NONE },
		{ "", DKIM_REASON_MISSING_TAG },
		{ "v", DKIM_REASON_SYNTAX },
		{ WHOLE "; v=1", DKIM_REASON_SYNTAX },
		{ START "h=from; bh=YQ==; b=", DKIM_REASON_SYNTAX },
		{ START "h=from; bh=YQ==; b=Y", DKIM_REASON_SYNTAX },
		{ START "h=from; bh=; b=YQ==", DKIM_REASON_SYNTAX },
		{ START "h=from:" END, DKIM_REASON_SYNTAX },
		{ START "h=:from" END, DKIM_REASON_SYNTAX },
		{ START "h=" END, DKIM_REASON_SYNTAX },
		{ START "h=from to" END, DKIM_REASON_SYNTAX },
		{ START "h=from:\xc3\xa4" END, DKIM_REASON_SYNTAX },
		{ START "h=to" END, DKIM_REASON_FROM_NOT_SIGNED },
		{ START "h=to : \r\n\tFROM" END, DKIM_REASON_NONE },
		{ " v=1; a=rsa-sha256; d=org; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=rsa-sha256; d=example.org.; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=rsa-sha256; d=example.org; s=k.; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=rsa-sha256; d=192.0.2.1]; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=-sha256; d=example.org; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=1rsa-sha256; d=example.org; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=rsa-sha-256; d=example.org; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		/* 64 octets, and 65. */
		{ " v=1; a=rsa-sha256sha256sha256sha256sha256sha256sha256sha256"
		  "sha256sha256; d=example.org; s=k; h=from" END,
		  DKIM_REASON_ALGORITHM },
		{ " v=1; a=rsa-sha256sha256sha256sha256sha256sha256sha256sha256"
		  "sha256sha2567; d=example.org; s=k; h=from" END,
		  DKIM_REASON_SYNTAX },
		{ " v=1; a=rsa-md5; d=example.org; s=k; h=from" END,
		  DKIM_REASON_ALGORITHM },
		{ WHOLE "; c=simple /simple", DKIM_REASON_CANONICALIZATION },
		{ WHOLE "; c=/simple", DKIM_REASON_CANONICALIZATION },
		{ WHOLE "; c=", DKIM_REASON_CANONICALIZATION },
		{ WHOLE "; i=@example.org.", DKIM_REASON_SYNTAX },
		{ WHOLE "; i=@", DKIM_REASON_SYNTAX },
		{ WHOLE "; i==", DKIM_REASON_SYNTAX },
		{ WHOLE "; i=@example.org=", DKIM_REASON_SYNTAX },
		{ WHOLE "; i=@example.org=4", DKIM_REASON_SYNTAX },
		{ WHOLE "; i=@org", DKIM_REASON_DOMAIN_MISMATCH },
		{ WHOLE "; l=18446744073709551616", DKIM_REASON_NONE },
		{ WHOLE "; l= 5 ", DKIM_REASON_NONE },
		{ WHOLE "; l=5 5", DKIM_REASON_SYNTAX },
		{ WHOLE "; t=5; x=5", DKIM_REASON_SYNTAX },
		{ WHOLE "; t=5; x=6", DKIM_REASON_NONE },
		{ WHOLE "; t=99999999999999; x=6", DKIM_REASON_SYNTAX },
		{ WHOLE "; q=", DKIM_REASON_QUERY_METHOD },
		{ WHOLE "; q=x: DNS/TXT", DKIM_REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct dkim_signature sig;
		struct mail_field field;
		enum dkim_reason reason = parse(arena, cases[i].value, &sig,
		    &field);

		if (reason != cases[i].reason)
			fail_msg("%s: %s", cases[i].value,
			    dkim_reason_text(reason));
		test_free_copy(field.value);
		arena_destroy(&arena);
	}
}

/* The example of RFC 6376 3.5. */
static void
test_example(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_signature sig;
	struct mail_field field;

	(void)state;
	assert_int_equal(parse(arena, " v=1; a=rsa-sha256; d=example.net; "
	    "s=brisbane;\r\n"
	    "   c=simple; q=dns/txt; i=@eng.example.net;\r\n"
	    "   t=1117574938; x=1118006938;\r\n"
	    "   h=from:to:subject:date;\r\n"
	    "   z=From:foo@eng.example.net|To:joe@example.com|\r\n"
	    "    Subject:demo=20run|Date:July=205,=202005=203:44:08=20PM"
	    "=20-0700;\r\n"
	    "   bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n"
	    "   b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4"
	    "ZHRNiYzR", &sig, &field), DKIM_REASON_NONE);
	assert_int_equal(sig.algorithm, DKIM_RSA_SHA256);
	test_assert_slice("a", sig.algorithm_name, "rsa-sha256");
	test_assert_slice("d", sig.domain, "example.net");
	test_assert_slice("s", sig.selector, "brisbane");
	test_assert_slice("i", sig.identity, "@eng.example.net");
	test_assert_slice("i's domain", sig.identity_domain,
	    "eng.example.net");
	assert_int_equal(sig.header_form, CANON_SIMPLE);
	assert_int_equal(sig.body_form, CANON_SIMPLE);
	assert_true(sig.body_limit == DKIM_BODY_NO_LIMIT);
	assert_true(sig.has_timestamp && sig.has_expiration);
	assert_int_equal(sig.timestamp_s, 1117574938);
	assert_int_equal(sig.expiration_s, 1118006938);
	test_assert_slice("h", sig.names, "from:to:subject:date");
	assert_true(sig.covers_from);
	test_assert_slice("bh", sig.body_hash,
	    "12345678901234567890123456789012");
	assert_int_equal(sig.b.len, 48);
	test_assert_slice("b", (struct slice){ sig.b_prefix,
	    sig.b_prefix_octets }, "dzdVyOfA");
	test_free_copy(field.value);
	arena_destroy(&arena);
}

static void
test_values(void **state)
{
	struct arena *arena = test_arena();
	struct dkim_signature sig;
	struct mail_field field;

	(void)state;
	assert_int_equal(parse(arena, WHOLE "; l=3; t=1234567890123", &sig,
	    &field), DKIM_REASON_NONE);
	assert_int_equal(sig.body_limit, 3);
	assert_true(sig.timestamp_s == DKIM_TIME_NEVER);
	assert_false(sig.has_expiration);
	test_assert_slice("i by default", sig.identity, "@example.org");
	test_free_copy(field.value);

	/* Past what a number holds: no limit by another name. */
	assert_int_equal(parse(arena, WHOLE "; l=99999999999999999999", &sig,
	    &field), DKIM_REASON_NONE);
	assert_true(sig.body_limit == DKIM_BODY_NO_LIMIT - 1);
	test_free_copy(field.value);

	/* b= in pieces. */
	assert_int_equal(parse(arena, START "h=from; bh=YQ==; b= Y\r\n\tWJ jZ"
	    "\r\n\tGVmZ2hp", &sig, &field), DKIM_REASON_NONE);
	test_assert_slice("b", sig.b, "abcdefghi");
	test_assert_slice("prefix", (struct slice){ sig.b_prefix,
	    sig.b_prefix_octets }, "YWJjZGVm");
	test_free_copy(field.value);

	/* Broken, and yet it says whose it is. */
	assert_int_equal(parse(arena, " v=2; a=rsa-sha256; l=x; s=K;"
	    " d=B\xc3\xbc" "cher.Example", &sig, &field),
	    DKIM_REASON_VERSION);
	test_assert_slice("d", sig.domain, "xn--bcher-kva.example");
	test_assert_slice("s", sig.selector, "k");
	test_assert_slice("i", sig.identity, "@xn--bcher-kva.example");
	test_free_copy(field.value);
	arena_destroy(&arena);
}

static void
test_qp(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		const char *octets;
	} cases[] = {
		{ "", true, "" },
		{ "abc", true, "abc" },
		{ "a=3Bb=3d", true, "a;b=" },
		{ " a\r\n\tb\tc ", true, "abc" },
		{ "=E4=ff", true, "\xe4\xff" },
		{ "=", false, NULL },
		{ "=4", false, NULL },
		{ "a=4G", false, NULL },
		{ "a= 41", false, NULL },
		{ "=\r\n\t41", false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(
		    slice_from_cstr(cases[i].text));
		struct slice octets;

		if (dkim_decode_qp(arena, text, &octets) != cases[i].ok)
			fail_msg("%s: wrong answer", cases[i].text);
		if (cases[i].ok)
			test_assert_slice(cases[i].text, octets,
			    cases[i].octets);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* A full arena is not the signer's fault. */
static void
test_no_memory(void **state)
{
	static const struct mail_field field = { SLICE_INIT("DKIM-Signature"),
		SLICE_INIT(WHOLE "; i=joe@example.org") };

	(void)state;
	for (size_t ceiling = 16; ceiling < 1024; ceiling += 16) {
		struct arena *arena = arena_create(ceiling);
		struct dkim_signature sig;
		enum dkim_reason reason;

		assert_non_null(arena);
		reason = dkim_parse_signature(arena, &field, &sig);
		assert_int_equal(reason, arena_has_failed(arena) ?
		    DKIM_REASON_INTERNAL : DKIM_REASON_NONE);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_qp),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
