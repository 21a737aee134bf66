/* tests/unit/policy/test_rules.c - the operator's rules: which mail they are
 * about, and what they make of a verdict. */
#include "unit/test.h"

#include <string.h>

#include "policy/field.h"
#include "policy/policy.h"

static void
test_match_domain(void **state)
{
	static const struct {
		const char *pattern, *domain;
		bool fits;
	} cases[] = {
		{ "example.org", "example.org", true },
		{ "example.org", "a.example.org", false },
		{ "example.org", "badexample.org", false },
		{ "*.example.org", "a.example.org", true },
		{ "*.example.org", "b.a.example.org", true },
		{ "*.example.org", "example.org", false },
		{ "*.example.org", "badexample.org", false },
		{ "*", "example.org", true },
		{ "*", "", false },
		{ "example.org", "", false },
		{ "*.example.org", "", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (policy_match_domain(slice_from_cstr(cases[i].pattern),
		    slice_from_cstr(cases[i].domain)) != cases[i].fits)
			fail_msg("%s and %s", cases[i].pattern,
			    cases[i].domain);
}

static void
test_has_ended(void **state)
{
	const struct policy_rule dated = { .end_s = 1000 };
	const struct policy_rule lasting = { .end_s = INT64_MAX };

	(void)state;
	assert_false(policy_rule_has_ended(&dated, 999));
	assert_true(policy_rule_has_ended(&dated, 1000));
	assert_false(policy_rule_has_ended(&lasting, INT64_MAX - 1));
}

/* ---- a message ----------------------------------------------------------- */

/* Two authors at different domains, two recipients, a signature each that
 * passed and failed, a chain of two sets. */
struct scene {
	struct dkim_outcome dkim[2];
	struct inspect_recipient recipients[2];
	struct arc_set sets[2];
	struct dmarc_evaluation evaluation;
	struct inspect_results results;
};

static void
set_scene(struct scene *scene, enum dmarc_result result,
    enum dmarc_policy policy)
{
	*scene = (struct scene){
		.dkim = {
		    { .result = DKIM_RESULT_PASS,
			.domain = SLICE("lists.example.com") },
		    { .result = DKIM_RESULT_FAIL,
			.domain = SLICE("example.org") },
		},
		.recipients = {
		    { SLICE_INIT("postmaster"),
			SLICE_INIT("example.com") },
		    { SLICE_INIT("bob"), SLICE_INIT("sub.example.com") },
		},
		.sets = { { .sealer = SLICE("old.example") },
		    { .sealer = SLICE("new.example") } },
		.evaluation = { .author_domain = SLICE("example.org"),
		    .result = result, .has_policy = result != DMARC_NONE,
		    .policy = policy, .is_policy_known = true,
		    .reason = SLICE("no identifier is aligned") },
	};
	scene->results = (struct inspect_results){
		.is_dkim_checked = true,
		.is_dmarc_checked = true,
		.start_s = 1000,
		.listener = SLICE("mx"),
		.authors = { .domains = { SLICE_INIT("example.org"),
		    SLICE_INIT("example.net") }, .n_domains = 1 },
		.dkim = scene->dkim, .n_dkim = 2,
		.recipients = scene->recipients, .n_recipients = 1,
		.arc = { .result = ARC_PASS, .sets = scene->sets,
		    .n_sets = 2 },
		.dmarc = { .result = result,
		    .deciding = &scene->evaluation,
		    .evaluations = &scene->evaluation, .n_evaluations = 1 },
	};
	assert_true(ip_parse(SLICE("192.0.2.1"), &scene->results.client));
}

/* A match of one key with one value; KEY as in the configuration. */
struct one {
	struct slice text;
	struct ip_network network;
	struct policy_recipient recipient;
};

static void
set_match(struct policy_rule_match *match, struct one *one, const char *key,
    const char *value)
{
	struct policy_list list = { &one->text, 1 };
	size_t at;

	one->text = slice_from_cstr(value);
	if (strcmp(key, "author_domain") == 0) {
		match->author_domains = list;
	} else if (strcmp(key, "dkim_domain") == 0) {
		match->dkim_domains = list;
	} else if (strcmp(key, "sealer") == 0) {
		match->sealers = list;
	} else if (strcmp(key, "listener") == 0) {
		match->listeners = list;
	} else if (strcmp(key, "client") == 0) {
		assert_true(ip_parse_network(one->text, &one->network));
		match->clients = &one->network;
		match->n_clients = 1;
	} else {
		assert_string_equal(key, "recipient");
		at = slice_find(one->text, '@');
		one->recipient.local = slice_head(one->text, at);
		one->recipient.domain = slice_from(one->text, at + 1);
		match->recipients = &one->recipient;
		match->n_recipients = 1;
	}
}

static void
test_matches(void **state)
{
	static const struct {
		const char *name, *key, *value;
		unsigned n_authors, n_recipients, n_more;
		bool fits_one, fits_all;
	} cases[] = {
		{ "author", "author_domain", "example.org", 1, 1, 0, true,
		    true },
		{ "other author", "author_domain", "example.com", 1, 1, 0,
		    false, false },
		{ "one of two authors", "author_domain", "example.org", 2, 1,
		    0, true, false },
		{ "both authors", "author_domain", "*", 2, 1, 0, true, true },
		{ "no author", "author_domain", "*", 0, 1, 0, false, false },
		{ "signature that passed", "dkim_domain", "*.example.com", 1,
		    1, 0, true, true },
		{ "signature that failed", "dkim_domain", "example.org", 1, 1,
		    0, false, false },
		{ "newest sealer", "sealer", "new.example", 1, 1, 0, true,
		    true },
		{ "older sealer", "sealer", "old.example", 1, 1, 0, false,
		    false },
		{ "client", "client", "192.0.2.0/24", 1, 1, 0, true, true },
		{ "other client", "client", "198.51.100.0/24", 1, 1, 0, false,
		    false },
		{ "client of the other family", "client", "::/0", 1, 1, 0,
		    false, false },
		{ "listener", "listener", "mx", 1, 1, 0, true, true },
		{ "other listener", "listener", "submission", 1, 1, 0, false,
		    false },
		{ "listeners have their case", "listener", "MX", 1, 1, 0,
		    false, false },
		{ "recipient, any case", "recipient", "PostMaster@example.com",
		    1, 1, 0, true, true },
		{ "recipient elsewhere", "recipient", "postmaster@example.net",
		    1, 1, 0, false, false },
		{ "all of a domain", "recipient", "@example.com", 1, 1, 0,
		    true, true },
		{ "a local part anywhere", "recipient", "postmaster@", 1, 1,
		    0, true, true },
		{ "one of two recipients", "recipient", "@example.com", 1, 2,
		    0, true, false },
		{ "a pattern for the domain", "recipient", "@*.example.com",
		    1, 2, 0, true, false },
		{ "recipients not remembered", "recipient", "@example.com", 1,
		    1, 1, true, false },
		{ "no recipients", "recipient", "@example.com", 1, 0, 0, false,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct policy_rule rule = { .end_s = INT64_MAX };
		struct one one = { .text = SLICE_EMPTY };
		struct scene scene;

		set_scene(&scene, DMARC_FAIL, DMARC_POLICY_REJECT);
		scene.results.authors.n_domains = cases[i].n_authors;
		scene.results.n_recipients = cases[i].n_recipients;
		scene.results.n_more_recipients = cases[i].n_more;
		set_match(&rule.match, &one, cases[i].key, cases[i].value);
		if (policy_rule_matches(&rule, &scene.results, false) !=
		    cases[i].fits_one)
			fail_msg("%s: as a harsher one", cases[i].name);
		if (policy_rule_matches(&rule, &scene.results, true) !=
		    cases[i].fits_all)
			fail_msg("%s: as a weaker one", cases[i].name);
	}
}

/* A client that the relay itself has not seen makes nothing milder. */
static void
test_hearsay(void **state)
{
	struct policy_rule rule = { .end_s = INT64_MAX };
	struct one one = { .text = SLICE_EMPTY };
	struct scene scene;

	(void)state;
	set_scene(&scene, DMARC_FAIL, DMARC_POLICY_REJECT);
	scene.results.is_client_hearsay = true;
	assert_true(policy_rule_matches(&rule, &scene.results, true));
	set_match(&rule.match, &one, "client", "192.0.2.1");
	assert_true(policy_rule_matches(&rule, &scene.results, false));
	assert_false(policy_rule_matches(&rule, &scene.results, true));
}

/* A chain that failed vouches for nobody. */
static void
test_sealer_of_failed_chain(void **state)
{
	struct policy_rule rule = { .end_s = INT64_MAX };
	struct one one = { .text = SLICE_EMPTY };
	struct scene scene;

	(void)state;
	set_scene(&scene, DMARC_FAIL, DMARC_POLICY_REJECT);
	set_match(&rule.match, &one, "sealer", "new.example");
	scene.results.arc.result = ARC_FAIL;
	assert_false(policy_rule_matches(&rule, &scene.results, false));
	scene.results.arc.result = ARC_TEMPERROR;
	assert_false(policy_rule_matches(&rule, &scene.results, false));
	scene.results.arc = (struct arc_outcome){ .result = ARC_PASS };
	assert_false(policy_rule_matches(&rule, &scene.results, false));
}

/* All keys of a match must hold. */
static void
test_all_keys(void **state)
{
	static const char *const keys[][2] = {
		{ "author_domain", "example.org" },
		{ "dkim_domain", "lists.example.com" },
		{ "client", "192.0.2.1" },
		{ "sealer", "new.example" },
		{ "recipient", "postmaster@example.com" },
		{ "listener", "mx" },
	};
	static const char *const wrong[] = { "x.example", "x.example",
		"192.0.2.2", "x.example", "x@x.example", "x" };

	(void)state;
	for (size_t bad = 0; bad <= N_ELEMENTS(keys); bad++) {
		struct policy_rule rule = { .end_s = INT64_MAX };
		struct one ones[N_ELEMENTS(keys)] = { { .text = SLICE_EMPTY } };
		struct scene scene;

		set_scene(&scene, DMARC_FAIL, DMARC_POLICY_REJECT);
		for (size_t i = 0; i < N_ELEMENTS(keys); i++)
			set_match(&rule.match, &ones[i], keys[i][0],
			    i == bad ? wrong[i] : keys[i][1]);
		assert_int_equal(policy_rule_matches(&rule, &scene.results,
		    true), bad == N_ELEMENTS(keys));
	}
}

/* ---- the verdict --------------------------------------------------------- */

static void
judge(const struct policy_options *options, struct scene *scene,
    struct arena *arena, struct policy_verdict *verdict)
{
	policy_judge_message(options, &scene->results, arena, verdict);
}

static struct policy_options
options_with(const struct policy_rule *rules, size_t n)
{
	struct policy_options options = POLICY_OPTIONS_DEFAULT;

	options.mode = POLICY_MODE_ENFORCE;
	options.dmarc_reject = POLICY_REJECT_STRICT;
	options.rules = rules;
	options.n_rules = n;
	return options;
}

static void
test_actions(void **state)
{
	static const struct {
		const char *name;
		enum dmarc_result result;
		enum dmarc_policy policy;
		enum policy_rule_action action;
		bool is_always, is_temperror_accepted;
		enum policy_quarantine quarantine;
		enum policy_action wanted;
		enum policy_disposition disposition;
		bool is_override, is_other;	/* is_other: no rule */
	} cases[] = {
		{ "accept under p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
		    POLICY_RULE_ACCEPT, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_ACCEPT, POLICY_DISPOSITION_NONE, true, false },
		{ "none under p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
		    POLICY_RULE_NONE, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_ACCEPT, POLICY_DISPOSITION_NONE, true, false },
		{ "quarantine under p=reject", DMARC_FAIL,
		    DMARC_POLICY_REJECT, POLICY_RULE_QUARANTINE, false, false,
		    POLICY_QUARANTINE_HOLD, POLICY_HOLD,
		    POLICY_DISPOSITION_QUARANTINE, true, false },
		{ "reject under p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
		    POLICY_RULE_REJECT, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_REJECT, POLICY_DISPOSITION_REJECT, false, false },
		{ "reject under p=none", DMARC_FAIL, DMARC_POLICY_NONE,
		    POLICY_RULE_REJECT, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_REJECT, POLICY_DISPOSITION_REJECT, true, false },
		{ "reject without a policy", DMARC_NONE, DMARC_POLICY_NONE,
		    POLICY_RULE_REJECT, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_REJECT, POLICY_DISPOSITION_REJECT, true, false },
		{ "reject a pass", DMARC_PASS, DMARC_POLICY_REJECT,
		    POLICY_RULE_REJECT, false, false, POLICY_QUARANTINE_HOLD,
		    POLICY_ACCEPT, POLICY_DISPOSITION_NONE, false, true },
		{ "reject a pass, always", DMARC_PASS, DMARC_POLICY_REJECT,
		    POLICY_RULE_REJECT, true, false, POLICY_QUARANTINE_HOLD,
		    POLICY_REJECT, POLICY_DISPOSITION_REJECT, true, false },
		{ "quarantine is tag", DMARC_NONE, DMARC_POLICY_NONE,
		    POLICY_RULE_QUARANTINE, false, false,
		    POLICY_QUARANTINE_TAG, POLICY_ACCEPT,
		    POLICY_DISPOSITION_QUARANTINE, true, false },
		{ "quarantine is redirect", DMARC_NONE, DMARC_POLICY_NONE,
		    POLICY_RULE_QUARANTINE, false, false,
		    POLICY_QUARANTINE_REDIRECT, POLICY_REDIRECT,
		    POLICY_DISPOSITION_QUARANTINE, true, false },
		{ "quarantine is reject", DMARC_NONE, DMARC_POLICY_NONE,
		    POLICY_RULE_QUARANTINE, false, false,
		    POLICY_QUARANTINE_REJECT, POLICY_REJECT,
		    POLICY_DISPOSITION_REJECT, true, false },
		{ "quarantine is none", DMARC_FAIL, DMARC_POLICY_REJECT,
		    POLICY_RULE_QUARANTINE, false, false,
		    POLICY_QUARANTINE_NONE, POLICY_ACCEPT,
		    POLICY_DISPOSITION_NONE, true, false },
		{ "a broken record accepted", DMARC_PERMERROR,
		    DMARC_POLICY_NONE, POLICY_RULE_ACCEPT, false, false,
		    POLICY_QUARANTINE_HOLD, POLICY_ACCEPT,
		    POLICY_DISPOSITION_NONE, false, false },
		{ "accept what would be deferred", DMARC_TEMPERROR,
		    DMARC_POLICY_REJECT, POLICY_RULE_ACCEPT, false, false,
		    POLICY_QUARANTINE_HOLD, POLICY_ACCEPT,
		    POLICY_DISPOSITION_NONE, true, false },
		{ "what might still pass is not rejected", DMARC_TEMPERROR,
		    DMARC_POLICY_REJECT, POLICY_RULE_REJECT, false, false,
		    POLICY_QUARANTINE_HOLD, POLICY_TEMPFAIL,
		    POLICY_DISPOSITION_NONE, false, false },
		{ "nor accepted under p=none, since the rule hangs on it",
		    DMARC_TEMPERROR, DMARC_POLICY_NONE, POLICY_RULE_REJECT,
		    false, false, POLICY_QUARANTINE_HOLD, POLICY_TEMPFAIL,
		    POLICY_DISPOSITION_NONE, true, false },
		{ "unless temperrors are accepted", DMARC_TEMPERROR,
		    DMARC_POLICY_NONE, POLICY_RULE_REJECT, false, true,
		    POLICY_QUARANTINE_HOLD, POLICY_ACCEPT,
		    POLICY_DISPOSITION_NONE, false, false },
		{ "always waits for nothing", DMARC_TEMPERROR,
		    DMARC_POLICY_NONE, POLICY_RULE_REJECT, true, false,
		    POLICY_QUARANTINE_HOLD, POLICY_REJECT,
		    POLICY_DISPOSITION_REJECT, true, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_rule rule = { .name = SLICE("1"),
			.action = cases[i].action, .why = SLICE("a test"),
			.is_always = cases[i].is_always,
			.end_s = INT64_MAX };
		struct policy_options options = options_with(&rule, 1);
		struct one one = { .text = SLICE_EMPTY };
		struct policy_verdict verdict;
		struct scene scene;

		options.quarantine = cases[i].quarantine;
		options.is_temperror_accepted =
		    cases[i].is_temperror_accepted;
		set_match(&rule.match, &one, "author_domain", "example.org");
		set_scene(&scene, cases[i].result, cases[i].policy);
		judge(&options, &scene, arena, &verdict);
		if (verdict.wanted != cases[i].wanted ||
		    verdict.action != cases[i].wanted)
			fail_msg("%s: wrong action", cases[i].name);
		if (verdict.disposition != cases[i].disposition)
			fail_msg("%s: wrong disposition", cases[i].name);
		if (verdict.rule != (cases[i].is_other ? NULL : &rule))
			fail_msg("%s: wrong rule", cases[i].name);
		if (verdict.override != (cases[i].is_override ?
		    POLICY_OVERRIDE_LOCAL_POLICY : POLICY_OVERRIDE_NONE))
			fail_msg("%s: wrong override", cases[i].name);
		if ((verdict.code != NULL) !=
		    (verdict.action == POLICY_REJECT ||
		    verdict.action == POLICY_TEMPFAIL))
			fail_msg("%s: wrong reply", cases[i].name);
		arena_destroy(&arena);
	}
}

/* None is for policies: a From that names nobody is no policy's matter. */
static void
test_bad_from(void **state)
{
	struct arena *arena = test_arena();
	struct policy_rule rule = { .name = SLICE("1"),
		.action = POLICY_RULE_NONE, .why = SLICE("a scanner"),
		.end_s = INT64_MAX };
	struct policy_options options = options_with(&rule, 1);
	struct one one = { .text = SLICE_EMPTY };
	struct policy_verdict verdict;
	struct scene scene;

	(void)state;
	set_match(&rule.match, &one, "client", "192.0.2.1");
	set_scene(&scene, DMARC_PERMERROR, DMARC_POLICY_NONE);
	scene.results.author_status = MAIL_AUTHOR_ABSENT;
	scene.results.authors.n_domains = 0;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_REJECT);
	rule.action = POLICY_RULE_ACCEPT;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_ptr_equal(verdict.rule, &rule);
	arena_destroy(&arena);
}

/* Nobody gets a milder verdict by naming one more recipient. */
static void
test_recipients_of_weaker_rule(void **state)
{
	static const struct {
		enum policy_rule_action action;
		enum dmarc_policy policy;
		enum policy_action for_both;
	} cases[] = {
		{ POLICY_RULE_ACCEPT, DMARC_POLICY_REJECT, POLICY_REJECT },
		{ POLICY_RULE_NONE, DMARC_POLICY_REJECT, POLICY_REJECT },
		{ POLICY_RULE_QUARANTINE, DMARC_POLICY_REJECT, POLICY_REJECT },
		{ POLICY_RULE_QUARANTINE, DMARC_POLICY_NONE, POLICY_HOLD },
		{ POLICY_RULE_REJECT, DMARC_POLICY_NONE, POLICY_REJECT },
		{ POLICY_RULE_REJECT, DMARC_POLICY_QUARANTINE,
		    POLICY_REJECT },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_rule rule = { .name = SLICE("1"),
			.action = cases[i].action, .why = SLICE("a test"),
			.end_s = INT64_MAX };
		struct policy_options options = options_with(&rule, 1);
		struct one one = { .text = SLICE_EMPTY };
		struct policy_verdict verdict;
		struct scene scene;

		set_match(&rule.match, &one, "recipient",
		    "postmaster@example.com");
		set_scene(&scene, DMARC_FAIL, cases[i].policy);
		judge(&options, &scene, arena, &verdict);
		assert_ptr_equal(verdict.rule, &rule);
		scene.results.n_recipients = 2;
		judge(&options, &scene, arena, &verdict);
		assert_int_equal(verdict.action, cases[i].for_both);
		arena_destroy(&arena);
	}
}

static void
test_order_shadow_and_end(void **state)
{
	struct arena *arena = test_arena();
	struct policy_rule rules[] = {
		{ .name = SLICE("1"), .action = POLICY_RULE_ACCEPT,
		    .why = SLICE("over"), .end_s = 1000 },
		{ .name = SLICE("2"), .action = POLICY_RULE_QUARANTINE,
		    .why = SLICE("tried"), .end_s = 1001, .is_shadow = true },
		{ .name = SLICE("3"), .action = POLICY_RULE_ACCEPT,
		    .why = SLICE("tried too"), .end_s = INT64_MAX,
		    .is_shadow = true },
		{ .name = SLICE("four"), .action = POLICY_RULE_NONE,
		    .why = SLICE("a partner in trouble"),
		    .end_s = INT64_MAX },
		{ .name = SLICE("5"), .action = POLICY_RULE_REJECT,
		    .why = SLICE("too late"), .end_s = INT64_MAX },
	};
	struct policy_options options = options_with(rules, 5);
	struct policy_verdict verdict;
	struct scene scene;

	(void)state;
	options.evidence = 0;	/* the chain is for the rules */
	set_scene(&scene, DMARC_FAIL, DMARC_POLICY_REJECT);
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_ptr_equal(verdict.rule, &rules[3]);
	assert_int_equal(verdict.override, POLICY_OVERRIDE_LOCAL_POLICY);
	test_assert_slice("why", verdict.override_comment,
	    "a partner in trouble");
	assert_ptr_equal(verdict.shadow_rule, &rules[1]);
	assert_int_equal(verdict.shadow_wanted, POLICY_HOLD);
	test_assert_slice("reason", verdict.reason, "rule four: a partner in "
	    "trouble; dmarc=fail p=reject example.org: no identifier is "
	    "aligned");

	/* Shadows alone change nothing. */
	options.n_rules = 3;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_REJECT);
	assert_null(verdict.rule);
	assert_int_equal(verdict.override, POLICY_OVERRIDE_NONE);
	assert_ptr_equal(verdict.shadow_rule, &rules[1]);
	arena_destroy(&arena);
}

static void
test_words(void **state)
{
	struct arena *arena = test_arena();
	struct policy_rule rule = { .name = SLICE("no-forms"),
		.action = POLICY_RULE_REJECT, .is_always = true,
		.why = SLICE("their form server is abused"),
		.end_s = INT64_MAX };
	struct policy_options options = options_with(&rule, 1);
	struct policy_verdict verdict;
	struct slice field;
	struct scene scene;

	(void)state;
	set_scene(&scene, DMARC_PASS, DMARC_POLICY_REJECT);
	judge(&options, &scene, arena, &verdict);
	test_assert_slice("reply", verdict.text, "rejected by local rule "
	    "no-forms: their form server is abused (author domain "
	    "example.org)");
	assert_string_equal(verdict.code, "550");
	assert_string_equal(verdict.enhanced, "5.7.1");
	assert_true(policy_build_field(arena, SLICE("mx.example.org"),
	    &scene.results, &verdict, &field));
	assert_non_null(memmem(field.ptr, field.len,
	    "policy.rule=no-forms", 20));

	/* Without DMARC rules for always are left. */
	scene.results.is_dmarc_checked = false;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_REJECT);
	rule.is_always = false;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_null(verdict.rule);

	/* Monitor mode tells what would be done. */
	rule.is_always = true;
	options.mode = POLICY_MODE_MONITOR;
	judge(&options, &scene, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_int_equal(verdict.wanted, POLICY_REJECT);
	assert_ptr_equal(verdict.rule, &rule);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_domain),
		cmocka_unit_test(test_has_ended),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_hearsay),
		cmocka_unit_test(test_sealer_of_failed_chain),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_bad_from),
		cmocka_unit_test(test_recipients_of_weaker_rule),
		cmocka_unit_test(test_order_shadow_and_end),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
