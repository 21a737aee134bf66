/* tests/unit/dns/test_throttle.c - what one client network may ask. */
#include "unit/test.h"

#include <pthread.h>

#include "dns/throttle.h"

static struct ip_address
address(const char *text)
{
	struct ip_address result;

	assert_true(ip_parse(slice_from_cstr(text), &result));
	return result;
}

static struct throttle *
create(unsigned per_second, unsigned burst)
{
	struct throttle *throttle = throttle_create(
	    &(struct throttle_options){ per_second, burst });

	assert_non_null(throttle);
	return throttle;
}

/* How often in a row CLIENT may ask at NOW_MS; at most a million times. */
static unsigned
drain(struct throttle *throttle, const char *client, bool is_prefetch,
    int64_t now_ms)
{
	struct ip_address from = address(client);
	unsigned n = 0;

	while (n < 1000000 && throttle_take(throttle, &from, is_prefetch,
	    now_ms))
		n++;
	return n;
}

static void
test_bucket(void **state)
{
	struct throttle *throttle = create(100, 500);

	(void)state;
	assert_int_equal(drain(throttle, "192.0.2.1", false, 1000), 500);
	assert_int_equal(drain(throttle, "192.0.2.1", false, 1009), 0);
	assert_int_equal(drain(throttle, "192.0.2.1", false, 1010), 1);
	assert_int_equal(drain(throttle, "192.0.2.1", false, 2010), 100);
	/* It never holds more than a burst, however long it waits. */
	assert_int_equal(drain(throttle, "192.0.2.1", false, 10000), 500);
	assert_int_equal(drain(throttle, "192.0.2.1", false, INT64_MAX), 500);
	/* Nor does a clock that goes backwards give anything. */
	assert_int_equal(drain(throttle, "192.0.2.1", false, 0), 0);
	throttle_destroy(&throttle);
	assert_null(throttle);
}

static void
test_networks(void **state)
{
	struct throttle *throttle = create(1, 10);

	(void)state;
	assert_int_equal(drain(throttle, "192.0.2.1", false, 0), 10);
	assert_int_equal(drain(throttle, "192.0.2.254", false, 0), 0);
	assert_int_equal(drain(throttle, "192.0.3.1", false, 0), 10);
	assert_int_equal(drain(throttle, "2001:db8:0:1::1", false, 0), 10);
	assert_int_equal(drain(throttle, "2001:db8:0:ffff::1", false, 0), 0);
	assert_int_equal(drain(throttle, "2001:db8:1::1", false, 0), 10);
	throttle_destroy(&throttle);
}

static void
test_prefetches(void **state)
{
	struct throttle *throttle = create(1, 10);

	(void)state;
	assert_int_equal(drain(throttle, "192.0.2.1", true, 0), 5);
	assert_int_equal(drain(throttle, "192.0.2.1", false, 0), 5);
	throttle_destroy(&throttle);
}

static void
test_no_limit(void **state)
{
	struct throttle *none = create(0, 0), *some = create(1, 1);
	struct ip_address unknown = { .family = IP_NONE };

	(void)state;
	assert_int_equal(drain(none, "192.0.2.1", false, 0), 1000000);
	for (unsigned i = 0; i < 100; i++)
		assert_true(throttle_take(some, &unknown, false, 0));
	throttle_destroy(&none);
	throttle_destroy(&some);
}

/* Many networks may push each other out, but never refuse one another. */
static void
test_many_networks(void **state)
{
	struct throttle *throttle = create(1, 3);
	struct ip_address client = { .family = IP_V4 };

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		client.octets[0] = (unsigned char)(i >> 8);
		client.octets[1] = (unsigned char)i;
		assert_true(throttle_take(throttle, &client, false, 0));
	}
	/* One that is empty stays: those that are owed most go first. */
	assert_int_equal(drain(throttle, "192.0.2.1", false, 0), 3);
	for (unsigned i = 0; i < 65536; i++) {
		client.octets[0] = (unsigned char)(i >> 8);
		client.octets[1] = (unsigned char)i;
		throttle_take(throttle, &client, false, 0);
	}
	assert_int_equal(drain(throttle, "192.0.2.1", false, 0), 0);
	throttle_destroy(&throttle);
}

static void *
take_thousand(void *arg)
{
	struct throttle *throttle = arg;
	struct ip_address client = { IP_V4, { 192, 0, 2, 1 } };
	uintptr_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += throttle_take(throttle, &client, false, 0);
	return (void *)n;
}

static void
test_threads(void **state)
{
	struct throttle *throttle = create(1, 2500);
	pthread_t threads[4];
	uintptr_t total = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    take_thousand, throttle), 0);
	for (size_t i = 0; i < 4; i++) {
		void *n;

		assert_int_equal(pthread_join(threads[i], &n), 0);
		total += (uintptr_t)n;
	}
	assert_int_equal(total, 2500);
	throttle_destroy(&throttle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_prefetches),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_many_networks),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
