/* base64 (RFC 4648 4, RFC 6376 2.10). */
#include "base/base64.h"
#include "unit/test.h"

static void
test_decode(void **state)
{
	static const struct {
		const char *name, *input, *want;	/* NULL: refused */
	} cases[] = {
		{ "empty", "", "" },
		{ "RFC 4648 10: f", "Zg==", "f" },
		{ "RFC 4648 10: fo", "Zm8=", "fo" },
		{ "RFC 4648 10: foo", "Zm9v", "foo" },
		{ "RFC 4648 10: foob", "Zm9vYg==", "foob" },
		{ "RFC 4648 10: fooba", "Zm9vYmE=", "fooba" },
		{ "RFC 4648 10: foobar", "Zm9vYmFy", "foobar" },
		{ "folded", " Zm9v\r\n YmFy ", "foobar" },
		{ "blank within padding", "Zg= =", "f" },
		{ "no padding", "Zg", "f" },
		{ "plus and slash", "+/+/", "\xfb\xff\xbf" },
		{ "one digit", "Z", NULL },
		{ "too much padding", "Zg===", NULL },
		{ "too little padding", "Zg=", NULL },
		{ "padding only", "=", NULL },
		{ "text behind padding", "Zg==Zg==", NULL },
		{ "foreign octet", "Zm9-", NULL },
		{ "8-bit", "Zm9\xc3", NULL },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct slice octets;
		bool ok = base64_decode(arena, in, &octets);

		if (ok != (cases[i].want != NULL))
			fail_msg("%s: wrong answer", cases[i].name);
		if (ok)
			test_assert_slice(cases[i].name, octets,
			    cases[i].want);
		test_free_copy(in);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
