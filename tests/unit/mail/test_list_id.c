/* tests/unit/mail/test_list_id.c - List-Id, RFC 2919's examples first. */
#include "mail/list_id.h"

#include "unit/test.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *name, *input, *want;	/* NULL: refused */
	} cases[] = {
		{ "phrase", " List Header Mailing List "
		    "<list-header.nisto.com>", "list-header.nisto.com" },
		{ "no phrase", "<commonspace-users.list-id.within.com>",
		    "commonspace-users.list-id.within.com" },
		{ "quoted phrase", "\"Lena's Personal Joke List\" "
		    "<lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999."
		    "localhost>", "lenas-jokes.da39efc25c530ad145d41b86f7420"
		    "c3b.021999.localhost" },
		{ "comment, then bracket", "\"An internal CMU List\" "
		    "<0Jks9449.list-id.cmu.edu>", "0jks9449.list-id.cmu.edu" },
		{ "folded", " A list\r\n\t<Users.Lists.example.ORG>\r\n ",
		    "users.lists.example.org" },
		{ "bracket in quotes", "\"<evil.example>\" <a.example.org>",
		    "a.example.org" },
		{ "bracket in a comment", "(<evil.example>) <a.example.org>",
		    "a.example.org" },
		{ "blanks within", "< a.example.org >", "a.example.org" },
		{ "the first bracket", "<a.example.org> <b.example.org>",
		    "a.example.org" },
		{ "no bracket", " users.lists.example.org ",
		    "users.lists.example.org" },
		{ "8-bit phrase", "B\xc3\xbc" "cher <b.example.org>",
		    "b.example.org" },
		{ "encoded-word", "=?utf-8?q?B=C3=BCcher?= <b.example.org>",
		    "b.example.org" },
		{ "empty", "", NULL },
		{ "blank", " \r\n ", NULL },
		{ "empty brackets", "<>", NULL },
		{ "no end", "<a.example.org", NULL },
		{ "only a phrase", "A list of ours", NULL },
		{ "no end of quotes", "\"A list <a.example.org>", NULL },
		{ "no end of comment", "(A list <a.example.org>", NULL },
		{ "an address", "<users@lists.example.org>", NULL },
		{ "empty label", "<a..example.org>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(slice_from_cstr(
		    cases[i].input));
		struct slice got;
		bool is_read = mail_parse_list_id(arena, in, &got);

		if (is_read != (cases[i].want != NULL))
			fail_msg("%s: %s", cases[i].name,
			    is_read ? "read" : "refused");
		test_assert_slice(cases[i].name, got,
		    is_read ? cases[i].want : "");
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
