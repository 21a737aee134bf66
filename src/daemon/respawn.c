/* daemon/respawn.c - see respawn.h. */
#include "daemon/respawn.h"

/* All may die together once, of one cause: that alone is no reason to stop. */
bool
respawn_note_death(struct respawn *respawn, int64_t life_ms)
{
	if (life_ms >= RESPAWN_QUICK_MS)
		respawn->n_quick = 0;
	else
		respawn->n_quick++;
	return respawn->n_quick < respawn->n_workers + RESPAWN_PATIENCE;
}

void
respawn_be_patient(struct respawn *respawn, int64_t life_ms, int64_t now_ms)
{
	int64_t wait_ms = RESPAWN_INTERVAL_MS;

	(void)respawn_note_death(respawn, life_ms);
	for (unsigned i = 1; i < respawn->n_quick &&
	    wait_ms < RESPAWN_LATEST_MS; i++)
		wait_ms *= 2;
	if (respawn->n_quick == 0)
		return;
	respawn->next_ms = now_ms + (wait_ms < RESPAWN_LATEST_MS ? wait_ms :
	    RESPAWN_LATEST_MS);
}

int64_t
respawn_wait_ms(const struct respawn *respawn, int64_t now_ms)
{
	return now_ms < respawn->next_ms ? respawn->next_ms - now_ms : 0;
}

void
respawn_note_try(struct respawn *respawn, int64_t now_ms)
{
	respawn->next_ms = now_ms + RESPAWN_INTERVAL_MS;
}
