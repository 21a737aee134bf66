/* control/board.h - what the processes of one daemon show each other: memory
 * that they share, made before any of them is forked.
 *
 * A worker that replaces a dead one goes on counting where it stopped, so that
 * no counter ever runs backwards. */
#ifndef ASSAY_CONTROL_BOARD_H
#define ASSAY_CONTROL_BOARD_H

#include "dns/metrics.h"
#include "milter/metrics.h"

enum board_soundness {
	BOARD_UNTESTED = 0,
	BOARD_SOUND,
	BOARD_UNSOUND,		/* the self-test fails: nothing is enforced */
};

/* Of one process.  It alone writes there. */
struct board_slot {
	atomic_long pid;		/* 0: nobody */
	atomic_uint worker;		/* its number; 0: the only process, or
					 * the control process */
	atomic_bool takes_mail;		/* false for the control process */
	atomic_llong start_s;		/* wall clock */
	atomic_llong beat_ms;		/* monotonic: the loop turned then */
	atomic_bool is_draining;
	atomic_ullong generation;	/* of the configuration it works by:
					 * 1 at first, one more each reload */
	/* The self-test. */
	atomic_int soundness;		/* enum board_soundness */
	atomic_llong tested_s;		/* wall clock; 0: never */
	atomic_llong tested_ms;		/* the same, monotonic */
	atomic_ullong n_tests, n_failed_tests;
	atomic_uint failed_case;	/* self_test_case_name; UNSOUND only */
	/* What else is told once a second: of the cache, the writer, the
	 * process. */
	atomic_ullong cache_hits, cache_misses, cache_merged,
	    cache_prefetches, cache_evictions;
	atomic_ullong cache_entries, cache_octets;
	atomic_bool has_store, is_store_down;
	atomic_ullong store_written, store_dropped, store_queued_octets;
	atomic_ullong resident_octets;
	atomic_ullong cpu_us;		/* user's and system's; it goes on from
					 * one process to the next, too */
	atomic_uint n_descriptors;
	/* health_observe's: since when the store is down (monotonic; 0: it is
	 * not), what DNS was asked lately, and what of it failed. */
	atomic_llong store_down_ms;
	atomic_ullong dns_recent, dns_recent_failed;	/* thousandths */
	atomic_ullong dns_seen, dns_seen_failed;	/* of the totals */
	struct milter_metrics milter;
	struct dns_metrics dns;
};

struct board {
	int64_t start_s;	/* of the daemon, wall clock */
	unsigned max_descriptors;	/* RLIMIT_NOFILE, of each process */
	atomic_int log_level;	/* enum log_level: log_share_threshold */
	atomic_uint log_settings;	/* log_share_settings */
	atomic_ullong n_reloads, n_failed_reloads;
	atomic_llong reloaded_s;	/* wall clock; 0: never */
	unsigned n_slots;
	struct board_slot slots[];
};

/* Zeroed, in memory that is shared with all processes that are forked later.
 * NULL where memory is out. */
struct board *board_create(unsigned n_slots);
void board_destroy(struct board **board);

const char *board_soundness_name(enum board_soundness soundness);

#endif
