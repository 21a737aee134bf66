/* inspect/state.h - what the files of inspect/ share: the session and its open
 * message.  Nobody else looks into it.
 *
 * Everything of a message lives in its arena, which is made at MAIL and thrown
 * away at the message's end, so that an idle session holds nothing.  A failure
 * that could change what is done with the message (has_failed) is kept until
 * inspect_finish, because most callers cannot refuse anything earlier. */
#ifndef ASSAY_INSPECT_STATE_H
#define ASSAY_INSPECT_STATE_H

#include "base/limit.h"
#include "inspect/forged.h"
#include "inspect/inspect.h"

struct arc_chain;
struct dkim_body;
struct dkim_sha256;
struct dkim_verifier;

enum stage {
	STAGE_NEW = 0,		/* no client yet */
	STAGE_IDLE,		/* between messages */
	STAGE_HEADER,		/* MAIL was seen, fields may come */
	STAGE_BODY,		/* the header has ended */
	STAGE_FINISHED,		/* results were given */
};

/* One identity's SPF check that runs ahead of the message (sender.c). */
struct spf_run {
	unsigned n_runs;
	size_t octets;		/* of memory, in vain */
	bool is_complete;	/* the outcome is there */
	struct spf_outcome outcome;
};

struct inspect {
	const struct inspect_options *options;	/* borrowed */
	struct resolver *all_dns;	/* borrowed */
	const struct dkim_sha256 *sha256;	/* borrowed; may be NULL */
	struct arena_account *account;	/* borrowed; may be NULL */
	struct arena *connection;	/* receiver; owned */
	struct arena *greeting;		/* helo, reset with each; owned */
	struct slice receiver;
	struct ip_address client;
	struct slice listener;		/* borrowed */
	struct slice helo;
	enum stage stage;
	struct trace *trace;		/* borrowed; NULL: none */

	/* The message; all zero while there is none. */
	struct arena *arena;	/* owned */
	struct resolver *budget;	/* what it may ask; in the arena */
	struct resolver *resolver;	/* the same, which has SPF run ahead
					 * before it waits; in the arena */
	struct spf_run sender_run, helo_run;
	bool has_spf, has_dkim, has_arc, has_dmarc;	/* are to be checked */
	bool has_failed;
	size_t n_from_fields;
	struct mail_header header;
	struct forged_fields forged;
	struct dkim_body *body;		/* NULL: neither of the next two */
	struct dkim_verifier *verifier;	/* NULL: no signature so far */
	struct arc_chain *chain;	/* NULL: no field of ARC so far */
	size_t n_signatures;
	struct inspect_recipient *recipients;
	size_t recipient_capacity;
	struct inspect_results results;
};

bool state_has_message(const struct inspect *in);
void state_note_limit(struct inspect *in, enum limit limit);

/* The open message cannot be judged for want of memory; says so. */
enum inspect_status state_fail_message(struct inspect *in);

#endif
