/* control/answer.h - what the control socket says of the daemon, and its
 * errors; assay-control(7) lists the members. */
#ifndef ASSAY_CONTROL_ANSWER_H
#define ASSAY_CONTROL_ANSWER_H

#include <jansson.h>

#include "base/slice.h"
#include "control/host.h"

struct arena;

/* Objects, of which jansson refuses to make anything where memory is out: NULL.
 * None waits for anything. */
json_t *answer_make_status(struct arena *arena,
    const struct control_host *host);
json_t *answer_make_cache(const struct control_host *host);
json_t *answer_make_zones(struct arena *arena,
    const struct control_host *host);
json_t *answer_make_log_level(const struct control_host *host);
json_t *answer_make_reload(struct arena *arena, enum control_reload result,
    struct slice lines);
json_t *answer_make_error(struct arena *arena, struct slice error);

#endif
