/* The DNS tree walk (RFC 9989 4.10). */
#include "base/clock.h"
#include "dmarc/check.h"
#include "dmarc/psl.h"
#include "dmarc/walk.h"
#include "unit/asked.h"
#include "unit/test.h"

static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;

/* The names asked for, without "_dmarc." and with a blank between. */
static struct slice
without_prefix(struct arena *arena, struct slice names)
{
	static const struct slice prefix = SLICE_INIT("_dmarc.");
	char *mem = arena_alloc(arena, names.len + 1);
	size_t len = 0;

	assert_non_null(mem);
	while (names.len > 0) {
		if (slice_starts_with(names, prefix)) {
			names = slice_from(names, prefix.len);
			continue;
		}
		mem[len++] = names.ptr[0];
		names = slice_from(names, 1);
	}
	return (struct slice){ mem, len };
}

static void
test_org(void **state)
{
	static const struct {
		const char *name, *zone, *domain, *org, *inherited;
		const char *asked;
	} cases[] = {
		{ "RFC: org above", "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "a.mail.example.com", "example.com", "example.com",
		  "a.mail.example.com mail.example.com example.com com" },
		{ "RFC: fewest labels",
		  "_dmarc.mail.example.com TXT v=DMARC1; p=none\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "a.mail.example.com", "example.com", "example.com",
		  "a.mail.example.com mail.example.com example.com com" },
		{ "RFC: psd=n",
		  "_dmarc.mail.example.com TXT v=DMARC1; p=none; psd=n\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "a.mail.example.com", "mail.example.com", "mail.example.com",
		  "a.mail.example.com mail.example.com" },
		{ "RFC: psd=y", "_dmarc.com TXT v=DMARC1; p=none; psd=y\n",
		  "a.mail.example.com", "example.com", "com",
		  "a.mail.example.com mail.example.com example.com com" },
		{ "psd=y over a record",
		  "_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n"
		  "_dmarc.giant.bank.example TXT v=DMARC1; p=reject\n",
		  "mail.giant.bank.example", "giant.bank.example",
		  "giant.bank.example",
		  "mail.giant.bank.example giant.bank.example bank.example" },
		{ "psd=y over no record",
		  "_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n"
		  "_dmarc.giant.bank.example TXT v=DMARC1; p=reject\n",
		  "mail.mega.bank.example", "mega.bank.example",
		  "bank.example",
		  "mail.mega.bank.example mega.bank.example bank.example" },
		{ "psd=y over a record below the organization",
		  "_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n"
		  "_dmarc.x.mega.bank.example TXT v=DMARC1; p=reject\n",
		  "a.x.mega.bank.example", "mega.bank.example",
		  "bank.example", NULL },
		{ "psd=y itself",
		  "_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n",
		  "bank.example", "bank.example", "bank.example",
		  "bank.example" },
		{ "psd=n itself",
		  "_dmarc.dept.example TXT v=DMARC1; p=none; psd=n\n"
		  "_dmarc.example TXT v=DMARC1; p=none\n",
		  "dept.example", "dept.example", "dept.example",
		  "dept.example" },
		{ "psd=y behind the jump",
		  "_dmarc.d.e.f.g.h.x.example TXT v=DMARC1; p=none; psd=y\n",
		  "a.b.c.d.e.f.g.h.x.example", "c.d.e.f.g.h.x.example",
		  "d.e.f.g.h.x.example",
		  "a.b.c.d.e.f.g.h.x.example d.e.f.g.h.x.example" },
		{ "psd=y behind the jump, record jumped over",
		  "_dmarc.d.e.f.g.h.x.example TXT v=DMARC1; p=none; psd=y\n"
		  "_dmarc.c.d.e.f.g.h.x.example TXT v=DMARC1; p=reject\n",
		  "a.b.c.d.e.f.g.h.x.example", "c.d.e.f.g.h.x.example",
		  "d.e.f.g.h.x.example",
		  "a.b.c.d.e.f.g.h.x.example d.e.f.g.h.x.example" },
		{ "none", "", "a.b.example", "a.b.example", NULL,
		  "a.b.example b.example example" },
		{ "RFC: eight queries", "",
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com",
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com", NULL,
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com"
		  " g.h.i.j.mail.example.com h.i.j.mail.example.com"
		  " i.j.mail.example.com j.mail.example.com mail.example.com"
		  " example.com com" },
		{ "seven labels", "", "a.b.c.d.e.f.g", "a.b.c.d.e.f.g", NULL,
		  "a.b.c.d.e.f.g b.c.d.e.f.g c.d.e.f.g d.e.f.g e.f.g f.g g" },
		{ "eight labels", "", "a.b.c.d.e.f.g.h", "a.b.c.d.e.f.g.h",
		  NULL, "a.b.c.d.e.f.g.h b.c.d.e.f.g.h c.d.e.f.g.h d.e.f.g.h"
		  " e.f.g.h f.g.h g.h h" },
		{ "nine labels", "", "a.b.c.d.e.f.g.h.i", "a.b.c.d.e.f.g.h.i",
		  NULL, "a.b.c.d.e.f.g.h.i c.d.e.f.g.h.i d.e.f.g.h.i"
		  " e.f.g.h.i f.g.h.i g.h.i h.i i" },
		{ "psd=n jumped over",
		  "_dmarc.c.d.e.f.g.h.skip.example TXT v=DMARC1; psd=n\n"
		  "_dmarc.skip.example TXT v=DMARC1; p=reject\n",
		  "a.b.c.d.e.f.g.h.skip.example", "skip.example",
		  "skip.example", NULL },
		{ "several records: none",
		  "_dmarc.sub.example.com TXT v=DMARC1; p=none; psd=n\n"
		  "_dmarc.sub.example.com TXT v=DMARC1; p=none\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "sub.example.com", "example.com", "example.com", NULL },
		{ "twice the same record: none",
		  "_dmarc.example.com TXT v=DMARC1; p=reject \n"
		  "_dmarc.example.com TXT v=DMARC1; p=reject\n",
		  "sub.example.com", "sub.example.com", NULL, NULL },
		{ "other texts do not count",
		  "_dmarc.example.com TXT v=spf1 -all\n"
		  "_dmarc.example.com TXT v=dmarc1; p=none\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none; psd=n\n"
		  "_dmarc.com TXT v=DMARC1; p=none\n",
		  "sub.example.com", "example.com", "example.com", NULL },
		{ "a broken p counts",
		  "_dmarc.dept.example.com TXT v=DMARC1; p=bad; psd=n\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "sub.dept.example.com", "dept.example.com",
		  "dept.example.com", NULL },
		{ "so does none at all",
		  "_dmarc.example.com TXT v=DMARC1\n",
		  "sub.example.com", "example.com", "example.com", NULL },
		{ "alias",
		  "_dmarc.example.com CNAME policy.example.org\n"
		  "policy.example.org TXT v=DMARC1; p=none\n",
		  "sub.example.com", "example.com", "example.com", NULL },
		{ "invalid psd is u",
		  "_dmarc.sub.example.com TXT v=DMARC1; p=none; psd=x\n"
		  "_dmarc.example.com TXT v=DMARC1; p=none\n",
		  "sub.example.com", "example.com", "example.com", NULL },
		{ "failure above the end is not seen",
		  "_dmarc.example.com TXT v=DMARC1; p=none; psd=n\n"
		  "_dmarc.com TIMEOUT\n", "sub.example.com", "example.com",
		  "example.com", "sub.example.com example.com" },
		{ "top-level record without psd",
		  "_dmarc.example TXT v=DMARC1; p=none\n", "a.b.example",
		  "example", "example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(
		    cases[i].zone));
		struct slice domain = test_exact_copy(
		    slice_from_cstr(cases[i].domain));
		struct dmarc_finder finder;
		const struct dmarc_org *org;

		dmarc_finder_init(&finder, &options, asked, arena,
		    CLOCK_NEVER_MS);
		org = dmarc_find_org(&finder, domain);
		assert_null(org->failed);
		test_assert_slice(cases[i].name, org->name, cases[i].org);
		if ((org->inherited == NULL) != (cases[i].inherited == NULL))
			fail_msg("%s: wrong record", cases[i].name);
		if (org->inherited != NULL)
			test_assert_slice(cases[i].name, org->inherited->name,
			    cases[i].inherited);
		if (cases[i].asked != NULL)
			test_assert_slice(cases[i].name, without_prefix(arena,
			    asked_names(asked, arena, DNS_TXT, false)),
			    cases[i].asked);
		assert_true(asked_count(asked, DNS_TXT, SLICE_EMPTY) <= 8);
		assert_ptr_equal(dmarc_find_org(&finder, domain), org);
		dns_destroy_resolver(&asked);
		test_free_copy(domain);
		arena_destroy(&arena);
	}
}

static void
test_failures(void **state)
{
	static const struct {
		const char *name, *zone, *domain, *failed, *why;
	} cases[] = {
		{ "at the start", "_dmarc.a.example.com TIMEOUT\n",
		  "a.example.com", "a.example.com", "timeout" },
		{ "between", "_dmarc.a.example.com TXT v=DMARC1; p=none\n"
		  "_dmarc.example.com SERVFAIL\n", "a.example.com",
		  "example.com", "SERVFAIL" },
		{ "top-level", "_dmarc.example.com TXT v=DMARC1; p=none\n"
		  "_dmarc.com TIMEOUT\n", "example.com", "com", "timeout" },
		{ "target of an alias", "_dmarc.example.com CNAME x.example\n"
		  "x.example TIMEOUT\n", "example.com", "example.com",
		  "timeout" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *zone = test_zone(cases[i].zone);
		struct dmarc_finder finder;
		const struct dmarc_org *org;

		dmarc_finder_init(&finder, &options, zone, arena,
		    CLOCK_NEVER_MS);
		org = dmarc_find_org(&finder,
		    slice_from_cstr(cases[i].domain));
		if (org->failed == NULL)
			fail_msg("%s: no failure", cases[i].name);
		test_assert_slice(cases[i].name, org->failed->name,
		    cases[i].failed);
		assert_string_equal(org->failed->why, cases[i].why);
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

/* Names are asked once, whatever walks pass by them. */
static void
test_once(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(
	    "_dmarc.example.com TXT v=DMARC1; p=none\n"));
	struct dmarc_finder finder;

	(void)state;
	dmarc_finder_init(&finder, &options, asked, arena, CLOCK_NEVER_MS);
	dmarc_find_org(&finder, SLICE("a.example.com"));
	dmarc_find_org(&finder, SLICE("b.example.com"));
	dmarc_look_up(&finder, SLICE("example.com"));
	test_assert_slice("questions", without_prefix(arena,
	    asked_names(asked, arena, DNS_TXT, false)),
	    "a.example.com example.com com b.example.com");
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* "_dmarc." may make a valid name too long for DNS: no record, no error. */
static void
test_long_name(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = test_zone(
	    "_dmarc.example TXT v=DMARC1; p=none\n");
	struct dmarc_finder finder;
	const struct dmarc_org *org;
	char *name = arena_alloc(arena, 253);

	(void)state;
	assert_non_null(name);
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 2 == 1 ? '.' : 'a';
	for (size_t i = 0; i < 7; i++)
		name[246 + i] = "example"[i];
	dmarc_finder_init(&finder, &options, zone, arena, CLOCK_NEVER_MS);
	org = dmarc_find_org(&finder, (struct slice){ name, 253 });
	assert_null(org->failed);
	test_assert_slice("organization", org->name, "example");
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_no_memory(void **state)
{
	struct resolver *zone = test_zone("");
	struct arena *arena = arena_create(1024);
	struct dmarc_finder finder;

	(void)state;
	assert_non_null(arena);
	dmarc_finder_init(&finder, &options, zone, arena, CLOCK_NEVER_MS);
	while (arena_alloc(arena, 16) != NULL)
		;
	assert_non_null(dmarc_look_up(&finder, SLICE("example.com"))->why);
	assert_non_null(dmarc_find_org(&finder, SLICE("example.com"))->failed);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_prefetch(void **state)
{
	static const struct {
		const char *domain;
		bool is_psl;
		const char *asked;
	} cases[] = {
		{ "a.example.com", false, "a.example.com example.com com" },
		{ "a.b.c.d.e.f.g.h.i.j.mail.example.com", false,
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com"
		  " g.h.i.j.mail.example.com h.i.j.mail.example.com"
		  " i.j.mail.example.com j.mail.example.com mail.example.com"
		  " example.com com" },
		{ "", false, "" },
		{ "a.b.example.co.uk", true,
		  "a.b.example.co.uk example.co.uk" },
		{ "example.co.uk", true, "example.co.uk" },
		{ "co.uk", true, "co.uk" },
	};
	struct arena *paths = test_arena();
	struct psl *psl = dmarc_psl_load(test_path(paths,
	    "tests/unit/dmarc/suffixes.dat"));
	const struct dmarc_options with_list = {
		.discovery = DMARC_DISCOVERY_PSL, .psl = psl
	};

	(void)state;
	assert_non_null(psl);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(""));

		dmarc_prefetch(cases[i].is_psl ? &with_list : &options, asked,
		    slice_from_cstr(cases[i].domain));
		test_assert_slice(cases[i].domain, without_prefix(arena,
		    asked_names(asked, arena, DNS_TXT, true)),
		    cases[i].asked);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
	dmarc_psl_free(&psl);
	arena_destroy(&paths);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_org),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_prefetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
