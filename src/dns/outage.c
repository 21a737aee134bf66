/* dns/outage.c - see outage.h. */
#include "dns/outage.h"

void
outage_note_answer(struct outage *outage, int64_t now_ms)
{
	outage->n_failures = 0;
	outage->answered_ms = now_ms;
}

void
outage_note_failure(struct outage *outage)
{
	outage->n_failures++;
}

bool
outage_is_start_due(const struct outage *outage, int64_t now_ms)
{
	return outage->n_failures >= OUTAGE_FAILURES &&
	    now_ms - outage->answered_ms >= OUTAGE_SILENCE_MS &&
	    now_ms >= outage->next_start_ms;
}

void
outage_note_start(struct outage *outage, int64_t now_ms)
{
	outage->next_start_ms = now_ms + OUTAGE_PAUSE_MS;
}
