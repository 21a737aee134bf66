/* base/clock.h - the two clocks.  Deadlines are of the first, timestamps in
 * mail of the second.  Protocol modules take times as parameters. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stdint.h>

struct timespec;

#define CLOCK_DAY_S (24 * 60 * 60)
#define CLOCK_NEVER_MS INT64_MAX	/* a deadline that does not come */

/* Milliseconds of a clock that only goes forward (CLOCK_MONOTONIC). */
int64_t clock_monotonic_ms(void);

/* The same clock's microseconds, to measure with. */
int64_t clock_monotonic_us(void);

/* A time of that clock for pthread_cond_timedwait. */
void clock_to_timespec(int64_t ms, struct timespec *time_out);

/* Seconds, and milliseconds, since the epoch, as the system's clock has it
 * now. */
int64_t clock_wall_s(void);
int64_t clock_wall_ms(void);

#endif
