/* tests/unit/policy/test_names.c - lists of names with globs. */
#include "policy/names.h"

#include "unit/test.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *name, *input, *want;	/* NULL: refused */
	} cases[] = {
		{ "name", "Lists.Example.org", "lists.example.org" },
		{ "glob", "*.Example.org", "*.example.org" },
		{ "U-label", "*.b\xc3\xbc" "cher.example",
		    "*.xn--bcher-kva.example" },
		{ "one label", "localhost", "localhost" },
		{ "everybody", "*", "*" },
		{ "empty", "", NULL },
		{ "star and dot", "*.", NULL },
		{ "star within", "a.*.example", NULL },
		{ "two stars", "*.*.example", NULL },
		{ "star in a label", "list*.example.org", NULL },
		{ "dot in front", ".example.org", NULL },
		{ "blank", "a example.org", NULL },
		{ "address", "a@example.org", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(slice_from_cstr(
		    cases[i].input));
		struct slice got;
		bool is_read = policy_parse_pattern(arena, in, &got);

		if (is_read != (cases[i].want != NULL))
			fail_msg("%s: %s", cases[i].name,
			    is_read ? "read" : "refused");
		test_assert_slice(cases[i].name, got,
		    is_read ? cases[i].want : "");
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static void
test_has(void **state)
{
	static const struct slice names[] = {
		SLICE_INIT("zoo.example"), SLICE_INIT("*.example.org"),
		SLICE_INIT("a.example"), SLICE_INIT("*.sub.example.net"),
	};
	static const struct {
		const char *domain;
		bool is_listed;
	} cases[] = {
		{ "a.example", true },
		{ "zoo.example", true },
		{ "b.a.example", false },	/* no glob */
		{ "xa.example", false },
		{ "example", false },
		{ "example.org", false },	/* itself is not below */
		{ "x.example.org", true },
		{ "x.y.example.org", true },
		{ "xexample.org", false },
		{ "example.org.evil.example", false },
		{ "sub.example.net", false },
		{ "x.sub.example.net", true },
		{ "", false },
	};
	const struct policy_list empty = { NULL, 0 };
	const struct policy_list list = { names, N_ELEMENTS(names) };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice domain = test_exact_copy(slice_from_cstr(
		    cases[i].domain));

		if (policy_list_has_domain(&list, domain) != cases[i].is_listed)
			fail_msg("%s: wrong", cases[i].domain);
		assert_false(policy_list_has_domain(&empty, domain));
		test_free_copy(domain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
