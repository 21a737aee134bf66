/* Messages as files have them: where the header ends, what a field is. */
#include "base/strbuf.h"
#include "inspect/message.h"
#include "mail/field.h"
#include "unit/test.h"

static const struct {
	const char *name, *octets;
	const char *fields;	/* "NAME:VALUE|" for each */
	const char *body;
} cases[] = {
	{ "LF", "A: 1\nB: 2\n\nbody\n", "A: 1|B: 2|", "body\n" },
	{ "CRLF", "A: 1\r\nB: 2\r\n\r\nbody\r\n", "A: 1|B: 2|",
	    "body\r\n" },
	{ "folded", "A: 1\n 2\n\t3\nB:4\n\n", "A: 1\r\n 2\r\n\t3|B:4|", "" },
	{ "a fold that is blank", "A: 1\n \nB: 2\n\nx", "A: 1\r\n |B: 2|",
	    "x" },
	{ "blank before the colon", "A : 1\n\n", "A: 1|", "" },
	{ "no body", "A: 1\n", "A: 1|", "" },
	{ "no line end", "A: 1", "A: 1|", "" },
	{ "no header", "\nbody", "", "body" },
	{ "CRLF, no header", "\r\nbody", "", "body" },
	{ "nothing", "", "", "" },
	{ "no empty line", "A: 1\nthis is text\nB: 2\n", "A: 1|",
	    "this is text\nB: 2\n" },
	{ "blank in a name", "A: 1\nB C: 2\n\nx", "A: 1|", "B C: 2\n\nx" },
	{ "colon alone", "A: 1\n: 2\n\nx", "A: 1|", ": 2\n\nx" },
	{ "begins with a fold", " A: 1\n\nx", "", " A: 1\n\nx" },
	{ "8-bit name", "\xc3\xa4: 1\n\nx", "", "\xc3\xa4: 1\n\nx" },
	{ "empty value", "A:\n\nx", "A:|", "x" },
	{ "lone CR is data", "A: 1\r2\n\nx", "A: 1\r2|", "x" },
};

static void
test_header(void **state)
{
	static const struct mail_header_limits limits = { 100, 10000 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice octets = test_exact_copy(
		    slice_from_cstr(cases[i].octets)), body;
		struct mail_header header;
		struct strbuf fields;

		mail_header_init(&header, arena);
		strbuf_init(&fields, arena, 10000);
		if (!message_read_header(octets, &limits, &header, &body))
			fail_msg("%s: no memory", cases[i].name);
		for (size_t j = 0; j < header.n_fields; j++) {
			strbuf_append(&fields, header.fields[j].name);
			strbuf_append_char(&fields, ':');
			strbuf_append(&fields, header.fields[j].value);
			strbuf_append_char(&fields, '|');
		}
		test_assert_slice(cases[i].name, strbuf_slice(&fields),
		    cases[i].fields);
		test_assert_slice(cases[i].name, body, cases[i].body);
		test_free_copy(octets);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
