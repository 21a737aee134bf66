/* How far words are apart, and which key was meant. */
#include <string.h>

#include "config/keys.h"
#include "config/suggest.h"
#include "unit/test.h"

static const struct {
	const char *a, *b;
	unsigned distance;
} distances[] = {
	{ "", "", 0 },
	{ "abc", "", 3 },
	{ "", "abc", 3 },
	{ "abc", "abc", 0 },
	{ "ABC", "abc", 0 },
	{ "abc", "abd", 1 },
	{ "abc", "abcd", 1 },
	{ "abc", "ac", 1 },
	{ "abc", "acb", 1 },
	{ "ca", "abc", 3 },
	{ "kitten", "sitting", 3 },
};

static void
test_distance(void **state)
{
	char x[200];

	(void)state;
	memset(x, 'x', sizeof(x));
	for (size_t i = 0; i < N_ELEMENTS(distances); i++) {
		struct slice a = test_exact_copy(slice_from_cstr(
		    distances[i].a));
		struct slice b = test_exact_copy(slice_from_cstr(
		    distances[i].b));
		unsigned distance = suggest_distance(a, b);

		if (distance != distances[i].distance)
			fail_msg("\"%s\" \"%s\": got %u, want %u",
			    distances[i].a, distances[i].b, distance,
			    distances[i].distance);
		test_free_copy(a);
		test_free_copy(b);
	}
	assert_int_equal(suggest_distance((struct slice){ x, sizeof(x) },
	    SLICE_EMPTY), SUGGEST_MAX_OCTETS);
	assert_int_equal(suggest_distance((struct slice){ x, sizeof(x) },
	    (struct slice){ x, 100 }), 0);
}

static const struct {
	const char *path, *meant;
} suggestions[] = {
	{ "moed", "mode" },
	{ "Mode", "mode" },
	{ "spf.enable", "spf.enabled" },
	{ "dkim.min_rsa_bit", "dkim.min_rsa_bits" },
	{ "timeout_ms", "resolver.timeout_ms" },
	{ "spf.org_domain", "dmarc.org_domain" },
	{ "resolver.server", "resolver.servers" },
	{ "dmarc.rejct", "dmarc.reject" },
	{ "authservid", "authserv_id" },
	{ "milters.socket", "milter.socket" },
	{ "trustd.networks", "trusted.networks" },
	{ "dmark", "dmarc" },
	{ "mailter", "milter" },
	{ "spf.enabled_", "spf.enabled" },
	{ "drain", "drain_s" },
	{ "timeout", "resolver.timeout_ms" },
	{ "dmarc.enable", "dmarc.enabled" },
	{ "tru", "" },
	{ "whatever", "" },
	{ "spf.colour", "" },
	{ "", "" },
};

static void
test_suggest(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(suggestions); i++) {
		struct slice path = test_exact_copy(slice_from_cstr(
		    suggestions[i].path));

		test_assert_slice(suggestions[i].path, key_suggest(path),
		    suggestions[i].meant);
		test_free_copy(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
