/* Several processes' slots, added up. */
#include "control/sum.h"

#include <stdio.h>
#include <string.h>

#include "unit/test.h"

#define N_SLOTS 3

static void
make_process(struct board_slot *slot, bool takes_mail,
    enum board_soundness soundness)
{
	atomic_store(&slot->pid, 100);
	atomic_store(&slot->takes_mail, takes_mail);
	atomic_store(&slot->soundness, (int)soundness);
}

static void
name_rule(struct milter_rule_count *rule, const char *name, unsigned hits,
    unsigned shadow_hits)
{
	snprintf(rule->name, sizeof(rule->name), "%s", name);
	atomic_store(&rule->is_claimed, true);
	atomic_store(&rule->is_named, true);
	atomic_store(&rule->hits, hits);
	atomic_store(&rule->shadow_hits, shadow_hits);
}

static void
fill_zone(struct dns_slow_zone *zone, const char *name, unsigned slow_us)
{
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	zone->n_questions = 2;
	zone->n_failures = 1;
	zone->sum_us = slow_us + 10;
	zone->max_us = slow_us;
	zone->slow_us = slow_us;
}

static void
test_counters_and_gauges(void **state)
{
	struct board *board = board_create(N_SLOTS);
	struct sum sum;

	(void)state;
	make_process(&board->slots[0], true, BOARD_SOUND);
	for (unsigned i = 0; i < N_SLOTS; i++) {
		struct board_slot *slot = &board->slots[i];

		slot->milter.n_messages = i + 1;
		slot->milter.actions[MILTER_N_ACTIONS - 1] = i + 1;
		slot->milter.limits.hits[LIMIT_COUNT - 1] = i + 1;
		slot->milter.n_open = 10;
		slot->dns.n_in_flight = 20;
		slot->cache_hits = 30;
		slot->cache_entries = 40;
		histogram_add(&slot->milter.stages[MILTER_STAGE_END], 200);
	}
	sum_board(board, &sum);
	assert_int_equal(sum.n_messages, 6);
	assert_int_equal(sum.actions[MILTER_N_ACTIONS - 1], 6);
	assert_int_equal(sum.limits[LIMIT_COUNT - 1], 6);
	assert_int_equal(sum.cache_hits, 90);
	assert_int_equal(sum.stages[MILTER_STAGE_END].n, 3);
	assert_int_equal(sum.stages[MILTER_STAGE_END].counts[1], 3);
	assert_int_equal(sum.stages[MILTER_STAGE_END].sum_us, 600);
	/* What is so now is that of the one process that there is. */
	assert_int_equal(sum.n_processes, 1);
	assert_int_equal(sum.n_open, 10);
	assert_int_equal(sum.n_in_flight, 20);
	assert_int_equal(sum.cache_entries, 40);
	board_destroy(&board);
}

static void
test_rules_by_name(void **state)
{
	struct board *board = board_create(2);
	struct sum sum;

	(void)state;
	name_rule(&board->slots[0].milter.rules[0], "partner", 1, 0);
	name_rule(&board->slots[0].milter.rules[1], "2", 0, 5);
	/* Claimed by two threads at once, and one that is not named yet. */
	name_rule(&board->slots[0].milter.rules[2], "partner", 2, 0);
	name_rule(&board->slots[0].milter.rules[3], "late", 9, 9);
	atomic_store(&board->slots[0].milter.rules[3].is_named, false);
	name_rule(&board->slots[1].milter.rules[0], "2", 1, 0);
	name_rule(&board->slots[1].milter.rules[1], "partner", 4, 1);
	board->slots[1].milter.other_rule_hits = 7;
	sum_board(board, &sum);
	assert_int_equal(sum.n_rules, 2);
	assert_string_equal(sum.rules[0].name, "2");
	assert_int_equal(sum.rules[0].hits, 1);
	assert_int_equal(sum.rules[0].shadow_hits, 5);
	assert_string_equal(sum.rules[1].name, "partner");
	assert_int_equal(sum.rules[1].hits, 7);
	assert_int_equal(sum.rules[1].shadow_hits, 1);
	assert_int_equal(sum.other_rule_hits, 7);
	board_destroy(&board);
}

/* Rules that have no place in the sum are counted all the same. */
static void
test_too_many_rules(void **state)
{
	struct board *board = board_create(2);
	struct sum sum;
	char name[16];

	(void)state;
	for (unsigned i = 0; i < MILTER_N_RULES; i++) {
		snprintf(name, sizeof(name), "a%u", i);
		name_rule(&board->slots[0].milter.rules[i], name, 1, 0);
		snprintf(name, sizeof(name), "b%u", i);
		name_rule(&board->slots[1].milter.rules[i], name, 1, 2);
	}
	sum_board(board, &sum);
	assert_int_equal(sum.n_rules, MILTER_N_RULES);
	assert_int_equal(sum.other_rule_hits, MILTER_N_RULES);
	assert_int_equal(sum.other_shadow_hits, 2 * MILTER_N_RULES);
	board_destroy(&board);
}

static void
test_zones(void **state)
{
	struct board *board = board_create(2);
	struct sum sum;

	(void)state;
	fill_zone(&board->slots[0].dns.slow_zones[0], "fast.example", 100);
	fill_zone(&board->slots[0].dns.slow_zones[1], "slow.example", 900);
	fill_zone(&board->slots[0].dns.slow_zones[2], "torn.example", 5000);
	atomic_store(&board->slots[0].dns.slow_zones[2].version, 7);
	fill_zone(&board->slots[1].dns.slow_zones[5], "fast.example", 300);
	sum_board(board, &sum);
	assert_int_equal(sum.n_zones, 2);
	assert_string_equal(sum.zones[0].name, "slow.example");
	assert_int_equal(sum.zones[0].slow_us, 900);
	assert_string_equal(sum.zones[1].name, "fast.example");
	assert_int_equal(sum.zones[1].n_questions, 4);
	assert_int_equal(sum.zones[1].n_failures, 2);
	assert_int_equal(sum.zones[1].slow_us, 400);
	assert_int_equal(sum.zones[1].sum_us, 420);
	assert_int_equal(sum.zones[1].max_us, 300);
	board_destroy(&board);
}

/* The slowest stay. */
static void
test_too_many_zones(void **state)
{
	struct board *board = board_create(2);
	struct sum sum;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < DNS_N_SLOW_ZONES; i++) {
		snprintf(name, sizeof(name), "a%u.example", i);
		fill_zone(&board->slots[0].dns.slow_zones[i], name, 100 + i);
		snprintf(name, sizeof(name), "b%u.example", i);
		fill_zone(&board->slots[1].dns.slow_zones[i], name, 200 + i);
	}
	sum_board(board, &sum);
	assert_int_equal(sum.n_zones, DNS_N_SLOW_ZONES);
	for (unsigned i = 0; i < DNS_N_SLOW_ZONES; i++)
		assert_int_equal(sum.zones[i].slow_us,
		    200 + DNS_N_SLOW_ZONES - 1 - i);
	board_destroy(&board);
}

static void
test_soundness(void **state)
{
	static const struct {
		const char *name;
		bool is_there[2];
		enum board_soundness soundness[2], sum;
	} cases[] = {
		{ "nobody", { false, false },
		    { BOARD_SOUND, BOARD_SOUND }, BOARD_UNTESTED },
		{ "both sound", { true, true },
		    { BOARD_SOUND, BOARD_SOUND }, BOARD_SOUND },
		{ "one untested", { true, true },
		    { BOARD_UNTESTED, BOARD_SOUND }, BOARD_UNTESTED },
		{ "unsound behind untested", { true, true },
		    { BOARD_UNTESTED, BOARD_UNSOUND }, BOARD_UNSOUND },
		{ "unsound before untested", { true, true },
		    { BOARD_UNSOUND, BOARD_UNTESTED }, BOARD_UNSOUND },
		{ "unsound before sound", { true, true },
		    { BOARD_UNSOUND, BOARD_SOUND }, BOARD_UNSOUND },
		{ "the unsound is gone", { true, false },
		    { BOARD_SOUND, BOARD_UNSOUND }, BOARD_SOUND },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct board *board = board_create(N_SLOTS);
		struct sum sum;

		for (unsigned k = 0; k < 2; k++)
			if (cases[i].is_there[k])
				make_process(&board->slots[k], true,
				    cases[i].soundness[k]);
		/* The control process is not asked. */
		make_process(&board->slots[2], false, BOARD_UNTESTED);
		sum_board(board, &sum);
		if (sum.soundness != cases[i].sum)
			fail_msg("%s: %d", cases[i].name, (int)sum.soundness);
		board_destroy(&board);
	}
}

static void
test_store(void **state)
{
	struct board *board = board_create(2);
	struct sum sum;

	(void)state;
	make_process(&board->slots[0], true, BOARD_SOUND);
	board->slots[1].has_store = true;	/* of one that is gone */
	board->slots[1].is_store_down = true;
	board->slots[1].store_written = 3;
	sum_board(board, &sum);
	assert_false(sum.has_store);
	assert_false(sum.is_store_down);
	assert_int_equal(sum.store_written, 3);
	board->slots[0].has_store = true;
	board->slots[0].is_store_down = true;
	sum_board(board, &sum);
	assert_true(sum.has_store);
	assert_true(sum.is_store_down);
	board_destroy(&board);
}

static void
test_quantiles(void **state)
{
	static const struct {
		const char *name;
		struct { unsigned bucket, n; } counts[2];
		double share;
		uint64_t us;
	} cases[] = {
		{ "nothing", { { 0, 0 }, { 0, 0 } }, 0.5, 0 },
		{ "half of one bucket", { { 1, 4 }, { 0, 0 } }, 0.5, 175 },
		{ "all of one bucket", { { 1, 4 }, { 0, 0 } }, 1.0, 250 },
		{ "the first bucket", { { 0, 10 }, { 0, 0 } }, 0.1, 10 },
		{ "none of it", { { 3, 4 }, { 0, 0 } }, 0.0, 500 },
		{ "on the border", { { 0, 1 }, { 3, 1 } }, 0.5, 100 },
		{ "behind it", { { 0, 1 }, { 3, 1 } }, 0.75, 750 },
		{ "beyond all bounds",
		    { { HISTOGRAM_N_BOUNDS, 3 }, { 0, 0 } }, 0.9, 10000000 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct sum_histogram histogram = { .n = 0 };
		uint64_t us;

		for (size_t k = 0; k < 2; k++) {
			histogram.counts[cases[i].counts[k].bucket] +=
			    cases[i].counts[k].n;
			histogram.n += cases[i].counts[k].n;
		}
		us = sum_quantile_us(&histogram, cases[i].share);
		if (us != cases[i].us)
			fail_msg("%s: %lu", cases[i].name, (unsigned long)us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_and_gauges),
		cmocka_unit_test(test_rules_by_name),
		cmocka_unit_test(test_too_many_rules),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_too_many_zones),
		cmocka_unit_test(test_soundness),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_quantiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
