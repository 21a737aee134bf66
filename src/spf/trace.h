/* spf/trace.h - what an SPF check tells its trace (base/trace.h), which it must
 * have.  For the files of spf/ alone. */
#ifndef ASSAY_SPF_TRACE_H
#define ASSAY_SPF_TRACE_H

#include "base/trace.h"
#include "spf/evaluation.h"

struct dns_answer;
struct spf_directive;

/* A question and what came of it. */
void spf_trace_answer(const struct spf_evaluation *ev, struct slice name,
    enum dns_type type, const struct dns_answer *answer);

/* A term, around its evaluation.  Of a long list of addresses those that do not
 * match may be left out: there is one thing to say of all. */
void spf_trace_term(const struct spf_evaluation *ev,
    const struct spf_directive *directive);
void spf_trace_term_end(const struct spf_evaluation *ev,
    const struct spf_directive *directive, enum spf_status status,
    bool is_match);

/* The whole check, around it. */
void spf_trace_check(const struct spf_evaluation *ev);
void spf_trace_check_end(const struct spf_evaluation *ev,
    const struct spf_outcome *outcome);

#endif
