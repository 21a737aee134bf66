/* Domain names in mail (RFC 5321 4.1.2, RFC 5890, UTS 46). */
#include <string.h>

#include "mail/domain.h"
#include "unit/test.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define L64 L63 "d"
#define N253 L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"

static void
test_normalize(void **state)
{
	static const struct {
		const char *name;
		struct slice input;
		const char *want;	/* NULL: no domain name */
	} cases[] = {
		{ "plain", SLICE_INIT("example.org"), "example.org" },
		{ "upper case", SLICE_INIT("EXAMPLE.Org"), "example.org" },
		{ "the root's dot goes", SLICE_INIT("example.org."),
		  "example.org" },
		{ "one label", SLICE_INIT("localhost"), "localhost" },
		{ "digits", SLICE_INIT("192.0.2.1"), "192.0.2.1" },
		{ "underscore", SLICE_INIT("_dmarc.example.org"),
		  "_dmarc.example.org" },
		{ "hyphens anywhere", SLICE_INIT("-a-.r3---sn.example"),
		  "-a-.r3---sn.example" },
		{ "an A-label is not judged", SLICE_INIT("XN--a.example"),
		  "xn--a.example" },
		{ "label of 63", SLICE_INIT(L63 ".org"), L63 ".org" },
		{ "label of 64", SLICE_INIT(L64 ".org"), NULL },
		{ "last label of 64", SLICE_INIT("a." L64), NULL },
		{ "name of 253", SLICE_INIT(N253), N253 },
		{ "name of 253 and dot", SLICE_INIT(N253 "."), N253 },
		{ "name of 254", SLICE_INIT(N253 "b"), NULL },

		{ "nothing", SLICE_INIT(""), NULL },
		{ "the root", SLICE_INIT("."), NULL },
		{ "two dots at the end", SLICE_INIT("example.org.."), NULL },
		{ "dot in front", SLICE_INIT(".example.org"), NULL },
		{ "empty label", SLICE_INIT("example..org"), NULL },
		{ "blank", SLICE_INIT("exam ple.org"), NULL },
		{ "blank at the end", SLICE_INIT("example.org "), NULL },
		{ "NUL", SLICE_INIT("example.org\0.evil.example"), NULL },
		{ "literal", SLICE_INIT("[192.0.2.1]"), NULL },
		{ "at sign", SLICE_INIT("a@example.org"), NULL },
		{ "colon", SLICE_INIT("2001:db8::1"), NULL },
		{ "quote", SLICE_INIT("\"example\".org"), NULL },
		{ "percent", SLICE_INIT("a%b.org"), NULL },
		{ "escape", SLICE_INIT("a\\.b.org"), NULL },

		{ "umlaut", SLICE_INIT("b\xc3\xbc" "cher.example"),
		  "xn--bcher-kva.example" },
		{ "umlaut, upper case", SLICE_INIT("B\xc3\x9c" "CHER.Example."),
		  "xn--bcher-kva.example" },
		{ "not transitional",
		  SLICE_INIT("stra\xc3\x9f" "e.example"),
		  "xn--strae-oqa.example" },
		{ "decomposed", SLICE_INIT("bu\xcc\x88" "cher.example"),
		  "xn--bcher-kva.example" },
		{ "greek, final sigma kept",
		  SLICE_INIT("\xcf\x83\xcf\x82.example"),
		  "xn--3xab.example" },
		{ "ideographic full stop",
		  SLICE_INIT("\xe4\xbe\x8b\xe3\x80\x82" "Example"),
		  "xn--fsq.example" },
		{ "fullwidth full stop between ASCII labels",
		  SLICE_INIT("mail\xef\xbc\x8e" "example\xef\xbd\xa1"),
		  "mail.example" },
		{ "fullwidth letters", SLICE_INIT("\xef\xbc\xa1" "b.example"),
		  "ab.example" },
		{ "beside an A-label that is none",
		  SLICE_INIT("b\xc3\xbc" "cher.xn--a"), "xn--bcher-kva.xn--a" },
		{ "beside an underscore",
		  SLICE_INIT("_dmarc.b\xc3\xbc" "cher.example"),
		  "_dmarc.xn--bcher-kva.example" },
		{ "beside two hyphens",
		  SLICE_INIT("r3---sn.b\xc3\xbc" "cher.example"),
		  "r3---sn.xn--bcher-kva.example" },

		{ "bad UTF-8", SLICE_INIT("b\xfc" "cher.example"), NULL },
		{ "cut UTF-8", SLICE_INIT("example.b\xc3"), NULL },
		{ "overlong dot", SLICE_INIT("a\xc0\xae" "b"), NULL },
		{ "surrogate", SLICE_INIT("a\xed\xa0\x80.example"), NULL },
		{ "fullwidth at sign",
		  SLICE_INIT("a\xef\xbc\xa0" "b.example"), NULL },
		{ "fullwidth percent",
		  SLICE_INIT("a\xef\xbc\x85" "b.example"), NULL },
		{ "a leader is no dot",
		  SLICE_INIT("a\xe2\x80\xa4" "b.example"), NULL },
		{ "nothing but a soft hyphen",
		  SLICE_INIT("\xc2\xad.example"), NULL },
		{ "ASCII mapped from 8-bit: A-label is judged",
		  SLICE_INIT("\xef\xbd\x98n--a.example"), NULL },
		{ "emoji", SLICE_INIT("\xf0\x9f\x98\x80.example"), NULL },
		{ "no-break space", SLICE_INIT("a\xc2\xa0" "b.example"), NULL },
		{ "leading combining mark",
		  SLICE_INIT("\xcc\x88" "a.example"), NULL },
		{ "empty label beside U-label",
		  SLICE_INIT("b\xc3\xbc" "cher..example"), NULL },
		{ "NUL beside U-label",
		  SLICE_INIT("b\xc3\xbc" "cher\0.example"), NULL },
		{ "blank beside U-label",
		  SLICE_INIT("b\xc3\xbc" "cher .example"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(cases[i].input);
		struct slice domain;
		bool ok = domain_normalize(arena, in, &domain);

		if (ok != (cases[i].want != NULL))
			fail_msg("%s: got \"%.*s\"", cases[i].name,
			    SLICE_PRINTF(domain));
		test_assert_slice(cases[i].name, domain,
		    ok ? cases[i].want : "");
		assert_false(arena_has_failed(arena));
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

/* Bounded before libidn2 sees it: a name of a megabyte costs no memory. */
static void
test_long_input(void **state)
{
	struct arena *arena = test_arena();
	size_t len = (size_t)1024 * 1024;
	char *mem = malloc(len);
	struct slice domain;

	(void)state;
	assert_non_null(mem);
	memset(mem, 'a', len);
	assert_false(domain_normalize(arena, (struct slice){ mem, len },
	    &domain));
	mem[len - 2] = '\xc3';
	mem[len - 1] = '\xbc';
	assert_false(domain_normalize(arena, (struct slice){ mem, len },
	    &domain));
	assert_int_equal(arena_used(arena), 0);
	free(mem);
	arena_destroy(&arena);
}

/* Nor are more labels looked at than a name has room for. */
static void
test_many_labels(void **state)
{
	struct arena *arena = test_arena();
	struct slice domain;
	char text[999];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\xc3\xbc.", 3);
	assert_false(domain_normalize(arena,
	    (struct slice){ text, sizeof(text) }, &domain));
	assert_false(arena_has_failed(arena));
	assert_true(arena_used(arena) < 4096);
	arena_destroy(&arena);
}

static void
test_full_arena(void **state)
{
	struct arena *arena = arena_create(8);
	struct slice domain;

	(void)state;
	assert_non_null(arena);
	assert_false(domain_normalize(arena, SLICE("mail.example.org"),
	    &domain));
	assert_true(arena_has_failed(arena));
	arena_reset(arena);
	assert_false(domain_normalize(arena, SLICE("b\xc3\xbc" "cher.example"),
	    &domain));
	assert_true(arena_has_failed(arena));
	arena_destroy(&arena);
}

static void
test_labels(void **state)
{
	static const struct {
		const char *domain;
		size_t n;
		const char *last;
	} cases[] = {
		{ "a.b.example.org", 0, "" },
		{ "a.b.example.org", 1, "org" },
		{ "a.b.example.org", 2, "example.org" },
		{ "a.b.example.org", 4, "a.b.example.org" },
		{ "a.b.example.org", 5, "a.b.example.org" },
		{ "org", 1, "org" },
		{ "", 1, "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].domain));

		test_assert_slice(cases[i].domain,
		    domain_last_labels(in, cases[i].n), cases[i].last);
		test_free_copy(in);
	}
	assert_int_equal(domain_count_labels(SLICE("a.b.example.org")), 4);
	assert_int_equal(domain_count_labels(SLICE("org")), 1);
	assert_int_equal(domain_count_labels(SLICE_EMPTY), 0);
}

static void
test_within(void **state)
{
	static const struct {
		const char *domain, *parent;
		bool want;
	} cases[] = {
		{ "example.org", "example.org", true },
		{ "a.example.org", "example.org", true },
		{ "a.b.example.org", "example.org", true },
		{ "badexample.org", "example.org", false },
		{ "example.org", "a.example.org", false },
		{ "example.com", "example.org", false },
		{ "org", "org", true },
		{ "example.org", "", false },
		{ "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (domain_is_within(slice_from_cstr(cases[i].domain),
		    slice_from_cstr(cases[i].parent)) != cases[i].want)
			fail_msg("%s in %s: wrong", cases[i].domain,
			    cases[i].parent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_long_input),
		cmocka_unit_test(test_many_labels),
		cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
