/* Where a domain's mail goes. */
#include <string.h>

#include "base/strbuf.h"
#include "cli/mx.h"
#include "dns/zone.h"
#include "unit/test.h"

static const struct {
	const char *name, *domain;
	const char *hosts;	/* "PREFERENCE:NAME " for each, or NULL */
	const char *problem;
} cases[] = {
	{ "by preference, equal ones as they came", "example.org",
	    "5:c.example.org 10:a.example.org 10:b.example.org "
	    "20:d.example.org ", NULL },
	{ "the domain itself", "host.example.org", "0:host.example.org ",
	    NULL },
	{ "null MX", "null.example.org", NULL, "it takes no mail" },
	{ "absent", "absent.example.net", NULL, "does not exist" },
	{ "DNS fails", "failing.example.org", NULL, "SERVFAIL" },
};

static void
add_mx(struct resolver *zone, const char *name, uint16_t preference,
    const char *exchange)
{
	struct dns_record record = {
		.text = slice_from_cstr(exchange),
		.preference = preference,
	};

	assert_true(zone_add_record(zone, slice_from_cstr(name), DNS_MX,
	    &record, 300));
}

static struct resolver *
make_zone(void)
{
	static const struct dns_record address = { .address = { 192, 0, 2 } };
	struct resolver *zone = zone_create();

	add_mx(zone, "example.org", 20, "d.example.org");
	add_mx(zone, "example.org", 10, "a.example.org");
	add_mx(zone, "example.org", 10, "b.example.org");
	add_mx(zone, "example.org", 5, "c.example.org");
	add_mx(zone, "null.example.org", 0, "");
	for (uint16_t i = 0; i < 100; i++)
		add_mx(zone, "many.example.org", (uint16_t)(1000 - i),
		    "mx.example.org");
	assert_true(zone_add_record(zone, SLICE("host.example.org"), DNS_A,
	    &address, 300));
	assert_true(zone_add_fault(zone, SLICE("failing.example.org"),
	    ZONE_FAULT_SERVFAIL));
	return zone;
}

static void
test_find(void **state)
{
	struct resolver *zone = make_zone();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf problem, text;
		struct mx_hosts hosts;
		bool is_found;

		strbuf_init(&problem, arena, 1000);
		strbuf_init(&text, arena, 1000);
		is_found = mx_find(zone, arena,
		    slice_from_cstr(cases[i].domain), &hosts, &problem);
		for (size_t j = 0; j < hosts.n && is_found; j++)
			strbuf_printf(&text, "%u:%.*s ", hosts.preferences[j],
			    SLICE_PRINTF(hosts.names[j]));
		if (is_found != (cases[i].hosts != NULL))
			fail_msg("%s: found is %d", cases[i].name, is_found);
		if (is_found)
			test_assert_slice(cases[i].name, strbuf_slice(&text),
			    cases[i].hosts);
		else if (strstr(strbuf_cstr(&problem),
		    cases[i].problem) == NULL)
			fail_msg("%s: %s", cases[i].name,
			    strbuf_cstr(&problem));
		arena_destroy(&arena);
	}
	dns_destroy_resolver(&zone);
}

static void
test_many(void **state)
{
	struct resolver *zone = make_zone();
	struct arena *arena = test_arena();
	struct strbuf problem;
	struct mx_hosts hosts;

	(void)state;
	strbuf_init(&problem, arena, 1000);
	assert_true(mx_find(zone, arena, SLICE("many.example.org"), &hosts,
	    &problem));
	assert_int_equal(hosts.n, MX_MAX_HOSTS);
	for (size_t i = 0; i < hosts.n; i++)
		assert_int_equal(hosts.preferences[i], 901 + i);
	arena_destroy(&arena);
	dns_destroy_resolver(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
