/* policy/reply.h - the words in which a message is refused. */
#ifndef ASSAY_POLICY_REPLY_H
#define ASSAY_POLICY_REPLY_H

struct arena;
struct inspect_results;
struct policy_options;
struct policy_verdict;

/* VERDICT's text, as assay says it, becomes that of the operator's template for
 * its kind of reply; without one the message's id is put behind it.  Nothing is
 * done where there is no reply. */
void policy_finish_reply(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

#endif
