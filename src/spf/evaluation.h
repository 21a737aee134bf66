/* spf/evaluation.h - one SPF check under way: what it was asked, what it has
 * counted, and how it asks the DNS.  For the files of spf/ alone. */
#ifndef ASSAY_SPF_EVALUATION_H
#define ASSAY_SPF_EVALUATION_H

#include "base/strbuf.h"
#include "dns/dns.h"
#include "spf/macro.h"
#include "spf/request.h"

/* Whether a step could be done.  A step that could not has set the reason. */
enum spf_status {
	SPF_OK = 0,
	SPF_UNDECIDED,		/* an answer or memory is missing: temperror */
	SPF_BROKEN,		/* records cannot be interpreted: permerror */
};

struct spf_evaluation {
	const struct spf_request *request;	/* these four are borrowed */
	const struct spf_options *options;
	struct resolver *resolver;
	struct arena *arena;
	struct trace *trace;	/* borrowed; NULL for none */
	int64_t deadline_ms;
	/* Of the check_host() under way: domain changes with include and
	 * redirect, the rest stays (5.2, 6.1). */
	struct spf_macro_values values;
	struct slice validated_for;	/* <domain> for which validated_name was
					 * found; ptr NULL before the first */
	unsigned depth;		/* includes above the check_host() under way */
	unsigned n_terms, n_void_lookups;
	bool is_explaining;	/* there is a result: limits are over */
	/* It runs ahead: what is not at hand is asked for, and is taken for
	 * nothing, so that all the rest is asked for too.  The result counts
	 * where nothing was missing. */
	bool is_ahead;
	unsigned n_missing;
	struct strbuf reason;
	/* Of the topmost check_host(): */
	struct slice mechanism;	/* what matched, or "default" */
	struct slice explanation_spec;	/* exp= of the record with the result */
	bool is_match_too_wide;	/* the last match, in an include too */
};

/* The reason becomes BEFORE, then SUBJECT escaped and cut, then AFTER; or is
 * continued so. */
void spf_set_reason(struct spf_evaluation *ev, const char *before,
    struct slice subject, const char *after);
void spf_extend_reason(struct spf_evaluation *ev, const char *before,
    struct slice subject, const char *after);

/* Count a term that causes DNS queries; past the limit SPF_BROKEN (4.6.4).
 * What an explanation asks for is not counted. */
enum spf_status spf_count_term(struct spf_evaluation *ev);

/* Count a term whose queries found nothing for NAME; past the limit
 * SPF_BROKEN. */
enum spf_status spf_count_void_lookup(struct spf_evaluation *ev,
    struct slice name);

/* The answer, never TEMPFAIL: that is SPF_UNDECIDED, and NULL. */
enum spf_status spf_query(struct spf_evaluation *ev, struct slice name,
    enum dns_type type, const struct dns_answer **answer_out);

/* A or AAAA, whichever the client's address is of. */
enum dns_type spf_address_type(const struct spf_evaluation *ev);

/* The address in a record of the type above. */
struct ip_address spf_record_address(const struct spf_evaluation *ev,
    const struct dns_record *record);

/* The <target-name> (4.8): SPEC expanded, or <domain> where it is empty. */
enum spf_status spf_find_target(struct spf_evaluation *ev, struct slice spec,
    struct slice *target_out);

/* Whether time is up. */
bool spf_is_over_budget(const struct spf_evaluation *ev);

#endif
