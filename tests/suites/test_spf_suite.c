/* The openspf.org suite for RFC 7208, rfc7208-tests.yml, through spf_check()
 * and a zone in memory. */
#include <stdio.h>

#include "base/clock.h"
#include "base/ip.h"
#include "dns/dns.h"
#include "spf/check.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/test.h"

#define SUITE "tests/suites/rfc7208-tests.yml"

struct tally {
	unsigned n_passed, n_failed;
};

/* "DEFAULT" is that of the receiver, which for spf_check() is none. */
static bool
is_explanation_right(const struct yaml_value *test,
    const struct spf_outcome *outcome)
{
	const struct yaml_value *want = yaml_get(test, "explanation");

	if (want == NULL)
		return true;
	if (slice_eq(yaml_text(want), SLICE("DEFAULT")))
		return outcome->explanation.len == 0;
	return slice_eq(outcome->explanation, yaml_text(want));
}

static void
run_case(struct slice name, const struct yaml_value *test,
    struct resolver *zone, struct tally *tally)
{
	static const struct spf_options options = SPF_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	struct spf_request request = {
		.identity = SPF_IDENTITY_MAIL_FROM,
		.helo = yaml_get_text(test, "helo"),
		.mail_from = yaml_get_text(test, "mailfrom"),
		.receiver = SLICE("receiver.example.org"),
		.now_s = clock_wall_s(),
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct spf_outcome outcome;

	if (!ip_parse(yaml_get_text(test, "host"), &request.client))
		fail_msg("%.*s: no address", SLICE_PRINTF(name));
	spf_check(&request, &options, zone, arena, &outcome);
	if (yaml_allows(yaml_get(test, "result"),
	    slice_from_cstr(spf_result_name(outcome.result))) &&
	    is_explanation_right(test, &outcome)) {
		tally->n_passed++;
	} else {
		tally->n_failed++;
		printf("%.*s (line %u): %s, \"%.*s\": %.*s\n",
		    SLICE_PRINTF(name), test->line,
		    spf_result_name(outcome.result),
		    SLICE_PRINTF(outcome.explanation),
		    SLICE_PRINTF(outcome.reason));
	}
	arena_destroy(&arena);
}

static void
run_scenario(struct arena *arena, const struct yaml_value *scenario,
    struct tally *tally)
{
	const struct yaml_value *tests = yaml_get(scenario, "tests");
	struct resolver *zone = zonedata_create_zone(arena,
	    yaml_get(scenario, "zonedata"));

	assert_non_null(tests);
	for (size_t i = 0; i < tests->n; i++)
		run_case(yaml_text(tests->keys[i]), tests->items[i], zone,
		    tally);
	dns_destroy_resolver(&zone);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *scenarios = yaml_load(arena, SUITE);
	struct tally tally = { 0, 0 };

	for (size_t i = 0; i < scenarios->n; i++)
		run_scenario(arena, scenarios->items[i], &tally);
	arena_destroy(&arena);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	return tally.n_failed != 0 || tally.n_passed == 0;
}
