/* tests/unit/policy/test_trust.c - who is not inspected. */
#include "unit/test.h"

#include "policy/policy.h"

static struct ip_network
network(const char *text)
{
	struct ip_network result;

	assert_true(ip_parse_network(slice_from_cstr(text), &result));
	return result;
}

static void
test_check_trust(void **state)
{
	static const struct {
		const char *name, *client;	/* NULL: none */
		bool is_authenticated, is_authenticated_trusted;
		enum policy_trust trust;
	} cases[] = {
		{ "stranger", "192.0.2.1", false, true, POLICY_INSPECT },
		{ "IPv6 stranger", "2001:db8:1::1", false, true,
		    POLICY_INSPECT },
		{ "in a network", "198.51.100.77", false, true,
		    POLICY_TRUSTED_NETWORK },
		{ "just outside", "198.51.101.0", false, true,
		    POLICY_INSPECT },
		{ "in an IPv6 network", "2001:db8::25", false, false,
		    POLICY_TRUSTED_NETWORK },
		{ "mapped, in an IPv4 network", "::ffff:198.51.100.1", false,
		    true, POLICY_TRUSTED_NETWORK },
		{ "network before login", "198.51.100.77", true, true,
		    POLICY_TRUSTED_NETWORK },
		{ "logged in", "192.0.2.1", true, true,
		    POLICY_AUTHENTICATED },
		{ "logins are not trusted", "192.0.2.1", true, false,
		    POLICY_INSPECT },
		{ "no client", NULL, false, false, POLICY_NOT_SMTP },
		{ "no client, logged in", NULL, true, true, POLICY_NOT_SMTP },
	};
	const struct ip_network networks[] = {
		network("198.51.100.0/24"), network("2001:db8::/48"),
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct ip_address client = { .family = IP_NONE };

		options.trusted_networks = networks;
		options.n_trusted_networks = N_ELEMENTS(networks);
		options.is_authenticated_trusted =
		    cases[i].is_authenticated_trusted;
		if (cases[i].client != NULL)
			assert_true(ip_parse(slice_from_cstr(cases[i].client),
			    &client));
		if (policy_check_trust(&options, &client,
		    cases[i].is_authenticated) != cases[i].trust)
			fail_msg("%s: wrong trust", cases[i].name);
	}
}

static void
test_names_differ(void **state)
{
	(void)state;
	assert_string_equal(policy_trust_name(POLICY_INSPECT), "none");
	assert_string_equal(policy_trust_name(POLICY_TRUSTED_NETWORK),
	    "network");
	assert_string_equal(policy_trust_name(POLICY_AUTHENTICATED),
	    "authenticated");
	assert_string_equal(policy_trust_name(POLICY_NOT_SMTP), "local");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_trust),
		cmocka_unit_test(test_names_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
