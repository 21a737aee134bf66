/* control/sum.h - what all processes of a daemon have counted, in one: plain
 * numbers, of about one moment. */
#ifndef ASSAY_CONTROL_SUM_H
#define ASSAY_CONTROL_SUM_H

#include "control/board.h"

struct sum_histogram {
	uint64_t counts[HISTOGRAM_N_BOUNDS + 1];
	uint64_t n;		/* of all of them */
	uint64_t sum_us;
};

struct sum_rule {
	char name[MILTER_RULE_NAME_MAX + 1];	/* the operator's: escape it */
	uint64_t hits, shadow_hits;
};

struct sum_zone {
	char name[DNS_SLOW_ZONE_NAME_MAX + 1];	/* printable ASCII, but of any
						 * sender's choice */
	uint64_t n_questions, n_failures;	/* since it was first slow */
	uint64_t sum_us, max_us;
	uint64_t slow_us;	/* spent on slow ones, lately */
};

/* milter/metrics.h, dns/metrics.h and control/board.h say what each is. */
struct sum {
	/* Of the milter. */
	uint64_t n_connections, n_strangers;
	uint64_t n_messages, n_aborted, n_failures, n_turned_away;
	uint64_t octets;
	uint64_t actions[MILTER_N_ACTIONS], wanted[MILTER_N_ACTIONS];
	uint64_t trusts[MILTER_N_TRUSTS];
	uint64_t spf[MILTER_N_SPF], dkim[MILTER_N_DKIM];
	uint64_t arc[MILTER_N_ARC], dmarc[MILTER_N_DMARC];
	uint64_t limits[LIMIT_COUNT];
	struct sum_histogram stages[MILTER_N_STAGES];
	struct sum_rule rules[MILTER_N_RULES];	/* by name */
	size_t n_rules;
	uint64_t other_rule_hits, other_shadow_hits;
	uint64_t n_sessions, n_open;		/* now */
	/* Of the DNS. */
	uint64_t answers[DNS_N_STATUSES], n_timeouts;
	struct sum_histogram dns_time, dns_wait;
	uint64_t n_in_flight;			/* now */
	struct sum_zone zones[DNS_N_SLOW_ZONES];	/* the slowest first */
	size_t n_zones;
	/* Of the answer caches. */
	uint64_t cache_hits, cache_misses, cache_merged;
	uint64_t cache_prefetches, cache_evictions;
	uint64_t cache_entries, cache_octets;	/* now */
	/* Of the store's writers: whether there is one, one that is down. */
	bool has_store, is_store_down;
	uint64_t store_written, store_dropped;
	uint64_t store_queued_octets;		/* now */
	/* Of the processes that there are. */
	unsigned n_processes;
	uint64_t resident_octets, n_descriptors;
	uint64_t cpu_us;		/* of all that there were */
	uint64_t n_tests, n_failed_tests;
	/* Of those that take mail: UNSOUND where one is, UNTESTED where one is
	 * and none is UNSOUND. */
	enum board_soundness soundness;
};

/* BOARD is counted into meanwhile: of two numbers that belong together one may
 * be ahead by what has just come. */
void sum_board(const struct board *board, struct sum *sum_out);

/* The time that the share SHARE (0 to 1) of all took at most: interpolated in
 * its bucket, the last bound for what took longer; 0 where there is nothing. */
uint64_t sum_quantile_us(const struct sum_histogram *histogram, double share);

#endif
