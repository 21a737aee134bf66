/* dns/outage.h - whether the way to the DNS seems cut, by what came back
 * lately.
 *
 * What looks like an outage is failures in a row, and no answer for a while; a
 * sender can have many of his own names fail between two answers to others. */
#ifndef ASSAY_DNS_OUTAGE_H
#define ASSAY_DNS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#define OUTAGE_FAILURES 3	/* in a row */
#define OUTAGE_SILENCE_MS 1000	/* without an answer that is none */
#define OUTAGE_PAUSE_MS 1000	/* from one fresh start to the next */

struct outage {
	unsigned n_failures;	/* in a row */
	int64_t answered_ms;	/* when the last one came that was none */
	int64_t next_start_ms;	/* no fresh start before */
};

/* Times are base/clock.h's monotonic ones; what is all zero has seen
 * nothing. */
void outage_note_answer(struct outage *outage, int64_t now_ms);
void outage_note_failure(struct outage *outage);

/* Whether to start afresh, for it may be over already; the last start having
 * been long enough ago. */
bool outage_is_start_due(const struct outage *outage, int64_t now_ms);
void outage_note_start(struct outage *outage, int64_t now_ms);

#endif
