/* tag=value lists (RFC 6376 3.2). */
#include "base/cursor.h"
#include "mail/taglist.h"
#include "unit/test.h"

static void
test_take(void **state)
{
	static const struct {
		const char *name, *input;
		enum tag_step step;
		const char *tag, *value;
	} cases[] = {
		{ "one tag", "v=1", TAG_FOUND, "v", "1" },
		{ "folded value", "h=a\r\n :b ;", TAG_FOUND, "h",
		  "a\r\n :b" },
		{ "blanks everywhere", " \r\n\tb = c ; d=e", TAG_FOUND, "b",
		  "c" },
		{ "empty value", "p=;", TAG_FOUND, "p", "" },
		{ "equals in value", "bh=ab==", TAG_FOUND, "bh", "ab==" },
		{ "underscore and digit", "x_2=y", TAG_FOUND, "x_2", "y" },
		{ "8-bit for RFC 8616", "d=\xc3\xa4.org", TAG_FOUND, "d",
		  "\xc3\xa4.org" },
		{ "nothing", "", TAG_END, "", "" },
		{ "blanks only", " \r\n ", TAG_END, "", "" },
		{ "no equals", "v1", TAG_MALFORMED, NULL, NULL },
		{ "no name", "=1", TAG_MALFORMED, NULL, NULL },
		{ "digit first", "1v=1", TAG_MALFORMED, NULL, NULL },
		{ "control in value", "v=\x01", TAG_MALFORMED, NULL, NULL },
		{ "lone semicolon", ";", TAG_MALFORMED, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct cursor cur = cursor_of(in);
		struct tag tag;

		if (tag_take(&cur, &tag) != cases[i].step)
			fail_msg("%s: wrong step", cases[i].name);
		if (cases[i].tag != NULL) {
			test_assert_slice(cases[i].name, tag.name,
			    cases[i].tag);
			test_assert_slice(cases[i].name, tag.value,
			    cases[i].value);
		}
		test_free_copy(in);
	}
}

static void
test_list(void **state)
{
	static const struct {
		const char *input;
		bool ok;
		size_t n;
	} cases[] = {
		{ "v=1; a=b; c=d", true, 3 },
		{ "v=1; a=b; c=d;", true, 3 },
		{ "v=1; V=2", true, 2 },	/* names are case-sensitive */
		{ "", true, 0 },
		{ "v=1; v=1", false, 0 },	/* 3.2: duplicate */
		{ "v=1;; a=b", false, 0 },
		{ "a=1;b=1;c=1;d=1;e=1", false, 0 },	/* over MAX */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct tag tags[4];
		size_t n;

		if (tag_parse_list(in, tags, N_ELEMENTS(tags), &n) !=
		    cases[i].ok || n != cases[i].n)
			fail_msg("%s: wrong answer", cases[i].input);
		test_free_copy(in);
	}
}

static void
test_elements(void **state)
{
	struct cursor cur = cursor_of(SLICE("from : to\r\n :: x"));
	static const char *const want[] = { "from", "to", "", "x" };
	struct slice element;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(want); i++) {
		assert_true(tag_take_element(&cur, ':', &element));
		test_assert_slice("element", element, want[i]);
	}
	assert_false(tag_take_element(&cur, ':', &element));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
