/* policy/fail.h - what comes of a DMARC fail: the domain's policy, held against
 * what speaks for an indirect flow (RFC 9989 7.4). */
#ifndef ASSAY_POLICY_FAIL_H
#define ASSAY_POLICY_FAIL_H

struct arena;
struct inspect_results;
struct policy_options;
struct policy_verdict;

/* A message whose DMARC result is fail. */
void policy_judge_fail(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

#endif
