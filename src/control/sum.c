/* control/sum.c - see sum.h. */
#include "control/sum.h"

#include <stdlib.h>
#include <string.h>

/* ---- plain numbers ------------------------------------------------------- */

static uint64_t
get(const atomic_ullong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void
add_all(uint64_t *sums, const atomic_ullong *counters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += get(&counters[i]);
}

/* Its number is that of its counts, whatever else is added meanwhile. */
static void
add_histogram(struct sum_histogram *sum, const struct histogram *histogram)
{
	for (size_t i = 0; i < HISTOGRAM_N_BOUNDS + 1; i++) {
		uint64_t n = get(&histogram->counts[i]);

		sum->counts[i] += n;
		sum->n += n;
	}
	sum->sum_us += get(&histogram->sum_us);
}

/* ---- rules --------------------------------------------------------------- */

static struct sum_rule *
find_rule(struct sum *sum, const char *name)
{
	for (size_t i = 0; i < sum->n_rules; i++)
		if (strcmp(sum->rules[i].name, name) == 0)
			return &sum->rules[i];
	if (sum->n_rules == MILTER_N_RULES)
		return NULL;
	memcpy(sum->rules[sum->n_rules].name, name, MILTER_RULE_NAME_MAX + 1);
	return &sum->rules[sum->n_rules++];
}

static void
add_rule(struct sum *sum, const struct milter_rule_count *count)
{
	struct sum_rule *rule;

	if (!atomic_load_explicit(&count->is_named, memory_order_acquire))
		return;
	rule = find_rule(sum, count->name);
	if (rule == NULL) {
		sum->other_rule_hits += get(&count->hits);
		sum->other_shadow_hits += get(&count->shadow_hits);
		return;
	}
	rule->hits += get(&count->hits);
	rule->shadow_hits += get(&count->shadow_hits);
}

static int
compare_rules(const void *a, const void *b)
{
	return strcmp(((const struct sum_rule *)a)->name,
	    ((const struct sum_rule *)b)->name);
}

/* ---- zones --------------------------------------------------------------- */

/* False where there is none, or it is just being written. */
static bool
read_zone(const struct dns_slow_zone *zone, struct sum_zone *zone_out)
{
	unsigned version = atomic_load_explicit(&zone->version,
	    memory_order_acquire);

	memcpy(zone_out->name, zone->name, sizeof(zone_out->name));
	zone_out->n_questions = zone->n_questions;
	zone_out->n_failures = zone->n_failures;
	zone_out->sum_us = zone->sum_us;
	zone_out->max_us = zone->max_us;
	zone_out->slow_us = zone->slow_us;
	atomic_thread_fence(memory_order_acquire);
	return version % 2 == 0 && zone_out->name[0] != '\0' &&
	    atomic_load_explicit(&zone->version, memory_order_relaxed) ==
	    version;
}

static void
merge_zone(struct sum_zone *sum, const struct sum_zone *zone)
{
	sum->n_questions += zone->n_questions;
	sum->n_failures += zone->n_failures;
	sum->sum_us += zone->sum_us;
	sum->slow_us += zone->slow_us;
	if (zone->max_us > sum->max_us)
		sum->max_us = zone->max_us;
}

/* Where there are too many, as with several workers, the fastest goes. */
static void
add_zone(struct sum *sum, const struct sum_zone *zone)
{
	struct sum_zone *least = &sum->zones[0];

	for (size_t i = 0; i < sum->n_zones; i++) {
		if (strcmp(sum->zones[i].name, zone->name) == 0) {
			merge_zone(&sum->zones[i], zone);
			return;
		}
		if (sum->zones[i].slow_us < least->slow_us)
			least = &sum->zones[i];
	}
	if (sum->n_zones < DNS_N_SLOW_ZONES)
		sum->zones[sum->n_zones++] = *zone;
	else if (zone->slow_us > least->slow_us)
		*least = *zone;
}

static int
compare_zones(const void *a, const void *b)
{
	const struct sum_zone *x = a, *y = b;

	if (x->slow_us != y->slow_us)
		return x->slow_us > y->slow_us ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* ---- the parts of a slot ------------------------------------------------- */

static void
add_milter(struct sum *sum, const struct milter_metrics *m)
{
	sum->n_connections += get(&m->n_connections);
	sum->n_strangers += get(&m->n_strangers);
	sum->n_messages += get(&m->n_messages);
	sum->n_aborted += get(&m->n_aborted);
	sum->n_failures += get(&m->n_failures);
	sum->n_turned_away += get(&m->n_turned_away);
	sum->octets += get(&m->octets);
	add_all(sum->actions, m->actions, MILTER_N_ACTIONS);
	add_all(sum->wanted, m->wanted, MILTER_N_ACTIONS);
	add_all(sum->trusts, m->trusts, MILTER_N_TRUSTS);
	add_all(sum->spf, m->spf, MILTER_N_SPF);
	add_all(sum->dkim, m->dkim, MILTER_N_DKIM);
	add_all(sum->arc, m->arc, MILTER_N_ARC);
	add_all(sum->dmarc, m->dmarc, MILTER_N_DMARC);
	add_all(sum->limits, m->limits.hits, LIMIT_COUNT);
	for (size_t i = 0; i < MILTER_N_STAGES; i++)
		add_histogram(&sum->stages[i], &m->stages[i]);
	for (size_t i = 0; i < MILTER_N_RULES; i++)
		add_rule(sum, &m->rules[i]);
	sum->other_rule_hits += get(&m->other_rule_hits);
	sum->other_shadow_hits += get(&m->other_shadow_hits);
}

static void
add_dns(struct sum *sum, const struct dns_metrics *dns)
{
	struct sum_zone zone;

	add_all(sum->answers, dns->answers, DNS_N_STATUSES);
	sum->n_timeouts += get(&dns->n_timeouts);
	add_histogram(&sum->dns_time, &dns->time);
	add_histogram(&sum->dns_wait, &dns->wait);
	for (size_t i = 0; i < DNS_N_SLOW_ZONES; i++)
		if (read_zone(&dns->slow_zones[i], &zone))
			add_zone(sum, &zone);
}

/* Of the cache, the store and the process: what goes on when it has ended. */
static void
add_lasting(struct sum *sum, const struct board_slot *slot)
{
	sum->cache_hits += get(&slot->cache_hits);
	sum->cache_misses += get(&slot->cache_misses);
	sum->cache_merged += get(&slot->cache_merged);
	sum->cache_prefetches += get(&slot->cache_prefetches);
	sum->cache_evictions += get(&slot->cache_evictions);
	sum->store_written += get(&slot->store_written);
	sum->store_dropped += get(&slot->store_dropped);
	sum->cpu_us += get(&slot->cpu_us);
	sum->n_tests += get(&slot->n_tests);
	sum->n_failed_tests += get(&slot->n_failed_tests);
}

static void
add_soundness(struct sum *sum, enum board_soundness soundness)
{
	if (soundness == BOARD_UNSOUND || sum->soundness == BOARD_SOUND)
		sum->soundness = soundness;
}

/* What is so now, and ends with the process. */
static void
add_present(struct sum *sum, const struct board_slot *slot)
{
	sum->n_processes++;
	sum->n_sessions += atomic_load(&slot->milter.n_sessions);
	sum->n_open += atomic_load(&slot->milter.n_open);
	sum->n_in_flight += atomic_load(&slot->dns.n_in_flight);
	sum->cache_entries += get(&slot->cache_entries);
	sum->cache_octets += get(&slot->cache_octets);
	sum->has_store |= atomic_load(&slot->has_store);
	sum->is_store_down |= atomic_load(&slot->has_store) &&
	    atomic_load(&slot->is_store_down);
	sum->store_queued_octets += get(&slot->store_queued_octets);
	sum->resident_octets += get(&slot->resident_octets);
	sum->n_descriptors += atomic_load(&slot->n_descriptors);
	if (atomic_load(&slot->takes_mail))
		add_soundness(sum, (enum board_soundness)atomic_load(
		    &slot->soundness));
}

void
sum_board(const struct board *board, struct sum *sum_out)
{
	bool takes_mail = false;

	*sum_out = (struct sum){ .soundness = BOARD_SOUND };
	for (unsigned i = 0; i < board->n_slots; i++) {
		const struct board_slot *slot = &board->slots[i];

		add_milter(sum_out, &slot->milter);
		add_dns(sum_out, &slot->dns);
		add_lasting(sum_out, slot);
		if (atomic_load(&slot->pid) == 0)
			continue;
		add_present(sum_out, slot);
		takes_mail |= atomic_load(&slot->takes_mail);
	}
	if (!takes_mail)
		sum_out->soundness = BOARD_UNTESTED;
	qsort(sum_out->rules, sum_out->n_rules, sizeof(sum_out->rules[0]),
	    compare_rules);
	qsort(sum_out->zones, sum_out->n_zones, sizeof(sum_out->zones[0]),
	    compare_zones);
}

/* ---- quantiles ----------------------------------------------------------- */

/* Where the COUNTth of all, at most as many as there are, lies in the bucket
 * I, BEFORE having been in those before it. */
static uint64_t
interpolate(const struct sum_histogram *histogram, size_t i, double before,
    double count)
{
	uint64_t low = i == 0 ? 0 : histogram_bounds_us[i - 1];
	uint64_t high;

	if (i == HISTOGRAM_N_BOUNDS)
		return low;
	high = histogram_bounds_us[i];
	return low + (uint64_t)((double)(high - low) * (count - before) /
	    (double)histogram->counts[i]);
}

uint64_t
sum_quantile_us(const struct sum_histogram *histogram, double share)
{
	double count = share * (double)histogram->n, before = 0;

	for (size_t i = 0; i < HISTOGRAM_N_BOUNDS + 1; i++) {
		double here = (double)histogram->counts[i];

		if (here > 0 && before + here >= count)
			return interpolate(histogram, i, before, count);
		before += here;
	}
	return 0;
}
