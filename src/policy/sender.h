/* policy/sender.h - what comes of the sender's SPF result (spf.reject). */
#ifndef ASSAY_POLICY_SENDER_H
#define ASSAY_POLICY_SENDER_H

struct arena;
struct inspect_results;
struct policy_options;
struct policy_verdict;
struct spf_outcome;

/* VERDICT is left as it is where the result is not to be refused. */
void policy_judge_spf(const struct policy_options *options,
    const struct spf_outcome *spf, struct arena *arena,
    struct policy_verdict *verdict);

/* The same at end of message, for mail by a relay of ours: of its client no
 * more is known at MAIL.  What DMARC made of the message, in VERDICT, comes
 * first. */
void policy_judge_relayed_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

#endif
