/* policy/ruling.h - what the operator's rules make of a verdict. */
#ifndef ASSAY_POLICY_RULING_H
#define ASSAY_POLICY_RULING_H

struct arena;
struct inspect_results;
struct policy_options;
struct policy_verdict;

/* VERDICT is what there would be without rules, and before mode = "monitor";
 * the first rule that matches may change it.  Text lives in ARENA. */
void policy_apply_rules(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

#endif
