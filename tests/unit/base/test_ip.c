/* Addresses and networks. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/ip.h"
#include "base/strbuf.h"
#include "unit/test.h"

static void
test_networks(void **state)
{
	static const struct {
		const char *network, *address;
		bool parses, contains;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true, true },
		{ "192.0.2.0/24", "192.0.3.0", true, false },
		{ "192.0.2.128/25", "192.0.2.127", true, false },
		{ "192.0.2.1", "192.0.2.1", true, true },
		{ "192.0.2.1", "192.0.2.2", true, false },
		{ "0.0.0.0/0", "203.0.113.9", true, true },
		{ "0.0.0.0/0", "2001:db8::1", true, false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true, true },
		{ "2001:db8::/33", "2001:db8:8000::1", true, false },
		{ "::1", "::1", true, true },
		{ "::ffff:192.0.2.0/120", "192.0.2.9", true, true },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", true, true },
		{ "::ffff:0:0/95", "192.0.2.9", false, false },
		{ "192.0.2.0/33", "192.0.2.1", false, false },
		{ "2001:db8::/129", "2001:db8::", false, false },
		{ "192.0.2.0/", "192.0.2.1", false, false },
		{ "192.0.2/24", "192.0.2.1", false, false },
		{ "", "192.0.2.1", false, false },
		{ "example.org", "192.0.2.1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].network));
		struct ip_network network;
		struct ip_address address;

		assert_true(ip_parse(slice_from_cstr(cases[i].address),
		    &address));
		if (ip_parse_network(in, &network) != cases[i].parses)
			fail_msg("%s: wrong answer", cases[i].network);
		if (cases[i].parses && ip_network_contains(&network,
		    &address) != cases[i].contains)
			fail_msg("%s, %s: wrong", cases[i].network,
			    cases[i].address);
		test_free_copy(in);
	}
}

static void
test_text(void **state)
{
	static const struct {
		const char *input, *want;	/* NULL: refused */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:DB8:0:0::1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:c000:201", "192.0.2.1" },
		{ "192.0.2.256", NULL },
		{ "192.0.2.1 ", NULL },
		{ "192.0.2", NULL },
		{ ":::", NULL },
		{ "2001:db8::1%lo", NULL },
		{ "", NULL },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct ip_address address;
		struct strbuf buf;
		bool ok = ip_parse(slice_from_cstr(cases[i].input), &address);

		if (ok != (cases[i].want != NULL))
			fail_msg("%s: wrong answer", cases[i].input);
		strbuf_init(&buf, arena, 64);
		ip_append(&buf, &address);
		test_assert_slice(cases[i].input, strbuf_slice(&buf),
		    ok ? cases[i].want : "unknown");
	}
	arena_destroy(&arena);
}

static void
test_sockaddr(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct ip_address want, got;

	(void)state;
	assert_true(ip_parse(SLICE("192.0.2.5"), &want));
	inet_pton(AF_INET, "192.0.2.5", &in.sin_addr);
	got = ip_from_sockaddr((struct sockaddr *)&in);
	assert_true(ip_eq(&got, &want));
	inet_pton(AF_INET6, "::ffff:192.0.2.5", &in6.sin6_addr);
	got = ip_from_sockaddr((struct sockaddr *)&in6);
	assert_true(ip_eq(&got, &want));
	assert_int_equal(ip_from_sockaddr((struct sockaddr *)&un).family,
	    IP_NONE);
	assert_int_equal(ip_from_sockaddr(NULL).family, IP_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_sockaddr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
