/* milter/negotiate.h - what we ask of the MTA, and what it offers. */
#ifndef ASSAY_MILTER_NEGOTIATE_H
#define ASSAY_MILTER_NEGOTIATE_H

#include "milter/libmilter.h"
#include "policy/policy.h"

struct strbuf;

struct negotiation {
	unsigned long actions;	/* SMFIF_ bits */
	unsigned long steps;	/* SMFIP_ bits */
};

/* *RESULT is what to use out of OFFERED.  False where an action that the
 * policy needs is not offered; its name is appended to MISSING. */
bool negotiate_choose(const struct policy_options *policy,
    const struct negotiation *offered, struct negotiation *result,
    struct strbuf *missing);

/* Whether ACTIONS, negotiated under an earlier configuration, are all that this
 * one needs. */
bool negotiate_suffices(const struct policy_options *policy,
    unsigned long actions);

#endif
