/* spf/mechanism.h - the mechanisms that look at the client's address, all but
 * "include" (RFC 7208 5). */
#ifndef ASSAY_SPF_MECHANISM_H
#define ASSAY_SPF_MECHANISM_H

#include "spf/evaluation.h"
#include "spf/record.h"

/* Whether evaluating it causes DNS queries (4.6.4); "include" does. */
bool spf_causes_queries(enum spf_mechanism mechanism);

/* Whether the client matches; counts void lookups, but not the term. */
enum spf_status spf_match_mechanism(struct spf_evaluation *ev,
    const struct spf_directive *directive, bool *is_match_out);

/* Whether a match says next to nothing: "all", or a network of more than one
 * part in 256 of all addresses. */
bool spf_is_too_wide(const struct spf_evaluation *ev,
    const struct spf_directive *directive);

#endif
