/* dmarc/check.h - DMARC for one message (RFC 9989). */
#ifndef ASSAY_DMARC_CHECK_H
#define ASSAY_DMARC_CHECK_H

#include "dmarc/identifier.h"
#include "dmarc/options.h"
#include "dmarc/record.h"
#include "mail/address.h"

struct arena;
struct resolver;
struct trace;

enum dmarc_result {		/* RFC 9989 9.1 */
	DMARC_NONE = 0,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR,
};

struct dmarc_request {
	enum mail_author_status author_status;
	const struct mail_authors *authors;
	const struct dmarc_identifier *identifiers;	/* pass or temperror */
	size_t n_identifiers;
	bool wants_org;		/* of what fails, too: find org_domain */
	int64_t deadline_ms;
	struct trace *trace;	/* told of each step; NULL: nobody asks */
};

/* One Author Domain's evaluation. */
struct dmarc_evaluation {
	struct slice author_domain;
	enum dmarc_result result;
	bool has_policy;	/* a record applies: the next ones count */
	struct slice policy_domain;	/* where the record was found */
	struct slice org_domain;	/* empty where it was not needed */
	const struct dmarc_record *record;
	enum dmarc_policy published;	/* after p, sp, np; before t */
	enum dmarc_policy policy;	/* after t: what to act on */
	bool is_policy_known;	/* false, for temperror only: it hangs on a
				 * missing DNS answer */
	bool is_spf_aligned, is_dkim_aligned;	/* aligned and passed */
	struct slice reason;		/* one sentence for people */
};

struct dmarc_outcome {
	/* The combined result and the evaluation that decided it (RFC 9989
	 * 11.5: any fail, any temperror, any permerror, any none, else pass);
	 * without an Author Domain permerror and one with empty names. */
	enum dmarc_result result;
	const struct dmarc_evaluation *deciding;	/* never NULL */
	const struct dmarc_evaluation *evaluations;
	size_t n_evaluations;
};

/* Blocks on DNS until the deadline.  *OUTCOME lives in ARENA; where that is
 * full the result is temperror. */
void dmarc_check(const struct dmarc_request *request,
    const struct dmarc_options *options, struct resolver *resolver,
    struct arena *arena, struct dmarc_outcome *outcome);

const char *dmarc_result_name(enum dmarc_result result);

#endif
