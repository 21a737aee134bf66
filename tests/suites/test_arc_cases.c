/* The cases of arc-cases.yml through the chain's validation and a zone in
 * memory. */
#include <stdio.h>

#include "base/strbuf.h"
#include "dns/dns.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/arc/validate.h"
#include "unit/test.h"

#define SUITE "tests/suites/arc-cases.yml"

/* How the body is cut: one piece, and pieces that fall anywhere. */
static const size_t chunk_octets[] = { SIZE_MAX, 1, 3 };

struct tally {
	unsigned n_passed, n_failed;
};

static struct slice
make_number(struct arena *arena, uint64_t number)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 100);
	strbuf_append_uint(&buf, number);
	return strbuf_slice(&buf);
}

/* A value that the file does not name may be anything. */
static bool
compare(struct slice name, const struct yaml_value *map, const char *key,
    struct slice found)
{
	const struct yaml_value *want = yaml_get(map, key);

	if (want == NULL || slice_eq(yaml_text(want), found))
		return true;
	printf("%.*s: %s is \"%.*s\", not \"%.*s\"\n", SLICE_PRINTF(name), key,
	    SLICE_PRINTF(found), SLICE_PRINTF(yaml_text(want)));
	return false;
}

static bool
check_sets(struct arena *arena, struct slice name,
    const struct yaml_value *test, const struct arc_outcome *outcome)
{
	const struct yaml_value *wants = yaml_get(test, "sets");
	bool is_right = compare(name, test, "n-sets",
	    make_number(arena, outcome->n_sets));

	for (size_t i = 0; wants != NULL && i < wants->n; i++) {
		const struct yaml_value *want = wants->items[i];
		const struct arc_set *set = &outcome->sets[i];

		if (i >= outcome->n_sets)
			return false;
		is_right &= compare(name, want, "sealer", set->sealer);
		is_right &= compare(name, want, "selector",
		    set->seal_selector);
		is_right &= compare(name, want, "message-domain",
		    set->message_domain);
		is_right &= compare(name, want, "covers-from",
		    set->covers_from ? SLICE("true") : SLICE("false"));
		is_right &= compare(name, want, "results", set->results);
	}
	return is_right;
}

static bool
check_outcome(struct arena *arena, struct slice name,
    const struct yaml_value *test, const struct arc_outcome *outcome)
{
	bool is_right = compare(name, test, "result",
	    slice_from_cstr(arc_result_name(outcome->result)));

	is_right &= compare(name, test, "reason",
	    slice_from_cstr(arc_reason_text(outcome->reason)));
	is_right &= compare(name, test, "instance",
	    make_number(arena, outcome->failed_instance));
	is_right &= compare(name, test, "oldest-pass",
	    make_number(arena, outcome->oldest_pass));
	is_right &= check_sets(arena, name, test, outcome);
	/* Whatever the file says: a pass has its sets and no reason. */
	return is_right && (outcome->result != ARC_PASS ||
	    (outcome->n_sets != 0 && outcome->reason == ARC_REASON_NONE &&
	    outcome->failed_instance == 0));
}

static bool
run_once(struct slice name, const struct yaml_value *test,
    struct resolver *zone, size_t chunk)
{
	struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	const struct validate_request request = {
		.resolver = zone, .options = &options,
		.text = case_get_message(arena, test), .chunk_octets = chunk,
		.is_header_whole = case_is_not_false(test, "header-whole"),
	};
	struct arc_outcome outcome;
	bool is_right;

	options.max_sets = (unsigned)case_get_number(test, "max-sets",
	    options.max_sets);
	arc_validate_message(arena, &request, &outcome);
	is_right = check_outcome(arena, name, test, &outcome);
	arena_destroy(&arena);
	return is_right;
}

static void
run_case(struct slice name, const struct yaml_value *test,
    struct tally *tally)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zonedata_create_zone(arena,
	    yaml_get(test, "zonedata"));
	bool is_right = true;

	for (size_t i = 0; i < N_ELEMENTS(chunk_octets) && is_right; i++)
		is_right = run_once(name, test, zone, chunk_octets[i]);
	if (is_right)
		tally->n_passed++;
	else
		tally->n_failed++;
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *file = yaml_load(arena, SUITE)->items[0];
	const struct yaml_value *cases = yaml_get(file, "cases");
	struct tally tally = { 0, 0 };

	for (size_t i = 0; cases != NULL && i < cases->n; i++)
		run_case(yaml_text(cases->keys[i]), cases->items[i], &tally);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	arena_destroy(&arena);
	return tally.n_failed == 0 && tally.n_passed > 0 ? 0 : 1;
}
