/* daemon/respawn.h - when a worker that has died is replaced, as a state
 * machine without clock or processes: one a second at most, and no more where
 * workers die as soon as they live, since then it is not the mail. */
#ifndef ASSAY_DAEMON_RESPAWN_H
#define ASSAY_DAEMON_RESPAWN_H

#include <stdbool.h>
#include <stdint.h>

#define RESPAWN_INTERVAL_MS 1000	/* from one replacement to the next */
#define RESPAWN_QUICK_MS 10000	/* who has lived less has died quickly */
#define RESPAWN_LATEST_MS 60000
#define RESPAWN_PATIENCE 5	/* quick deaths, beside one of each worker */

struct respawn {
	unsigned n_workers;
	unsigned n_quick;	/* quick deaths in a row */
	int64_t next_ms;	/* not before is the next replacement */
};

/* A worker has died after LIFE_MS.  False: give up. */
bool respawn_note_death(struct respawn *respawn, int64_t life_ms);

/* The same for one that mail does not hang on: it is replaced for ever, but the
 * later, up to RESPAWN_LATEST_MS, the more often it has died quickly. */
void respawn_be_patient(struct respawn *respawn, int64_t life_ms,
    int64_t now_ms);

/* How long to wait before the next replacement; 0: make it now. */
int64_t respawn_wait_ms(const struct respawn *respawn, int64_t now_ms);

/* A replacement was tried. */
void respawn_note_try(struct respawn *respawn, int64_t now_ms);

#endif
