/* The flows of flows.yml (its head tells the format) through inspect/ and
 * policy/ with a zone in memory: what is found of each, the verdict, and for
 * all of them what RFC 9989 7.4 comes down to, with the shipped defaults:
 *
 *     no legitimate indirect delivery that shows a sign is refused,
 *     no forgery under p=reject is accepted,
 *     a bare one is refused. */
#include <stdio.h>

#include "base/strbuf.h"
#include "dns/dns.h"
#include "inspect/inspect.h"
#include "policy/policy.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/test.h"

#define SUITE "tests/suites/flows.yml"
#define RECEIVER "mx.judge.example"
#define MAX_TEXT ((size_t)64 * 1024)
#define MIN_FLOWS 60		/* fewer show nothing */

struct tally {
	unsigned n_passed, n_failed;
};

enum kind {
	KIND_DIRECT,		/* honest, from the author to us */
	KIND_INDIRECT,		/* honest, over somebody else */
	KIND_FORGERY,		/* one that shows a sign */
	KIND_BARE,		/* one that shows none */
};

struct run {
	struct arena *arena;
	const struct yaml_value *flow;
	enum kind kind;
	const struct inspect_results *results;
	struct strbuf differences;
};

/* ---- words of the file --------------------------------------------------- */

static enum kind
parse_kind(const struct yaml_value *flow)
{
	static const char *const names[] = {
		"direct", "indirect", "forgery", "bare"
	};
	struct slice text = yaml_get_text(flow, "kind");

	for (unsigned i = 0; i < N_ELEMENTS(names); i++)
		if (slice_eq(text, slice_from_cstr(names[i])))
			return (enum kind)i;
	fail_msg("line %u: unknown kind", flow->line);
	return KIND_DIRECT;
}

static struct slice
name_signs(struct arena *arena, unsigned signs)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	policy_append_signs(&text, signs, ",");
	return strbuf_slice(&text);
}

static unsigned
parse_sign(struct arena *arena, const struct yaml_value *value)
{
	for (unsigned sign = 1; sign <= POLICY_SIGNS_ALL; sign <<= 1)
		if (slice_eq(yaml_text(value), name_signs(arena, sign)))
			return sign;
	fail_msg("line %u: unknown sign", value->line);
	return 0;
}

static enum policy_quarantine
parse_quarantine(const struct yaml_value *flow)
{
	static const char *const names[] = {
		[POLICY_QUARANTINE_HOLD] = "hold",
		[POLICY_QUARANTINE_TAG] = "tag",
		[POLICY_QUARANTINE_REDIRECT] = "redirect",
		[POLICY_QUARANTINE_REJECT] = "reject",
		[POLICY_QUARANTINE_NONE] = "none",
	};
	struct slice text = yaml_get_text(flow, "quarantine");

	for (unsigned i = 0; i < N_ELEMENTS(names) && text.len != 0; i++)
		if (slice_eq(text, slice_from_cstr(names[i])))
			return (enum policy_quarantine)i;
	assert_int_equal(text.len, 0);
	return POLICY_QUARANTINE_HOLD;
}

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

/* ---- options ------------------------------------------------------------- */

/* Networks and domains in one list, as in the configuration. */
struct listed {
	struct ip_network *networks;
	struct slice *patterns;
	size_t n_networks, n_patterns;
};

static struct listed
parse_list(struct arena *arena, const struct yaml_value *list)
{
	struct listed listed = { .n_networks = 0 };
	size_t n = list != NULL ? list->n : 0;

	listed.networks = arena_alloc_array(arena, n + 1,
	    sizeof(*listed.networks));
	listed.patterns = arena_alloc_array(arena, n + 1,
	    sizeof(*listed.patterns));
	assert_non_null(listed.networks);
	assert_non_null(listed.patterns);
	for (size_t i = 0; i < n; i++) {
		struct slice text = yaml_text(list->items[i]);

		if (ip_parse_network(text,
		    &listed.networks[listed.n_networks]))
			listed.n_networks++;
		else if (policy_parse_pattern(arena, text,
		    &listed.patterns[listed.n_patterns]))
			listed.n_patterns++;
		else
			fail_msg("line %u: no network, no domain", list->line);
	}
	return listed;
}

/* As shipped, with what the operator must know himself: whom he trusts, and who
 * forwards. */
static void
set_defaults(const struct run *run, struct policy_options *options)
{
	struct listed sealers = parse_list(run->arena,
	    yaml_get(run->flow, "sealers"));
	struct listed forwarders = parse_list(run->arena,
	    yaml_get(run->flow, "forwarders"));

	*options = (struct policy_options)POLICY_OPTIONS_DEFAULT;
	options->mode = POLICY_MODE_ENFORCE;
	options->trusted_sealers = (struct policy_list){ sealers.patterns,
		sealers.n_patterns };
	options->forwarder_domains = (struct policy_list){
		forwarders.patterns, forwarders.n_patterns };
	options->forwarder_networks = forwarders.networks;
	options->n_forwarder_networks = forwarders.n_networks;
}

static void
set_options(const struct run *run, struct policy_options *options)
{
	const struct yaml_value *counts = yaml_get(run->flow, "counts");

	set_defaults(run, options);
	options->quarantine = parse_quarantine(run->flow);
	options->is_temperror_accepted = slice_eq(yaml_get_text(run->flow,
	    "temperror"), SLICE("accept"));
	if (slice_eq(yaml_get_text(run->flow, "reject"), SLICE("strict")))
		options->dmarc_reject = POLICY_REJECT_STRICT;
	if (counts != NULL)
		options->evidence = 0;
	for (size_t i = 0; counts != NULL && i < counts->n; i++)
		options->evidence |= parse_sign(run->arena, counts->items[i]);
}

/* ---- what is expected ---------------------------------------------------- */

static void
compare(struct run *run, const char *key, struct slice got)
{
	const struct yaml_value *want = yaml_get(run->flow, key);

	if (yaml_allows(want, got))
		return;
	strbuf_printf(&run->differences, " %s is \"", key);
	strbuf_append(&run->differences, got);
	strbuf_append_cstr(&run->differences, "\", not \"");
	if (want != NULL)
		strbuf_append(&run->differences, yaml_text(
		    want->kind == YAML_KIND_LIST ? want->items[0] : want));
	strbuf_append_cstr(&run->differences, "\";");
}

static void
judge(const struct run *run, const struct policy_options *options,
    struct policy_verdict *verdict)
{
	policy_judge_message(options, run->results, run->arena, verdict);
}

static void
compare_all(struct run *run)
{
	const struct inspect_results *results = run->results;
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;
	struct policy_options options;
	struct policy_verdict verdict;

	set_options(run, &options);
	judge(run, &options, &verdict);
	compare(run, "arc", slice_from_cstr(arc_result_name(
	    results->arc.result)));
	compare(run, "dmarc", slice_from_cstr(dmarc_result_name(
	    results->dmarc.result)));
	compare(run, "policy", deciding->has_policy &&
	    deciding->is_policy_known ? slice_from_cstr(dmarc_policy_name(
	    deciding->policy)) : SLICE("unknown"));
	compare(run, "evidence", name_signs(run->arena, verdict.evidence));
	compare(run, "verdict", slice_from_cstr(action_name(verdict.action)));
}

/* ---- the bar ------------------------------------------------------------- */

static void
break_bar(struct run *run, const char *what)
{
	strbuf_append_cstr(&run->differences, " THE BAR: ");
	strbuf_append_cstr(&run->differences, what);
	strbuf_append_char(&run->differences, ';');
}

static bool
is_forgery(const struct run *run)
{
	switch (run->kind) {
	case KIND_DIRECT:
	case KIND_INDIRECT:
		return false;
	case KIND_FORGERY:
	case KIND_BARE:
		return true;
	}
	return true;
}

static void
check_bar(struct run *run)
{
	struct policy_options options;
	struct policy_verdict verdict;

	set_defaults(run, &options);
	judge(run, &options, &verdict);
	if (run->kind == KIND_INDIRECT && verdict.evidence != 0 &&
	    verdict.action == POLICY_REJECT)
		break_bar(run, "shows a sign and is refused");
	if (is_forgery(run) && (verdict.action == POLICY_ACCEPT ||
	    run->results->dmarc.result == DMARC_PASS))
		break_bar(run, "forged and accepted");
	if (run->kind == KIND_BARE && yaml_get(run->flow, "counts") == NULL &&
	    verdict.action != POLICY_REJECT)
		break_bar(run, "forged, without a sign, and not refused");
	/* Whoever trusts nobody and asks for no knowledge gets none. */
	options.dmarc_reject = POLICY_REJECT_STRICT;
	judge(run, &options, &verdict);
	if (run->results->dmarc.result == DMARC_FAIL &&
	    run->results->dmarc.deciding->policy == DMARC_POLICY_REJECT &&
	    verdict.action != POLICY_REJECT)
		break_bar(run, "not refused by \"strict\"");
}

/* ---- the suite ----------------------------------------------------------- */

static void
report(struct slice name, struct run *run, struct tally *tally)
{
	assert_false(run->differences.has_failed);
	if (run->differences.len == 0) {
		tally->n_passed++;
		return;
	}
	tally->n_failed++;
	printf("%.*s (line %u):%.*s (%.*s)\n", SLICE_PRINTF(name),
	    run->flow->line, SLICE_PRINTF(strbuf_slice(&run->differences)),
	    SLICE_PRINTF(run->results->dmarc.deciding->reason));
}

static void
run_flow(struct slice name, const struct yaml_value *flow,
    struct resolver *zone, struct tally *tally)
{
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct run run = { .arena = test_arena(), .flow = flow,
		.kind = parse_kind(flow) };
	struct listed relays = parse_list(run.arena, yaml_get(flow,
	    "relays"));
	struct inspect *in;

	options.relays = (struct relay_networks){ relays.networks,
		relays.n_networks };
	in = inspect_create(&options, zone, SLICE(RECEIVER));
	assert_non_null(in);
	strbuf_init(&run.differences, run.arena, MAX_TEXT);
	case_feed_session(in, run.arena, flow, SLICE(RECEIVER));
	assert_int_equal(inspect_finish(in, &run.results), INSPECT_OK);
	compare_all(&run);
	check_bar(&run);
	report(name, &run, tally);
	inspect_destroy(&in);
	arena_destroy(&run.arena);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *file = yaml_load(arena, SUITE)->items[0];
	const struct yaml_value *flows = yaml_get(file, "flows");
	struct resolver *zone = zonedata_create_zone(arena,
	    yaml_get(file, "zonedata"));
	struct tally tally = { 0, 0 };

	for (size_t i = 0; flows != NULL && i < flows->n; i++)
		run_flow(yaml_text(flows->keys[i]), flows->items[i], zone,
		    &tally);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
	return tally.n_failed == 0 && tally.n_passed >= MIN_FLOWS ? 0 : 1;
}
