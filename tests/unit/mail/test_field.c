/* The header as a list of fields (RFC 5322 2.2). */
#include "mail/field.h"
#include "unit/test.h"

static const struct mail_header_limits no_limits =
    { .max_fields = SIZE_MAX, .max_octets = SIZE_MAX };

static void
test_line_ends(void **state)
{
	static const struct {
		const char *name, *field_name, *value, *want_name, *want_value;
	} cases[] = {
		{ "no fold", "Subject", " x", "Subject", " x" },
		{ "leading space is kept", "Subject", "  x ", "Subject",
		  "  x " },
		{ "LF becomes CRLF", "To", " a,\n b,\n\tc", "To",
		  " a,\r\n b,\r\n\tc" },
		{ "CRLF stays", "To", " a,\r\n b", "To", " a,\r\n b" },
		{ "both mixed", "To", "a\r\n b\n c", "To", "a\r\n b\r\n c" },
		{ "LF first", "To", "\n x", "To", "\r\n x" },
		{ "lone CR is data", "To", " a\r b\r", "To", " a\r b\r" },
		{ "CR CR LF", "To", "a\r\r\n b", "To", "a\r\r\n b" },
		{ "last line end, LF", "To", " a\n", "To", " a" },
		{ "last line end, CRLF", "To", " a\n b\r\n", "To",
		  " a\r\n b" },
		{ "empty value", "To", "", "To", "" },
		{ "blank before the colon", "To \t", " a", "To", " a" },
		{ "8-bit", "X-\xc3\xa4", " \xff", "X-\xc3\xa4", " \xff" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_header header;
		struct slice name = test_exact_copy(
		    slice_from_cstr(cases[i].field_name));
		struct slice value = test_exact_copy(
		    slice_from_cstr(cases[i].value));

		mail_header_init(&header, arena);
		if (mail_header_add(&header, &no_limits, name, value) !=
		    MAIL_HEADER_OK)
			fail_msg("%s: refused", cases[i].name);
		test_free_copy(name);
		test_free_copy(value);
		test_assert_slice(cases[i].name, header.fields[0].name,
		    cases[i].want_name);
		test_assert_slice(cases[i].name, header.fields[0].value,
		    cases[i].want_value);
		assert_int_equal(header.n_octets, header.fields[0].name.len +
		    header.fields[0].value.len);
		arena_destroy(&arena);
	}
}

static void
test_limits(void **state)
{
	static const struct {
		const char *name, *value;
		size_t max_fields, max_octets;
		enum mail_header_status status;
	} cases[] = {
		{ "fits exactly", "12345", 2, 13,  MAIL_HEADER_OK },
		{ "an octet over", "12345", 2, 12, MAIL_HEADER_TOO_LARGE },
		{ "the CR of a fold counts", "1\n 45", 2, 13,
		  MAIL_HEADER_TOO_LARGE },
		{ "a field over", "12345", 1, 100, MAIL_HEADER_TOO_LARGE },
		{ "name alone is over", "", 2, 7, MAIL_HEADER_TOO_LARGE },
		{ "no room left at all", "", 2, 4, MAIL_HEADER_TOO_LARGE },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_header header;
		struct mail_header_limits limits = {
			cases[i].max_fields, cases[i].max_octets };

		mail_header_init(&header, arena);
		assert_int_equal(mail_header_add(&header, &limits,
		    SLICE("To"), SLICE(" a")), MAIL_HEADER_OK);
		if (mail_header_add(&header, &limits, SLICE("From"),
		    slice_from_cstr(cases[i].value)) != cases[i].status)
			fail_msg("%s: wrong status", cases[i].name);
		assert_int_equal(header.n_fields,
		    cases[i].status == MAIL_HEADER_OK ? 2 : 1);
		arena_destroy(&arena);
	}
}

static void
test_full_arena(void **state)
{
	struct arena *arena = arena_create(4096);
	struct mail_header header;
	enum mail_header_status status;

	(void)state;
	assert_non_null(arena);
	mail_header_init(&header, arena);
	do {
		status = mail_header_add(&header, &no_limits, SLICE("X"),
		    SLICE(" 1234567890\n 1234567890"));
	} while (status == MAIL_HEADER_OK);
	assert_int_equal(status, MAIL_HEADER_NO_MEMORY);
	assert_true(header.n_fields > 0);
	test_assert_slice("last one", header.fields[header.n_fields - 1].value,
	    " 1234567890\r\n 1234567890");
	arena_destroy(&arena);
}

static void
test_find(void **state)
{
	struct arena *arena = test_arena();
	struct mail_header header;
	char value[] = " 0";

	(void)state;
	mail_header_init(&header, arena);
	for (int i = 0; i < 100; i++) {
		value[1] = (char)('0' + i % 10);
		assert_int_equal(mail_header_add(&header, &no_limits,
		    i % 10 < 3 ? SLICE("Received") : SLICE("X-Y"),
		    slice_from_cstr(value)), MAIL_HEADER_OK);
	}
	assert_int_equal(header.n_fields, 100);
	assert_int_equal(mail_header_count(&header, SLICE("rEceived")), 30);
	assert_int_equal(mail_header_count(&header, SLICE("Receive")), 0);
	assert_null(mail_header_get(&header, SLICE("received"), 30));
	assert_null(mail_header_get(&header, SLICE("to"), 0));
	test_assert_slice("first", mail_header_get(&header,
	    SLICE("x-y"), 0)->value, " 3");
	test_assert_slice("last", mail_header_get(&header,
	    SLICE("RECEIVED"), 29)->value, " 2");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
