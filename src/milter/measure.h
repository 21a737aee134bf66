/* milter/measure.h - counts what happens to mail, for metrics.h. */
#ifndef ASSAY_MILTER_MEASURE_H
#define ASSAY_MILTER_MEASURE_H

#include "base/slice.h"
#include "milter/metrics.h"

struct policy_verdict;
struct service;
struct session;

/* A session's own, of the message that is open; counted at its end. */
struct measure {
	bool is_counted;	/* it has its verdict, or was turned away */
	uint64_t octets;
	uint64_t stages_us[MILTER_N_STAGES];
};

void measure_connect(struct service *service);
void measure_disconnect(struct service *service, bool was_stranger);

/* A message has begun; it has ended, whatever way. */
void measure_begin(struct session *session);
void measure_end(struct session *session, unsigned limits_hit);

/* It was not begun, since there shall be none now. */
void measure_turned_away(struct session *session);

/* What becomes of it; IS_FAULT: not for what it is, but for a fault of ours. */
void measure_verdict(struct session *session,
    const struct policy_verdict *verdict, bool is_fault);

/* It could not even be begun. */
void measure_fault(struct session *session);

/* So many octets came; and the time since START_US (clock_monotonic_us) was
 * spent on it. */
void measure_octets(struct session *session, size_t octets);
void measure_time(struct session *session, enum milter_stage stage,
    int64_t start_us);

/* What was spent on a message from MAIL to its end is counted. */
void measure_end_of_message(struct session *session);

#endif
