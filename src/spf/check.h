/* spf/check.h - check_host() (RFC 7208): may this client use this domain? */
#ifndef ASSAY_SPF_CHECK_H
#define ASSAY_SPF_CHECK_H

#include "spf/request.h"

struct arena;
struct resolver;

/* Blocks on DNS until REQUEST's deadline.  Everything in *OUTCOME lives in
 * ARENA (or borrows REQUEST).  An arena that is full is temperror. */
void spf_check(const struct spf_request *request,
    const struct spf_options *options, struct resolver *resolver,
    struct arena *arena, struct spf_outcome *outcome);

/* Ask for the record that spf_check will want first; does not block. */
void spf_prefetch(const struct spf_request *request, struct resolver *resolver,
    struct arena *arena);

#endif
