/* arc/chain.h - validation of a message's ARC chain (RFC 8617 5.2). */
#ifndef ASSAY_ARC_CHAIN_H
#define ASSAY_ARC_CHAIN_H

#include "base/slice.h"

struct arena;
struct dkim_body;
struct mail_field;
struct mail_header;
struct resolver;
struct trace;

#define ARC_MAX_SETS 50		/* RFC 8617 4.2.1 */

/* The chain validation status (4.4), and what it cannot say: that a key could
 * not be asked for. */
enum arc_result {
	ARC_NONE = 0,
	ARC_PASS,
	ARC_FAIL,
	ARC_TEMPERROR,
};

enum arc_reason {
	ARC_REASON_NONE = 0,
	ARC_REASON_INSTANCE,	/* i= absent or not 1 to 50 */
	ARC_REASON_DUPLICATE,	/* two fields of one kind and instance */
	ARC_REASON_INCOMPLETE,	/* a set lacks a field, or a set is missing */
	ARC_REASON_TOO_MANY,	/* more sets than max_sets */
	ARC_REASON_SYNTAX,	/* a field is no tag-list, or a tag is wrong */
	ARC_REASON_STATUS,	/* cv= is not what its place demands */
	ARC_REASON_FAILED,	/* the newest seal says cv=fail */
	ARC_REASON_MESSAGE,	/* the newest AMS does not verify */
	ARC_REASON_SEAL,	/* an AS does not verify */
	ARC_REASON_DNS,		/* temporary failure for a key */
	ARC_REASON_HEADER_TOO_LARGE,	/* fields were left out */
	ARC_REASON_INTERNAL,	/* libcrypto or memory failed */
};

struct arc_options {
	unsigned max_sets;	/* at most ARC_MAX_SETS */
	unsigned min_rsa_bits, max_rsa_bits;
};

#define ARC_OPTIONS_DEFAULT { .max_sets = ARC_MAX_SETS, \
	.min_rsa_bits = 1024, .max_rsa_bits = 8192 }

/* One set (4.2); text borrows the header or lives in the arena. */
struct arc_set {
	const struct mail_field *aar, *ams, *seal;
	struct slice results;	/* the AAR behind "i=N;": RFC 8601's payload */
	struct slice sealer;	/* d= of the seal, normalized */
	struct slice seal_selector;
	struct slice message_domain;	/* d= of the AMS, normalized */
	bool covers_from;	/* the AMS's h= names From */
};

struct arc_outcome {
	enum arc_result result;
	enum arc_reason reason;
	unsigned failed_instance;	/* where reason is of one set; else 0 */
	/* Instance 1 first; only where the sets are complete and well formed, a
	 * failed chain's too: then they prove nothing. */
	const struct arc_set *sets;
	size_t n_sets;
	/* The lowest instance whose AMS, and every later one's, still verifies;
	 * 0 means all of them do (5.2 step 5).  Only for a pass. */
	unsigned oldest_pass;
};

struct arc_chain;

/* The same course as dkim/verify.h: create, add, end_header, finish.  NULL
 * where memory is out.  BODY takes the forms that the AMSs need. */
struct arc_chain *arc_create(struct arena *arena,
    const struct arc_options *options, struct resolver *resolver,
    struct dkim_body *body);

/* Have the chain told to TRACE at its end. */
void arc_set_trace(struct arc_chain *chain, struct trace *trace);

/* Whether a field belongs to a chain. */
bool arc_is_field(struct slice name);

/* One of the three fields has arrived; FIELD must live as long as the arena.
 * Asks for its key; does not block. */
void arc_add_field(struct arc_chain *chain, const struct mail_field *field);

/* The header is complete.  Does not block. */
void arc_end_header(struct arc_chain *chain, const struct mail_header *header,
    bool is_header_whole);

/* The body is finished.  Blocks on DNS until DEADLINE_MS. */
void arc_finish(struct arc_chain *chain, bool is_body_valid,
    int64_t deadline_ms, struct arc_outcome *outcome);

/* "none", "pass", "fail", "temperror"; "seal does not verify". */
const char *arc_result_name(enum arc_result result);
const char *arc_reason_text(enum arc_reason reason);

#endif
