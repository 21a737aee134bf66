/* base/histogram.h - how long something takes: counts in fixed buckets, by any
 * thread, in memory that processes may share. */
#ifndef ASSAY_BASE_HISTOGRAM_H
#define ASSAY_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_N_BOUNDS 16

/* Zeroed is right at the start. */
struct histogram {
	/* What took at most the bound of that place, and more than that of the
	 * one before; the last is for all that took longer. */
	atomic_ullong counts[HISTOGRAM_N_BOUNDS + 1];
	atomic_ullong sum_us;
};

/* 100 us, 250, 500, 1 ms, 2.5 ... 2.5 s, 5, 10. */
extern const uint64_t histogram_bounds_us[HISTOGRAM_N_BOUNDS];

void histogram_add(struct histogram *histogram, uint64_t us);

#endif
