/* What a failure report says of the people in it: nothing (RFC 6590). */
#include "base/strbuf.h"
#include "report/redact.h"
#include "unit/test.h"

static const struct siphash_key key = { 1, 2 };

/* "{word}" in an expectation stands for the word as it is redacted. */
static const char *
expand(struct arena *arena, const char *want)
{
	struct strbuf out;

	strbuf_init(&out, arena, 100000);
	for (; *want != '\0'; want++) {
		struct slice rest = slice_from_cstr(want + 1);

		if (*want != '{') {
			strbuf_append_char(&out, *want);
			continue;
		}
		rest = slice_head(rest, slice_find(rest, '}'));
		redact_append_local(&out, &key, rest);
		want += rest.len + 1;
	}
	return strbuf_cstr(&out);
}

static const struct {
	const char *name, *text, *want;
} texts[] = {
	{ "nothing", "", "" },
	{ "no address", "from mail.example.org by mx", "from mail.example.org "
	    "by mx" },
	{ "an address", "for <alice@example.org>; Sat", "for "
	    "<{alice}@example.org>; Sat" },
	{ "case", "ALICE@Example.ORG", "{alice}@Example.ORG" },
	{ "every kind of octet", "a.b+c=d!#$%&'*/?^_`{|}~-e@h",
	    NULL },
	{ "quoted", "\"Al \\\"ice\"@example.org", NULL },
	{ "quotes that are none", "\"Al\" <alice@example.org>",
	    "\"Al\" <{alice}@example.org>" },
	{ "an address within quotes", "\"alice@example.org\" <x>",
	    "\"{alice}@example.org\" <x>" },
	{ "a literal", "alice@[192.0.2.1]", "{alice}@[192.0.2.1]" },
	{ "two", "alice@a,bob@b", "{alice}@a,{bob}@b" },
	{ "three at", "a@b@c", "{a}@{b}@c" },
	{ "8-bit", "\xc3\xbc@\xc3\xa4.example x\xff", NULL },
	{ "no domain", "alice@ @x a @ b", "alice@ @x a @ b" },
	{ "DKIM's i=", "i=alice@example.org", "i={alice}@example.org" },
	{ "Authentication-Results", "smtp.mailfrom=alice@a header.i=@a",
	    "smtp.mailfrom={alice}@a header.i=@a" },
	{ "a login", "auth=pass smtp.auth=alice (LOGIN) smtp.AUTH=",
	    "auth=pass smtp.auth={alice} (LOGIN) smtp.AUTH=" },
	{ "a login with a domain", "smtp.auth=alice@a.example;",
	    "smtp.auth={alice}@a.example;" },
	{ "a login, quoted", "smtp.auth=\"al ice\" x", "smtp.auth={\"al ice\"} x" },
	{ "a login, by Postfix", "(Authenticated sender: alice)",
	    "(Authenticated sender: {alice})" },
	{ "a bounce address", "bounce-alice=a.example@list.example",
	    "{bounce-alice=a.example}@list.example" },
	{ "a web address", "see http://a.example/ HTTPS://b <https://c>",
	    "see hxxp://a.example/ hxxps://b <hxxps://c>" },
	{ "a web address with an address", "http://alice@a.example/",
	    "hxxp://{alice}@a.example/" },
	{ "no web address", "http: https:/ http", "http: https:/ http" },
	{ "folds", "a\r\n b\n\tc\r\n\r\nd", "a\n\tb\n\tc\n\td" },
	{ "controls", "a\x1b[31m\x07" "b\x7f", "a?[31m?b?" },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		struct arena *arena = test_arena();
		struct slice text =
		    test_exact_copy(slice_from_cstr(texts[i].text));
		struct strbuf out;

		strbuf_init(&out, arena, 10000);
		redact_append_text(&out, &key, text);
		if (texts[i].want != NULL)
			test_assert_slice(texts[i].name, strbuf_slice(&out),
			    expand(arena, texts[i].want));
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* What the table above cannot spell. */
static void
test_locals(void **state)
{
	static const struct {
		struct slice local;
		const char *behind;
	} cases[] = {
		{ SLICE_INIT("a.b+c=d!#$%&'*/?^_`{|}~-e"), "@h" },
		{ SLICE_INIT("\"Al \\\"ice\""), "@example.org" },
		{ SLICE_INIT("\xc3\xbc"), "@x" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf text, want, out;

		strbuf_init(&text, arena, 1000);
		strbuf_init(&want, arena, 1000);
		strbuf_init(&out, arena, 1000);
		strbuf_append(&text, cases[i].local);
		strbuf_append_cstr(&text, cases[i].behind);
		redact_append_local(&want, &key, cases[i].local);
		strbuf_append_cstr(&want, cases[i].behind);
		redact_append_text(&out, &key, strbuf_slice(&text));
		test_assert_slice("local part", strbuf_slice(&out),
		    strbuf_cstr(&want));
		arena_destroy(&arena);
	}
}

static const struct {
	const char *name, *value, *want;
} addresses[] = {
	{ "one", " Alice Liddell <alice@example.org>", "<{alice}@example.org>" },
	{ "bare", "alice@example.org (Alice)", "<{alice}@example.org>" },
	{ "several", "\"B, C\" <b@x>, d@y,\r\n e@z", "<{b}@x>, <{d}@y>, "
	    "<{e}@z>" },
	{ "a group", "friends: a@x, b@y;", "<{a}@x>, <{b}@y>" },
	{ "none", "undisclosed-recipients:;", "" },
	{ "in an encoded word", "=?utf-8?q?alice@home?= <a@x>",
	    "<{=?utf-8?q?alice}@home>, <{a}@x>" },
	{ "a name with an end of line", "a@x\nBcc: b", "<{a}@x>" },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		struct arena *arena = test_arena();
		struct slice value =
		    test_exact_copy(slice_from_cstr(addresses[i].value));
		struct strbuf out;

		strbuf_init(&out, arena, 10000);
		redact_append_addresses(&out, &key, value);
		test_assert_slice(addresses[i].name, strbuf_slice(&out),
		    expand(arena, addresses[i].want));
		test_free_copy(value);
		arena_destroy(&arena);
	}
}

/* Lines stay within what mail allows; a hostile field costs no more than its
 * length. */
static void
test_long(void **state)
{
	static const char *const parts[] = { "a", "a@b ", "\"", "\"\\", "@",
		"\\\"", "http://", "\"\" " };
	struct arena *arena = arena_create(64 * 1024 * 1024);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		struct strbuf text, out;
		size_t column = 0;

		strbuf_init(&text, arena, 1024 * 1024);
		strbuf_init(&out, arena, 16 * 1024 * 1024);
		while (text.len < 200000)
			strbuf_append_cstr(&text, parts[i]);
		redact_append_text(&out, &key, strbuf_slice(&text));
		assert_false(out.has_failed);
		for (size_t j = 0; j < out.len; j++) {
			column = out.ptr[j] == '\n' ? 0 : column + 1;
			assert_true(column <= 950);
		}
		arena_reset(arena);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_locals),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
