/* dmarc/policy.h - which record applies to an Author Domain, and which of its
 * policies (RFC 9989 4.10.1, 4.7). */
#ifndef ASSAY_DMARC_POLICY_H
#define ASSAY_DMARC_POLICY_H

#include "dmarc/record.h"

struct dmarc_finder;
struct dmarc_lookup;

/* The record at the Author Domain, else at its Organizational Domain, else at
 * the public suffix above.  NULL: there is none, or *FAILED_OUT, which is NULL
 * otherwise, is the lookup that failed for now.  Blocks on DNS. */
const struct dmarc_lookup *dmarc_find_record(struct dmarc_finder *finder,
    struct slice author, const struct dmarc_lookup **failed_out);

struct dmarc_choice {
	enum dmarc_policy published;	/* of p, sp and np */
	enum dmarc_policy policy;	/* lowered by t=y */
	bool is_known;	/* false: policy hangs on whether the domain exists,
			 * and DNS failed for now */
};

/* The policy that FOUND, which is dmarc_find_record's answer, has for AUTHOR.
 * Asks whether the domain exists only where that matters, and never for a
 * message that passes; blocks on DNS then. */
void dmarc_choose_policy(struct dmarc_finder *finder, struct slice author,
    const struct dmarc_lookup *found, bool has_passed,
    struct dmarc_choice *choice_out);

#endif
