/* The fields of an ARC set (RFC 8617 4.1). */
#include "arc/set.h"

#include "mail/field.h"
#include "unit/test.h"

#define NAMES "a=rsa-sha256; d=example.net; s=k; b=YQ==; "
#define AMS NAMES "bh=YQ==; "

static void
parse(struct arena *arena, enum arc_kind kind, const char *value,
    struct mail_field *field, struct arc_field *arc)
{
	*field = (struct mail_field){ SLICE("ARC-Any"),
		test_exact_copy(slice_from_cstr(value)) };
	arc_parse_field(arena, kind, field, arc);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool is_arc;
		enum arc_kind kind;
	} cases[] = {
		{ "ARC-Authentication-Results", true, ARC_AAR },
		{ "arc-message-signature", true, ARC_AMS },
		{ "ARC-SEAL", true, ARC_SEAL },
		{ "ARC-Seals", false, ARC_AAR },
		{ "ARC-", false, ARC_AAR },
		{ "", false, ARC_AAR },
		{ "Authentication-Results", false, ARC_AAR },
		{ "X-ARC-Seal", false, ARC_AAR },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice name = test_exact_copy(
		    slice_from_cstr(cases[i].name));
		enum arc_kind kind = ARC_AAR;

		if (arc_find_kind(name, &kind) != cases[i].is_arc ||
		    arc_is_field(name) != cases[i].is_arc ||
		    (cases[i].is_arc && kind != cases[i].kind))
			fail_msg("%s: wrong kind", cases[i].name);
		test_free_copy(name);
	}
}

/* instance-position = 1*2DIGIT ; 1 - 50 */
static void
test_instances(void **state)
{
	static const struct {
		const char *aar, *tags;	/* tags: of AMS and seal */
		unsigned instance;
	} cases[] = {
		{ "i=1; x; none", "i=1; ", 1 },
		{ " i=1; x; none", " i=1; ", 1 },
		{ "i=1;", "i=1", 1 },
		{ "i=01; x", "i=01; ", 1 },
		{ "i=9; x", "i=9; ", 9 },
		{ "i=50; x", "i=50; ", 50 },
		{ " i = 1 ; x", " i = 1 ; ", 1 },
		{ "\r\n\ti\r\n\t=\r\n\t1\r\n\t; x",
		  "\r\n\ti\r\n\t=\r\n\t1\r\n\t; ", 1 },
		{ "", "", 0 },
		{ ";", "", 0 },
		{ "i", "i", 0 },
		{ "i=", "i=; ", 0 },
		{ "i=;", "i=", 0 },
		{ "i=0; x", "i=0; ", 0 },
		{ "i=00; x", "i=00; ", 0 },
		{ "i=51; x", "i=51; ", 0 },
		{ "i=99; x", "i=99; ", 0 },
		{ "i=001; x", "i=001; ", 0 },
		{ "i=100; x", "i=100; ", 0 },
		{ "i=4294967297; x", "i=4294967297; ", 0 },
		{ "i=18446744073709551617; x", "i=18446744073709551617; ", 0 },
		{ "i=-1; x", "i=-1; ", 0 },
		{ "i=+1; x", "i=+1; ", 0 },
		{ "i=1x; x", "i=1x; ", 0 },
		{ "i=x1; x", "i=x1; ", 0 },
		{ "i=1 1; x", "i=1 1; ", 0 },
		{ "i=1.0; x", "i=1.0; ", 0 },
		{ "i=\xd9\xa1; x", "i=\xd9\xa1; ", 0 },
		{ "I=1; x", "I=1; ", 0 },
		{ "ii=1; x", "ii=1; ", 0 },
		{ "=1; x", "=1; ", 0 },
		{ "x; i=1; x", "x; i=1; ", 0 },
		{ "x", "x", 0 },
		{ "i=1", "i=1; i=1; ", 0 },
		{ "i=1 x; none", "i=1; i=2; ", 0 },
		{ "1; x", "1; ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		for (unsigned kind = 0; kind < ARC_N_KINDS; kind++) {
			struct arena *arena = test_arena();
			const char *text = kind == ARC_AAR ? cases[i].aar :
			    cases[i].tags;
			struct mail_field field;
			struct arc_field arc;

			parse(arena, (enum arc_kind)kind, text, &field, &arc);
			if (arc.instance != cases[i].instance ||
			    arc.kind != (enum arc_kind)kind)
				fail_msg("\"%s\": instance %u", text,
				    arc.instance);
			test_free_copy(field.value);
			arena_destroy(&arena);
		}
}

static void
test_results(void **state)
{
	static const struct {
		const char *value, *results;
	} cases[] = {
		{ "i=1; mx.example.net; none", " mx.example.net; none" },
		{ " i=12;mx.example.net;spf=pass", "mx.example.net;spf=pass" },
		{ "i=1;", "" },
		{ "i=1;;", ";" },
		{ "i=1; a;\r\n\tdmarc=pass (p=none; i=2;)",
		  " a;\r\n\tdmarc=pass (p=none; i=2;)" },
		{ "i=1; \xff\x80 x", " \xff\x80 x" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_field field;
		struct arc_field arc;

		parse(arena, ARC_AAR, cases[i].value, &field, &arc);
		assert_false(arc.is_malformed);
		test_assert_slice(cases[i].value, arc.results,
		    cases[i].results);
		test_free_copy(field.value);
		arena_destroy(&arena);
	}
}

static void
test_seals(void **state)
{
	static const struct {
		const char *value;
		bool is_malformed;
		enum arc_status status;	/* where it is not */
	} cases[] = {
		{ NAMES "cv=none; i=1", false, ARC_STATUS_NONE },
		{ NAMES "cv=pass; i=1", false, ARC_STATUS_PASS },
		{ NAMES "cv=fail; i=1", false, ARC_STATUS_FAIL },
		{ NAMES "cv=PaSS; i=1", false, ARC_STATUS_PASS },
		{ NAMES "cv = \r\n none ; i=1;", false, ARC_STATUS_NONE },
		{ NAMES "cv=none; i=1; t=12345; x_y=z", false,
		  ARC_STATUS_NONE },
		/* bh= and c= are not defined for it: unknown tags. */
		{ NAMES "cv=none; i=1; bh=?; c=x", false, ARC_STATUS_NONE },
		{ NAMES "i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=passed; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=pas; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=pass pass; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "CV=pass; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=none; h=from; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=none; h=; i=1", true, ARC_STATUS_FAIL },
		{ NAMES "cv=none; t=x; i=1", true, ARC_STATUS_FAIL },
		{ "cv=none; i=1", true, ARC_STATUS_FAIL },
		{ "a=rsa-sha1; d=example.net; s=k; b=YQ==; cv=none; i=1",
		  true, ARC_STATUS_FAIL },
		{ "a=rsa-sha256; d=net; s=k; b=YQ==; cv=none; i=1",
		  true, ARC_STATUS_FAIL },
		{ "a=rsa-sha256; d=example.net; s=k; b=; cv=none; i=1",
		  true, ARC_STATUS_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_field field;
		struct arc_field arc;

		parse(arena, ARC_SEAL, cases[i].value, &field, &arc);
		if (arc.instance != 1 ||
		    arc.is_malformed != cases[i].is_malformed ||
		    (!arc.is_malformed && arc.status != cases[i].status))
			fail_msg("%s: wrong", cases[i].value);
		test_free_copy(field.value);
		arena_destroy(&arena);
	}
}

static void
test_message_signatures(void **state)
{
	static const struct {
		const char *value;
		bool is_malformed, covers_from;
	} cases[] = {
		{ AMS "h=from; i=1", false, true },
		{ AMS "h=to : FROM\r\n\t: cc; i=1", false, true },
		{ AMS "h=to; i=1", false, false },
		{ AMS "h=x-from:fromage; i=1", false, false },
		/* The public suite has these verify. */
		{ AMS "h=; i=1", false, false },
		{ AMS "h=to::from; i=1", false, true },
		{ AMS "h=from; v=1; i=1", false, true },
		{ AMS "h=from; c=simple/relaxed; l=5; q=dns/txt; t=1; x=2; "
		  "i=1", false, true },
		{ AMS "h=from; cv=none; i=1", false, true },
		{ AMS "i=1", true, false },
		{ AMS "h=from:arc-seal; i=1", true, true },
		{ AMS "h=from: ARC-SEAL ; i=1", true, true },
		{ AMS "h=from:arc-seals; i=1", false, true },
		{ AMS "h=from; c=nowsp; i=1", true, true },
		{ AMS "h=from; l=x; i=1", true, true },
		{ AMS "h=from; q=x; i=1", true, true },
		{ NAMES "h=from; i=1", true, true },
		{ "h=from; i=1", true, true },
		{ "a=rsa-sha1; d=example.net; s=k; b=YQ==; bh=YQ==; h=from; "
		  "i=1", true, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_field field;
		struct arc_field arc;

		parse(arena, ARC_AMS, cases[i].value, &field, &arc);
		if (arc.instance != 1 ||
		    arc.is_malformed != cases[i].is_malformed ||
		    (!arc.is_malformed &&
		    arc.sig.covers_from != cases[i].covers_from))
			fail_msg("%s: wrong", cases[i].value);
		test_free_copy(field.value);
		arena_destroy(&arena);
	}
}

/* Without c= both forms are relaxed; DKIM's default is another. */
static void
test_forms(void **state)
{
	static const struct {
		const char *value;
		enum canon_form header, body;
	} cases[] = {
		{ AMS "h=from; i=1", CANON_RELAXED, CANON_RELAXED },
		{ AMS "h=from; c=simple; i=1", CANON_SIMPLE, CANON_SIMPLE },
		{ AMS "h=from; c=relaxed; i=1", CANON_RELAXED, CANON_SIMPLE },
		{ AMS "h=from; c=simple/relaxed; i=1", CANON_SIMPLE,
		  CANON_RELAXED },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_field field;
		struct arc_field arc;

		parse(arena, ARC_AMS, cases[i].value, &field, &arc);
		assert_int_equal(arc.sig.header_form, cases[i].header);
		assert_int_equal(arc.sig.body_form, cases[i].body);
		test_free_copy(field.value);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_seals),
		cmocka_unit_test(test_message_signatures),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
