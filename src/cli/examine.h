/* cli/examine.h - a saved message through the daemon's own inspection and
 * policy: what assayd would find and do. */
#ifndef ASSAY_CLI_EXAMINE_H
#define ASSAY_CLI_EXAMINE_H

#include "cli/origin.h"
#include "inspect/inspect.h"
#include "policy/policy.h"

struct arena;
struct examiner;
struct trace;

/* Borrowed, all of it. */
struct examiner_options {
	const struct inspect_options *inspect;
	const struct policy_options *policy;
	struct resolver *resolver;
	struct slice authserv_id;
	struct slice hostname;		/* ours, for SPF's macros */
	struct origin origin;		/* what the user gave */
	const struct slice *recipients;	/* with or without brackets */
	size_t n_recipients;
	bool is_smtputf8;
	struct trace *trace;	/* told of each message; NULL for none */
};

/* Everything lives until the examiner's next message. */
struct examination {
	struct origin origin;
	bool is_spf_left_out;	/* for want of a client address */
	/* Whether assayd would look at it, coming from that client.  It is
	 * examined in any case. */
	enum policy_trust trust;
	/* What kept it from being judged, or NULL; only ORIGIN counts then. */
	const char *problem;
	const struct inspect_results *results;
	struct policy_verdict verdict;
	struct slice field;	/* value of our Authentication-Results field,
				 * folded; empty where it does not fit */
};

/* For one thread.  OPTIONS is borrowed.  NULL where memory is out. */
struct examiner *examiner_create(const struct examiner_options *options);
void examiner_destroy(struct examiner **examiner);

/* OCTETS is a message, with an mbox's "From " line or without one, and must
 * outlive the examination.  Blocks on DNS. */
void examiner_examine(struct examiner *examiner, struct slice octets,
    struct examination *examination_out);

#endif
