/* mta_sts/policy.h - the policy that a domain's web server has at
 * https://mta-sts.<domain>/.well-known/mta-sts.txt (RFC 8461 3.2). */
#ifndef ASSAY_MTA_STS_POLICY_H
#define ASSAY_MTA_STS_POLICY_H

#include "base/slice.h"

struct arena;

#define MTA_STS_MAX_OCTETS ((size_t)64 * 1024)	/* of a policy (3.3) */
#define MTA_STS_MAX_AGE_S ((uint32_t)31557600)	/* a year (3.2) */
#define MTA_STS_MAX_MX 256			/* patterns looked at */

enum mta_sts_mode {
	MTA_STS_NONE = 0,
	MTA_STS_TESTING,
	MTA_STS_ENFORCE,
};

struct mta_sts_policy {
	enum mta_sts_mode mode;
	uint32_t max_age_s;		/* at most MTA_STS_MAX_AGE_S */
	const struct slice *mx;		/* patterns, normalized; in the arena */
	size_t n_mx;
};

/* TEXT is the body that came.  NULL where it is good; else one static sentence
 * on what is wrong, with *LINE_OUT the line, from 1, or 0 for the whole. */
const char *mta_sts_parse_policy(struct arena *arena, struct slice text,
    struct mta_sts_policy *policy_out, unsigned *line_out);

/* Whether HOST, which is normalized, may be the domain's MX by the policy
 * (4.1): "*.example.org" stands for exactly one label and what follows. */
bool mta_sts_allows(const struct mta_sts_policy *policy, struct slice host);

const char *mta_sts_mode_name(enum mta_sts_mode mode);

#endif
