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

/* The same as far as the answers that are at hand lead; all others that the
 * check may come to need are asked for, its terms and the records that they
 * include alike, and it does not wait for them.  True where none was missing:
 * *OUTCOME is what spf_check would give.  Else it says nothing. */
bool spf_run_ahead(const struct spf_request *request,
    const struct spf_options *options, struct resolver *resolver,
    struct arena *arena, struct spf_outcome *outcome);

#endif
