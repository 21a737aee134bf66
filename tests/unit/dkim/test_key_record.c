/* Key records (RFC 6376 3.6.1, RFC 8463 4). */
#include "dkim/key_record.h"
#include "unit/test.h"

enum {
	KNOWN = 1, ED25519 = 2, SHA256 = 4, EMAIL = 8, TESTING = 16,
	STRICT = 32,
	USUAL = KNOWN | SHA256 | EMAIL,
};

static int
flags_of(const struct dkim_key_record *record)
{
	return (record->has_known_type ? KNOWN : 0) |
	    (record->has_known_type && record->type == DKIM_KEY_ED25519 ?
	    ED25519 : 0) |
	    (record->allows_sha256 ? SHA256 : 0) |
	    (record->allows_email ? EMAIL : 0) |
	    (record->is_testing ? TESTING : 0) |
	    (record->is_strict ? STRICT : 0);
}

static void
test_records(void **state)
{
	static const struct {
		const char *text, *octets;	/* NULL: KEY_SYNTAX */
		int flags;
	} cases[] = {
		{ "p=YWJj", "abc", USUAL },
		{ "v=DKIM1; p=YWJj", "abc", USUAL },
		{ "v=DKIM1;p=YWJj;", "abc", USUAL },
		{ " v = DKIM1 ;\t p = YW Jj ; ", "abc", USUAL },
		{ "p=YWJj; n=x; g=*; zz=9", "abc", USUAL },
		{ "p=", "", USUAL },
		{ "k=rsa; p=YWJj", "abc", USUAL },
		{ "k=RSA; p=YWJj", "abc", USUAL },
		{ "k=ed25519; p=YWJj", "abc", USUAL | ED25519 },
		{ "k=; p=YWJj", "abc", SHA256 | EMAIL },
		{ "k=ed448; p=YWJj", "abc", SHA256 | EMAIL },
		{ "h=sha256; p=YWJj", "abc", USUAL },
		{ "h=sha1 : SHA256 :x; p=YWJj", "abc", USUAL },
		{ "h=rsa-sha256; p=YWJj", "abc", USUAL },
		{ "h=rsa-sha1; p=YWJj", "abc", KNOWN | EMAIL },
		{ "h=sha1; p=YWJj", "abc", KNOWN | EMAIL },
		{ "h=; p=YWJj", "abc", KNOWN | EMAIL },
		{ "s=*; p=YWJj", "abc", USUAL },
		{ "s=a:email; p=YWJj", "abc", USUAL },
		{ "s=a:b; p=YWJj", "abc", KNOWN | SHA256 },
		{ "t=y; p=YWJj", "abc", USUAL | TESTING },
		{ "t= s : y ; p=YWJj", "abc", USUAL | TESTING | STRICT },
		{ "t=x:sy; p=YWJj", "abc", USUAL },
		{ "", NULL, 0 },
		{ "v=DKIM1", NULL, 0 },
		{ "v=DKIM1; P=YWJj", NULL, 0 },
		{ "v=DKIM2; p=YWJj", NULL, 0 },
		{ "v=Dkim1; p=YWJj", NULL, 0 },
		{ "v=; p=YWJj", NULL, 0 },
		{ "p=YWJj; v=DKIM1", NULL, 0 },
		{ "p=YWJj; p=YWJj", NULL, 0 },
		{ "p=YWJ$", NULL, 0 },
		{ "p=Y", NULL, 0 },
		{ ";p=YWJj", NULL, 0 },
		{ "\"p=YWJj\"", NULL, 0 },
		{ "v=spf1 -all", NULL, 0 },
		{ "a=;b=;c=;d=;e=;f=;g=;i=;j=;l=;m=;o=;q=;r=;u=;w=;x=;y=;z=;"
		  "A=;B=;C=;D=;E=;F=;G=;H=;I=;J=;K=;L=;p=YWJj", "abc",
		  USUAL },
		{ "a=;b=;c=;d=;e=;f=;g=;i=;j=;l=;m=;o=;q=;r=;u=;w=;x=;y=;z=;"
		  "A=;B=;C=;D=;E=;F=;G=;H=;I=;J=;K=;L=;M=;p=YWJj", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text = test_exact_copy(
		    slice_from_cstr(cases[i].text));
		struct dkim_key_record record;
		enum dkim_reason reason = dkim_parse_key_record(arena, text,
		    &record);

		if (reason != (cases[i].octets != NULL ? DKIM_REASON_NONE :
		    DKIM_REASON_KEY_SYNTAX))
			fail_msg("%s: %s", cases[i].text,
			    dkim_reason_text(reason));
		if (cases[i].octets != NULL) {
			test_assert_slice(cases[i].text, record.octets,
			    cases[i].octets);
			if (flags_of(&record) != cases[i].flags)
				fail_msg("%s: flags", cases[i].text);
		}
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(1);
	struct dkim_key_record record;

	(void)state;
	assert_non_null(arena);
	assert_int_equal(dkim_parse_key_record(arena, SLICE("p=YWJj"),
	    &record), DKIM_REASON_INTERNAL);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
