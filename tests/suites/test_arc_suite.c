/* The ARC validation suite, arc-validation-tests.yml, through arc/chain and a
 * zone in memory. */
#include <stdio.h>

#include "arc/chain.h"
#include "dns/dns.h"
#include "dns/zone.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "unit/arc/validate.h"
#include "unit/test.h"

#define SUITE "tests/suites/arc-validation-tests.yml"

struct tally {
	unsigned n_passed, n_failed;
};

static struct resolver *
create_zone(const struct yaml_value *records)
{
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	for (size_t i = 0; records != NULL && i < records->n; i++) {
		const struct dns_record record = {
			.text = yaml_text(records->items[i]) };

		assert_true(zone_add_record(zone, yaml_text(records->keys[i]),
		    DNS_TXT, &record, 300));
	}
	return zone;
}

static void
run_case(struct slice name, const struct yaml_value *test,
    struct resolver *zone, struct tally *tally)
{
	static const struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	struct slice want = yaml_get_text(test, "cv");
	struct arc_outcome outcome;
	struct validate_request request = {
		.resolver = zone, .options = &options,
		.chunk_octets = SIZE_MAX, .is_header_whole = true,
	};

	/* cv_fail_i1_as_cv_fail leaves its cv: empty.  A chain whose newest
	 * seal says fail has failed (RFC 8617 5.2 step 2). */
	if (want.len == 0)
		want = SLICE("Fail");
	request.text = case_get_message(arena, test);
	arc_validate_message(arena, &request, &outcome);
	if (slice_eq_nocase(want, slice_from_cstr(arc_result_name(
	    outcome.result)))) {
		tally->n_passed++;
	} else {
		tally->n_failed++;
		printf("%.*s (line %u): %s, not %.*s: %s\n",
		    SLICE_PRINTF(name), test->line,
		    arc_result_name(outcome.result), SLICE_PRINTF(want),
		    arc_reason_text(outcome.reason));
	}
	arena_destroy(&arena);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *scenarios = yaml_load(arena, SUITE);
	struct tally tally = { 0, 0 };

	for (size_t i = 0; i < scenarios->n; i++) {
		const struct yaml_value *scenario = scenarios->items[i];
		const struct yaml_value *tests = yaml_get(scenario, "tests");
		struct resolver *zone = create_zone(yaml_get(scenario,
		    "txt-records"));

		for (size_t j = 0; tests != NULL && j < tests->n; j++)
			run_case(yaml_text(tests->keys[j]), tests->items[j],
			    zone, &tally);
		dns_destroy_resolver(&zone);
	}
	arena_destroy(&arena);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	return tally.n_failed == 0 && tally.n_passed > 0 ? 0 : 1;
}
