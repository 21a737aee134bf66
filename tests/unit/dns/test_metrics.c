/* What is counted of questions that went out, and which zones are slow. */
#include "dns/metrics.h"

#include <stdio.h>
#include <string.h>

#include "unit/test.h"

#define SLOW_US (DNS_SLOW_US + 1)
#define HOUR_MS ((int64_t)60 * 60 * 1000)

static void
test_zones(void **state)
{
	static const struct {
		const char *name, *zone;
	} cases[] = {
		{ "selector._domainkey.mail.example.org", "example.org" },
		{ "_dmarc.example.org", "example.org" },
		{ "example.org", "example.org" },
		{ "mail.example.org", "example.org" },
		{ "org", "org" },
		{ "_dmarc.org", "org" },
		{ "_a._b.org", "org" },
		{ "_spf", "_spf" },
		/* Where a country sorts its domains. */
		{ "s._domainkey.mail.example.co.uk", "example.co.uk" },
		{ "_dmarc.example.com.br", "example.com.br" },
		{ "_dmarc.co.uk", "co.uk" },
		{ "co.uk", "co.uk" },
		{ "mail.example.de", "example.de" },
		{ "mail.info.de", "info.de" },
		/* Taken for one: finer than need be. */
		{ "mail.db.de", "mail.db.de" },
		{ "mail.db.example", "db.example" },
		{ "a.b.12", "b.12" },
		{ "5.2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa" },
		{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
		    "1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa" },
		{ "in-addr.arpa", "in-addr.arpa" },
		/* As dns_name_print has odd octets. */
		{ "a\\046b.c\\046d.example", "c\\046d.example" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice name = test_exact_copy(
		    slice_from_cstr(cases[i].name));

		test_assert_slice(cases[i].name, dns_guess_zone(name),
		    cases[i].zone);
		test_free_copy(name);
	}
}

static void
count(struct dns_metrics *metrics, const char *name, uint64_t us)
{
	struct slice copy = test_exact_copy(slice_from_cstr(name));

	dns_count_answer(metrics, copy, DNS_NOERROR, false, us, HOUR_MS);
	test_free_copy(copy);
}

static const struct dns_slow_zone *
find(const struct dns_metrics *metrics, const char *name)
{
	for (size_t i = 0; i < DNS_N_SLOW_ZONES; i++)
		if (strcmp(metrics->slow_zones[i].name, name) == 0)
			return &metrics->slow_zones[i];
	return NULL;
}

static void
test_counts(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 0 };

	(void)state;
	assert_int_equal(DNS_N_STATUSES, DNS_TEMPFAIL + 1);
	dns_count_answer(&metrics, SLICE("a.example"), DNS_NOERROR, false,
	    100, 1);
	dns_count_answer(&metrics, SLICE("a.example"), DNS_NXDOMAIN, false,
	    101, 1);
	dns_count_answer(&metrics, SLICE("a.example"), DNS_TEMPFAIL, false,
	    300, 1);
	dns_count_answer(&metrics, SLICE("a.example"), DNS_TEMPFAIL, true,
	    5000000, 1);
	assert_int_equal(metrics.answers[DNS_NOERROR], 1);
	assert_int_equal(metrics.answers[DNS_NODATA], 0);
	assert_int_equal(metrics.answers[DNS_NXDOMAIN], 1);
	assert_int_equal(metrics.answers[DNS_TEMPFAIL], 2);
	assert_int_equal(metrics.n_timeouts, 1);
	assert_int_equal(metrics.time.counts[0], 1);
	assert_int_equal(metrics.time.counts[1], 1);
	assert_int_equal(metrics.time.sum_us, 5000501);
}

/* Only what is slow joins, and is then counted whole. */
static void
test_slow_zone(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 0 };
	const struct dns_slow_zone *zone;

	(void)state;
	count(&metrics, "a.example.org", DNS_SLOW_US);
	assert_null(find(&metrics, "example.org"));
	count(&metrics, "b.example.org", SLOW_US);
	count(&metrics, "c.example.org", 10);
	dns_count_answer(&metrics, SLICE("d.example.org"), DNS_TEMPFAIL, true,
	    5000000, HOUR_MS);
	zone = find(&metrics, "example.org");
	assert_non_null(zone);
	assert_int_equal(zone->n_questions, 3);
	assert_int_equal(zone->n_failures, 1);
	assert_int_equal(zone->sum_us, SLOW_US + 10 + 5000000);
	assert_int_equal(zone->max_us, 5000000);
	assert_int_equal(zone->slow_us, SLOW_US + 5000000);
	assert_int_equal(zone->version % 2, 0);
	/* One with the same beginning is another. */
	count(&metrics, "example.orga", SLOW_US);
	assert_ptr_not_equal(find(&metrics, "example.orga"), zone);
	assert_int_equal(zone->n_questions, 3);
}

static void
test_long_name(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 0 };
	char name[200];

	(void)state;
	memset(name, 'a', sizeof(name));
	strcpy(name + sizeof(name) - sizeof("b.example"), "b.example");
	count(&metrics, name, SLOW_US);
	assert_int_equal(strlen(metrics.slow_zones[0].name),
	    DNS_SLOW_ZONE_NAME_MAX);
	count(&metrics, name, SLOW_US);
	assert_int_equal(metrics.slow_zones[0].n_questions, 2);
	count(&metrics, "", SLOW_US);	/* the root is nobody's */
	assert_int_equal(metrics.slow_zones[1].n_questions, 0);
}

/* One that is slower takes the place of the least slow. */
static void
test_full(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 0 };
	char name[32];

	(void)state;
	for (unsigned i = 0; i < DNS_N_SLOW_ZONES; i++) {
		snprintf(name, sizeof(name), "z%u.example", i);
		count(&metrics, name, SLOW_US + i);
	}
	count(&metrics, "equal.example", SLOW_US);
	assert_null(find(&metrics, "equal.example"));
	count(&metrics, "slower.example", SLOW_US + 1);
	assert_non_null(find(&metrics, "slower.example"));
	assert_null(find(&metrics, "z0.example"));
	assert_int_equal(find(&metrics, "slower.example")->n_questions, 1);
	assert_int_equal(find(&metrics, "slower.example")->sum_us,
	    SLOW_US + 1);
	assert_non_null(find(&metrics, "z1.example"));
}

/* What was slow long ago makes room, and what was counted stays as it is. */
static void
test_halving(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 0 };
	const struct dns_slow_zone *zone;

	(void)state;
	count(&metrics, "old.example", 4000000);	/* the first hour */
	zone = find(&metrics, "old.example");
	for (int64_t quarters = 4; quarters <= 17; quarters++)
		dns_count_answer(&metrics, SLICE("a.example"), DNS_NOERROR,
		    false, 10, quarters * HOUR_MS / 4);
	assert_int_equal(zone->slow_us, 500000);	/* three more */
	assert_int_equal(zone->sum_us, 4000000);
	assert_int_equal(zone->n_questions, 1);
	assert_int_equal(zone->version % 2, 0);
}

/* Another process goes on where one has died. */
static void
test_begin(void **state)
{
	struct dns_metrics metrics = { .n_timeouts = 3 };

	(void)state;
	count(&metrics, "whole.example", SLOW_US);
	count(&metrics, "torn.example", SLOW_US);
	atomic_fetch_add(&metrics.slow_zones[1].version, 1);
	metrics.n_in_flight = 9;
	dns_begin_metrics(&metrics);
	assert_int_equal(metrics.n_in_flight, 0);
	assert_int_equal(metrics.n_timeouts, 3);
	assert_non_null(find(&metrics, "whole.example"));
	assert_null(find(&metrics, "torn.example"));
	assert_int_equal(metrics.slow_zones[1].version % 2, 0);
	assert_int_equal(metrics.slow_zones[1].slow_us, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_slow_zone),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_halving),
		cmocka_unit_test(test_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
