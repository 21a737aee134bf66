/* daemon/pulse.h - this process's part of the board: that it lives, and what
 * is told once a second. */
#ifndef ASSAY_DAEMON_PULSE_H
#define ASSAY_DAEMON_PULSE_H

#include <stdbool.h>

struct board;
struct board_slot;
struct event_base;
struct generation;
struct pulse;

/* SLOT, which is borrowed, is this process's from now on: counters go on from
 * where another process has left them, what is counted "now" starts anew.
 * NUMBER is the worker's, 0 for the only process and the control process. */
void pulse_claim_slot(struct board_slot *slot, unsigned number,
    bool takes_mail);

/* A timer on BASE.  NULL where memory is out. */
struct pulse *pulse_create(struct event_base *base, struct board *board,
    struct board_slot *slot);
void pulse_destroy(struct pulse **pulse);

/* Tell of what NOW has, which is borrowed, in place of BEFORE, which still
 * lives, or is NULL.  The board counts the reload already. */
void pulse_switch(struct pulse *pulse, const struct generation *before,
    const struct generation *now);

#endif
