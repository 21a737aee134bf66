/* The public suffix list (RFC 7489 3.2). */
#include "dmarc/psl.h"
#include "unit/test.h"

static struct psl *
load(const char *path)
{
	struct arena *arena = test_arena();
	struct psl *psl = dmarc_psl_load(test_path(arena, path));

	arena_destroy(&arena);
	return psl;
}

static void
test_org_domain(void **state)
{
	static const struct {
		const char *domain, *org;
	} cases[] = {
		{ "example.com", "example.com" },
		{ "a.b.example.com", "example.com" },
		{ "a.example.co.uk", "example.co.uk" },
		{ "com", "com" },		/* a suffix is its own */
		{ "co.uk", "co.uk" },
		{ "foo.ck", "foo.ck" },		/* wildcard */
		{ "a.b.foo.ck", "b.foo.ck" },
		{ "www.ck", "www.ck" },		/* exception */
		{ "a.www.ck", "www.ck" },
		{ "one.github.io", "one.github.io" },	/* private section */
		{ "a.one.github.io", "one.github.io" },
		{ "a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn" },
		{ "a.b.unlisted", "b.unlisted" },	/* "*" by default */
		{ "unlisted", "unlisted" },
		{ "evilexample.com", "evilexample.com" },
		{ "a.b.c.d.e.f.g.h.i.j.example.com", "example.com" },
		{ "_x.example.com", "example.com" },
		{ "", "" },
	};
	struct psl *psl = load("tests/unit/dmarc/suffixes.dat");

	(void)state;
	assert_non_null(psl);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].domain));

		test_assert_slice(cases[i].domain,
		    dmarc_psl_org_domain(psl, in), cases[i].org);
		test_free_copy(in);
	}
	dmarc_psl_free(&psl);
	assert_null(psl);
	dmarc_psl_free(&psl);
}

static void
test_load(void **state)
{
	struct psl *psl = load("tests/unit/dmarc/no-such-file");

	(void)state;
	assert_null(psl);
	psl = dmarc_psl_load(NULL);	/* the system's, or libpsl's own */
	assert_non_null(psl);
	test_assert_slice("system's list", dmarc_psl_org_domain(psl,
	    SLICE("a.example.co.uk")), "example.co.uk");
	dmarc_psl_free(&psl);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_org_domain),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
