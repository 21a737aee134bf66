/* policy/temperror.h - what comes of DNS answers that DMARC did not get (RFC
 * 9989 5.3.6): the sender is to try again where they could change the
 * verdict. */
#ifndef ASSAY_POLICY_TEMPERROR_H
#define ASSAY_POLICY_TEMPERROR_H

#include "dmarc/check.h"

struct arena;
struct inspect_results;
struct policy_options;
struct policy_verdict;

/* An Author Domain whose missing answer could still lead to more than SETTLED,
 * or NULL; p=none must not change handling (5.4). */
const struct dmarc_evaluation *policy_find_open(
    const struct dmarc_outcome *dmarc, enum dmarc_policy settled);

/* Put off for that one, OPEN. */
void policy_defer_dmarc(const struct dmarc_evaluation *open,
    struct arena *arena, struct policy_verdict *verdict);

/* A message whose DMARC result is temperror. */
void policy_judge_temperror(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

#endif
