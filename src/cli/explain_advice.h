/* cli/explain_advice.h - what would make a message pass: for who sends it, for
 * who forwards it, and here.  Made of what was found, and of nothing else. */
#ifndef ASSAY_CLI_EXPLAIN_ADVICE_H
#define ASSAY_CLI_EXPLAIN_ADVICE_H

#include "base/slice.h"

struct examination;
struct policy_options;
struct trace;

struct explain_case {
	const struct examination *examination;	/* without a problem */
	const struct policy_options *policy;
	struct slice org_domain;	/* the author's; empty: none is known */
	/* Whether the domain is aligned, or would be had it passed. */
	bool is_spf_aligned;
	const bool *is_dkim_aligned;	/* for each of the results' dkim */
};

void explain_advise(const struct explain_case *c, struct trace *trace);

#endif
