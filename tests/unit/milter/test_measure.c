/* What is counted, and where; test_milter has what sessions bring. */
#include "milter/measure.h"

#include <pthread.h>
#include <stdio.h>

#include "inspect/inspect.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "unit/test.h"

#define N_THREADS 4
#define N_ROUNDS 500
#define N_NAMES 8

/* ---- enums --------------------------------------------------------------- */

static void
test_enums(void **state)
{
	(void)state;
	assert_int_equal(MILTER_N_SPF, SPF_PERMERROR + 1);
	assert_int_equal(MILTER_N_DKIM, DKIM_RESULT_PERMERROR + 1);
	assert_int_equal(MILTER_N_ARC, ARC_TEMPERROR + 1);
	assert_int_equal(MILTER_N_DMARC, DMARC_PERMERROR + 1);
	assert_int_equal(MILTER_N_ACTIONS, POLICY_TEMPFAIL + 1);
	assert_int_equal(MILTER_N_TRUSTS, POLICY_NOT_SMTP + 1);
	assert_int_equal(MILTER_N_STAGES, MILTER_STAGE_END + 1);
	assert_int_equal(MILTER_RULE_NAME_MAX, POLICY_RULE_NAME_MAX);
	for (unsigned i = 0; i < MILTER_N_STAGES; i++)
		assert_true(milter_stage_name((enum milter_stage)i)[0] !=
		    '\0');
}

/* ---- rules --------------------------------------------------------------- */

struct counting {
	struct service service;
	struct session session;
};

static void
begin(struct counting *c, struct milter_metrics *metrics)
{
	*c = (struct counting){ .service = { .metrics = metrics } };
	c->session.service = &c->service;
	c->session.inspect = inspect_create(NULL, NULL, SLICE("host"));
	assert_non_null(c->session.inspect);
}

static void
end(struct counting *c)
{
	inspect_destroy(&c->session.inspect);
}

static void
match(struct counting *c, const char *rule_name, const char *shadow_name)
{
	struct policy_rule rule = { .name = slice_from_cstr(rule_name) };
	struct policy_rule shadow = { .name = slice_from_cstr(shadow_name) };
	struct policy_verdict verdict = {
		.rule = rule_name != NULL ? &rule : NULL,
		.shadow_rule = shadow_name != NULL ? &shadow : NULL,
	};

	measure_verdict(&c->session, &verdict, false);
}

static const struct milter_rule_count *
find(const struct milter_metrics *metrics, const char *name)
{
	for (size_t i = 0; i < MILTER_N_RULES; i++)
		if (metrics->rules[i].is_named &&
		    strcmp(metrics->rules[i].name, name) == 0)
			return &metrics->rules[i];
	return NULL;
}

static void
test_rules(void **state)
{
	static struct milter_metrics metrics;
	struct counting c;

	(void)state;
	begin(&c, &metrics);
	match(&c, "partner", NULL);
	match(&c, "2", "partner");
	match(&c, NULL, "new");
	match(&c, "partner", "new");
	match(&c, NULL, NULL);
	assert_int_equal(find(&metrics, "partner")->hits, 2);
	assert_int_equal(find(&metrics, "partner")->shadow_hits, 1);
	assert_int_equal(find(&metrics, "2")->hits, 1);
	assert_int_equal(find(&metrics, "new")->hits, 0);
	assert_int_equal(find(&metrics, "new")->shadow_hits, 2);
	assert_int_equal(metrics.n_messages, 5);
	assert_int_equal(metrics.other_rule_hits, 0);
	end(&c);
}

static void
test_too_many_rules(void **state)
{
	static struct milter_metrics metrics;
	char name[MILTER_RULE_NAME_MAX + 2];
	struct counting c;

	(void)state;
	begin(&c, &metrics);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	match(&c, name, name);		/* longer than any name can be */
	match(&c, "", NULL);
	assert_int_equal(metrics.other_rule_hits, 2);
	assert_int_equal(metrics.other_shadow_hits, 1);
	name[sizeof(name) - 2] = '\0';	/* as long as one can be */
	match(&c, name, NULL);
	assert_int_equal(find(&metrics, name)->hits, 1);
	for (unsigned i = 1; i < MILTER_N_RULES; i++) {
		snprintf(name, sizeof(name), "rule%u", i);
		match(&c, name, NULL);
	}
	assert_int_equal(metrics.other_rule_hits, 2);
	match(&c, "one-more", "one-more");
	match(&c, "rule1", "rule2");
	assert_null(find(&metrics, "one-more"));
	assert_int_equal(metrics.other_rule_hits, 3);
	assert_int_equal(metrics.other_shadow_hits, 2);
	assert_int_equal(find(&metrics, "rule1")->hits, 2);
	assert_int_equal(find(&metrics, "rule2")->shadow_hits, 1);
	end(&c);
}

static void *
match_often(void *arg)
{
	char name[16];

	for (unsigned i = 0; i < N_ROUNDS * N_NAMES; i++) {
		snprintf(name, sizeof(name), "%u", i % N_NAMES);
		match(arg, name, NULL);
	}
	return NULL;
}

/* Two may claim places for one name at once: no hit is lost for that. */
static void
test_threads(void **state)
{
	static struct milter_metrics metrics;
	static struct counting counting[N_THREADS];
	pthread_t threads[N_THREADS];
	unsigned sums[N_NAMES] = { 0 };

	(void)state;
	for (unsigned i = 0; i < N_THREADS; i++) {
		begin(&counting[i], &metrics);
		assert_int_equal(pthread_create(&threads[i], NULL,
		    match_often, &counting[i]), 0);
	}
	for (unsigned i = 0; i < N_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		end(&counting[i]);
	}
	for (size_t i = 0; i < MILTER_N_RULES; i++)
		if (metrics.rules[i].is_named)
			sums[metrics.rules[i].name[0] - '0'] +=
			    (unsigned)metrics.rules[i].hits;
	for (unsigned i = 0; i < N_NAMES; i++)
		assert_int_equal(sums[i], N_THREADS * N_ROUNDS);
	assert_int_equal(metrics.n_messages, N_THREADS * N_ROUNDS * N_NAMES);
}

/* Whoever takes over goes on with the counts, and begins with nobody there. */
static void
test_begin(void **state)
{
	struct milter_metrics metrics = { .n_messages = 7, .n_sessions = 3,
		.n_open = 2 };

	(void)state;
	milter_begin_metrics(&metrics);
	assert_int_equal(metrics.n_messages, 7);
	assert_int_equal(metrics.n_sessions, 0);
	assert_int_equal(metrics.n_open, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
