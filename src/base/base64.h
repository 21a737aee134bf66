/* base/base64.h - base64 as DKIM has it (RFC 6376 2.10): white space anywhere
 * within is skipped. */
#ifndef ASSAY_BASE_BASE64_H
#define ASSAY_BASE_BASE64_H

#include "base/slice.h"

struct arena;

/* False where TEXT is not base64 (RFC 4648 4): a foreign octet, a length or
 * padding that cannot be (none at all is let pass); or the arena is full (then
 * arena_has_failed).  *OCTETS_OUT lives in the arena; empty for no text. */
bool base64_decode(struct arena *arena, struct slice text,
    struct slice *octets_out);

#endif
