/* control/health.h - whether the daemon does its work, as its board shows it:
 * for /healthz, assay status and assay doctor. */
#ifndef ASSAY_CONTROL_HEALTH_H
#define ASSAY_CONTROL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct board;
struct board_slot;
struct strbuf;

#define HEALTH_STUCK_MS 15000		/* a loop that has not turned */
#define HEALTH_MISSING_MS 10000		/* a process is replaced sooner */
#define HEALTH_UNTESTED_S 180		/* since the last self-test */
#define HEALTH_STORE_DOWN_MS 60000
#define HEALTH_DNS_LEAST 20	/* recent questions that say something */

/* Once a second, in the slot's own process, behind what else is told: keeps in
 * the slot what of DNS is recent, and since when the store is down. */
void health_observe(struct board_slot *slot, int64_t now_ms);

/* Append "ok", or every reason why not, one a line, each with its line end:
 * "failing: ..." first and then "warning: ...".  False, which is HTTP's 503,
 * where one is failing: a process that is missing or stuck, a self-test that
 * fails or is not run any more, all processes draining.  What mail lives
 * through is a warning: a store that is down, DNS that fails for most
 * questions, a process that is draining. */
bool health_append(struct strbuf *out, const struct board *board);

/* The same at another time, of the monotonic clock. */
bool health_append_at(struct strbuf *out, const struct board *board,
    int64_t now_ms);

#endif
