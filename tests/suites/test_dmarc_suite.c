/* The DMARC suite, dmarc-public.yml (its head tells the format), through
 * inspect/ and policy/ with a zone in memory. */
#include <stdio.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "dmarc/psl.h"
#include "dns/dns.h"
#include "inspect/inspect.h"
#include "policy/policy.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/asked.h"
#include "unit/test.h"

#define SUITE "tests/suites/dmarc-public.yml"
#define RECEIVER "mx.judge.example"
#define MAX_TEXT ((size_t)1024 * 1024)

struct tally {
	unsigned n_passed, n_failed;
};

/* One case being run. */
struct run {
	struct arena *arena;
	const struct yaml_value *expect;
	const struct inspect_results *results;
	struct policy_verdict verdict;
	struct strbuf differences;
};

/* ---- what is expected ---------------------------------------------------- */

static void
compare(struct run *run, const char *what, const struct yaml_value *want,
    const char *got)
{
	if (yaml_allows(want, slice_from_cstr(got)))
		return;
	strbuf_printf(&run->differences, " %s is %s, not ", what, got);
	if (want == NULL)
		strbuf_append_cstr(&run->differences, "absent");
	else if (want->kind == YAML_KIND_LIST)
		strbuf_append(&run->differences, yaml_text(want->items[0]));
	else
		strbuf_append(&run->differences, yaml_text(want));
	strbuf_append_char(&run->differences, ';');
}

static void
compare_signatures(struct run *run)
{
	const struct yaml_value *want = yaml_get(run->expect, "dkim");
	const struct inspect_results *results = run->results;

	if (want == NULL)
		return;
	if (results->n_dkim == 0 && want->n == 1) {
		compare(run, "dkim", want->items[0], "none");
		return;
	}
	if (results->n_dkim != want->n) {
		strbuf_printf(&run->differences,
		    " %zu signatures, not %zu;", results->n_dkim, want->n);
		return;
	}
	for (size_t i = 0; i < want->n; i++)
		compare(run, "dkim", want->items[i],
		    dkim_result_name(results->dkim[i].result));
}

/* No policy is expected where none applies; for temperror the suite leaves it
 * open. */
static void
compare_policy(struct run *run)
{
	const struct dmarc_evaluation *deciding = run->results->dmarc.deciding;
	const struct yaml_value *want = yaml_get(run->expect, "dmarc_policy");
	bool is_known = deciding->has_policy && deciding->is_policy_known;

	if (want != NULL)
		compare(run, "policy", want, is_known ?
		    dmarc_policy_name(deciding->policy) : "not known");
	else if (is_known && deciding->result != DMARC_TEMPERROR)
		compare(run, "policy", NULL,
		    dmarc_policy_name(deciding->policy));
}

/* The suite's words. */
static const char *
action_name(enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		return "accept";
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		return "quarantine";
	case POLICY_REJECT:
		return "reject";
	case POLICY_TEMPFAIL:
		return "tempfail";
	}
	return "";
}

static enum dns_type
parse_type(struct slice name)
{
	static const enum dns_type types[] = {
		DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA
	};

	for (size_t i = 0; i < N_ELEMENTS(types); i++)
		if (slice_eq(name, slice_from_cstr(dns_type_name(types[i]))))
			return types[i];
	fail_msg("unknown type %.*s", SLICE_PRINTF(name));
	return DNS_A;
}

/* max_queries: "TYPE" or "TYPE NAME", and how many. */
static void
compare_queries(struct run *run, const struct resolver *asked)
{
	const struct yaml_value *limits = yaml_get(run->expect,
	    "max_queries");

	for (size_t i = 0; limits != NULL && i < limits->n; i++) {
		struct slice key = yaml_text(limits->keys[i]);
		struct cursor cur = cursor_of(key);
		enum dns_type type = parse_type(cursor_take_until(&cur, ' '));
		uint64_t max;
		size_t n;

		cursor_take_char(&cur, ' ');
		assert_true(slice_parse_uint(yaml_text(limits->items[i]),
		    SIZE_MAX, &max));
		n = asked_count(asked, type, cursor_rest(&cur));
		if (n > max)
			strbuf_printf(&run->differences,
			    " %zu queries for %.*s;", n, SLICE_PRINTF(key));
	}
}

static void
compare_all(struct run *run, const struct resolver *asked)
{
	const struct inspect_results *results = run->results;

	compare(run, "spf", yaml_get(run->expect, "spf"),
	    spf_result_name(results->spf.result));
	compare_signatures(run);
	compare(run, "arc", yaml_get(run->expect, "arc"),
	    arc_result_name(results->arc.result));
	compare(run, "dmarc", yaml_get(run->expect, "dmarc"),
	    dmarc_result_name(results->dmarc.result));
	compare_policy(run);
	compare(run, "action", yaml_get(run->expect, "action"),
	    action_name(run->verdict.action));
	compare_queries(run, asked);
}

/* ---- the suite ----------------------------------------------------------- */

static void
report(struct slice name, const struct yaml_value *test, struct run *run,
    struct tally *tally)
{
	assert_false(run->differences.has_failed);
	if (run->differences.len == 0) {
		tally->n_passed++;
		return;
	}
	tally->n_failed++;
	printf("%.*s (line %u):%.*s (%.*s)\n", SLICE_PRINTF(name), test->line,
	    SLICE_PRINTF(strbuf_slice(&run->differences)),
	    SLICE_PRINTF(run->results->dmarc.deciding->reason));
}

static void
run_case(struct slice name, const struct yaml_value *test,
    const struct yaml_value *zonedata, const struct psl *psl,
    struct tally *tally)
{
	static const struct policy_options policy = {
		.mode = POLICY_MODE_ENFORCE,
		.dmarc_reject = POLICY_REJECT_STRICT,
		.quarantine = POLICY_QUARANTINE_HOLD,
	};
	struct run run = { .arena = test_arena(),
		.expect = yaml_get(test, "expect") };
	struct resolver *asked = asked_create(zonedata_create_zone(run.arena,
	    zonedata));
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct inspect *in;

	if (yaml_allows(yaml_get(test, "org_domain_mode"), SLICE("psl"))) {
		options.dmarc.discovery = DMARC_DISCOVERY_PSL;
		options.dmarc.psl = psl;
	}
	strbuf_init(&run.differences, run.arena, MAX_TEXT);
	in = inspect_create(&options, asked, SLICE(RECEIVER));
	assert_non_null(in);
	case_feed_session(in, run.arena, test, SLICE(RECEIVER));
	assert_int_equal(inspect_finish(in, &run.results), INSPECT_OK);
	policy_judge_message(&policy, run.results, inspect_arena(in),
	    &run.verdict);
	compare_all(&run, asked);
	report(name, test, &run, tally);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
	arena_destroy(&run.arena);
}

static void
run_scenario(const struct yaml_value *scenario, const struct psl *psl,
    struct tally *tally)
{
	const struct yaml_value *tests = yaml_get(scenario, "tests");

	assert_non_null(tests);
	for (size_t i = 0; i < tests->n; i++)
		run_case(yaml_text(tests->keys[i]), tests->items[i],
		    yaml_get(scenario, "zonedata"), psl, tally);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *documents = yaml_load(arena, SUITE);
	struct psl *psl = dmarc_psl_load(NULL);
	struct tally tally = { 0, 0 };

	assert_non_null(psl);
	for (size_t i = 0; i < documents->n; i++)
		for (size_t k = 0; k < documents->items[i]->n; k++)
			run_scenario(documents->items[i]->items[k], psl,
			    &tally);
	dmarc_psl_free(&psl);
	arena_destroy(&arena);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	return tally.n_failed != 0 || tally.n_passed == 0;
}
