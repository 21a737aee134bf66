/* inspect/inspect.h - one SMTP session's messages, and what the checks found.
 *
 *     connect -> helo -> mail -> rcpt* -> field* -> end of header -> body*
 *             -> finish          \-> abort at any point, back behind helo
 *
 * The milter, assay verify, the suites and the benchmark all drive this.  It
 * does no I/O of its own and knows no MTA; its only waiting is DNS, in
 * inspect_get_spf and inspect_finish.  One thread at a time. */
#ifndef ASSAY_INSPECT_INSPECT_H
#define ASSAY_INSPECT_INSPECT_H

#include "arc/chain.h"
#include "dkim/verify.h"
#include "dmarc/check.h"
#include "dns/budget.h"
#include "inspect/relay.h"
#include "mail/field.h"
#include "spf/check.h"

struct arena;
struct arena_account;
struct dkim_sha256;
struct inspect;
struct resolver;
struct trace;

struct inspect_options {
	bool is_spf_enabled, is_dkim_enabled, is_arc_enabled, is_dmarc_enabled;
	struct spf_options spf;
	struct dkim_options dkim;
	struct arc_options arc;
	struct dmarc_options dmarc;
	struct relay_networks relays;	/* our own, that hand mail in */
	struct budget_options dns;
	struct throttle *throttle;	/* of client networks; borrowed; may
					 * be NULL */
	struct mail_header_limits header;
	size_t max_message_memory;	/* the arena's ceiling, octets */
	unsigned finish_budget_ms;	/* of DNS at end of message, in all */
	int64_t now_s;		/* since the epoch: when mail that is looked at
				 * again came; 0: now */
};

#define INSPECT_OPTIONS_DEFAULT { .is_spf_enabled = true, \
	.is_dkim_enabled = true, .is_arc_enabled = true, \
	.is_dmarc_enabled = true, .spf = SPF_OPTIONS_DEFAULT, \
	.dkim = DKIM_OPTIONS_DEFAULT, .arc = ARC_OPTIONS_DEFAULT, \
	.dmarc = DMARC_OPTIONS_DEFAULT, \
	.dns = BUDGET_OPTIONS_DEFAULT, \
	.header = { .max_fields = 1000, .max_octets = 256 * 1024 }, \
	.max_message_memory = 4 * 1024 * 1024, .finish_budget_ms = 45000 }

/* DKIM-Signature fields handed to dkim/; each may cost a DNS query.  What comes
 * behind them is counted only. */
#define INSPECT_MAX_SIGNATURES 64

/* Recipients remembered for the operator's rules; no MTA takes many more by
 * itself.  What comes behind them is counted only. */
#define INSPECT_MAX_RECIPIENTS 1000

enum inspect_status {
	INSPECT_OK = 0,
	INSPECT_OUT_OF_ORDER,	/* the event does not fit; nothing was done */
	INSPECT_NO_MEMORY,	/* this message cannot be judged; inspect_finish
				 * will say so again */
	INSPECT_TOO_MANY_FORGED,	/* of inspect_finish: not all can be
				 * removed, it must not be let in */
};

struct inspect_recipient {
	struct slice local;	/* as written */
	struct slice domain;	/* normalized; empty where there is none */
};

/* Everything found of one message; lives until the next inspect_mail, abort or
 * destroy.  What was not looked at has n_... 0, NULL, or SPF_NONE. */
struct inspect_results {
	/* For mail by a relay of ours they are of the relay's own client, and
	 * not known before the header has ended, if then. */
	struct ip_address client;
	struct slice helo;
	bool is_relayed;
	bool are_relays_known;		/* there are some to be relayed by */
	bool is_client_hearsay;		/* inspect/relay.h: not to be trusted */
	struct ip_address relay;	/* that relay */
	struct mail_path sender;
	struct slice sender_domain;	/* normalized; empty where none */
	bool is_smtputf8;
	int64_t start_s;		/* when it began, since the epoch */
	struct slice listener;		/* inspect_set_listener */
	struct slice id;		/* inspect_set_id */
	const struct inspect_recipient *recipients;
	size_t n_recipients;
	size_t n_more_recipients;	/* beyond INSPECT_MAX_RECIPIENTS */
	bool is_spf_checked, is_dkim_checked, is_arc_checked;	/* else not
								 * tried */
	const struct mail_header *header;
	bool is_header_whole;	/* false: a limit was hit, fields are missing */
	enum mail_author_status author_status;
	struct mail_authors authors;
	struct spf_outcome spf;		/* MAIL FROM; HELO for a null sender */
	struct spf_outcome helo_spf;	/* HELO identity, always */
	const struct dkim_outcome *dkim;
	size_t n_dkim;
	size_t n_ignored_signatures;	/* beyond INSPECT_MAX_SIGNATURES */
	struct arc_outcome arc;
	struct dmarc_outcome dmarc;
	bool is_dmarc_checked;
	uint64_t body_octets;
	/* Deletions owed to forged fields, as occurrences among all fields
	 * named Authentication-Results, from 1, in ascending order. */
	const unsigned *forged_fields;
	size_t n_forged_fields;
	unsigned limits_hit;	/* base/limit.h; known to inspect_peek, too */
	struct trace *trace;		/* inspect_set_trace; NULL: none */
};

/* OPTIONS and RESOLVER are borrowed for the life of the object, or until others
 * are set, and may be NULL where some are set before the first message;
 * RECEIVER is our host name.  NULL where memory is out. */
struct inspect *inspect_create(const struct inspect_options *options,
    struct resolver *resolver, struct slice receiver);
void inspect_destroy(struct inspect **in);

/* For messages that begin from now on; not while one is open.  What is known of
 * the connection stays. */
void inspect_set_options(struct inspect *in,
    const struct inspect_options *options, struct resolver *resolver);

/* dkim/hash.h: what all sessions share, borrowed; without it each message that
 * is signed looks it up. */
void inspect_set_sha256(struct inspect *in, const struct dkim_sha256 *sha256);

/* Charge what messages take that begin from now on to ACCOUNT (base/arena.h),
 * which must outlive them. */
void inspect_set_account(struct inspect *in, struct arena_account *account);

/* Have all messages that begin from now on told to TRACE, which must outlive
 * them and has no node open; NULL ends it. */
void inspect_set_trace(struct inspect *in, struct trace *trace);

enum inspect_status inspect_connect(struct inspect *in,
    const struct ip_address *client);

/* The MTA's name for the service that the client of inspect_connect came to:
 * for rules.  Borrowed for the life of that connection. */
void inspect_set_listener(struct inspect *in, struct slice listener);

/* Again after STARTTLS, or with another name; ends a message that was open. */
enum inspect_status inspect_helo(struct inspect *in, struct slice helo);

/* A new message; ends one that was open.  ARGUMENT is MAIL's first, as the MTA
 * has it.  AUTHSERV_ID is whose forged fields to look for. */
enum inspect_status inspect_mail(struct inspect *in, struct slice argument,
    bool is_smtputf8, struct slice authserv_id);

/* The same for a message that is not to be checked (a trusted client's): the
 * header is read and forged fields are found, no DNS is asked, and the results
 * have no SPF, DKIM, ARC and DMARC. */
enum inspect_status inspect_mail_unchecked(struct inspect *in,
    struct slice argument, bool is_smtputf8, struct slice authserv_id);

/* One recipient of the message, as the MTA has it, for rules; copies.  A
 * message of which none was told has no recipients for them. */
enum inspect_status inspect_add_recipient(struct inspect *in,
    struct slice argument);

/* The caller's name of the message, for what is said of it; copies. */
enum inspect_status inspect_set_id(struct inspect *in, struct slice id);

/* The SPF result of MAIL FROM (of HELO for the null sender), evaluated at the
 * first call and kept: at MAIL where a result may be refused there, else by
 * inspect_finish.  Blocks.  Out of order where SPF is not checked, and for
 * relayed mail within the header. */
enum inspect_status inspect_get_spf(struct inspect *in,
    const struct spf_outcome **spf_out);

/* One field; VALUE from right behind the colon, leading white space included,
 * line ends LF or CRLF.  Copies. */
enum inspect_status inspect_add_field(struct inspect *in, struct slice name,
    struct slice value);
enum inspect_status inspect_end_header(struct inspect *in);

/* A piece of the body, cut anywhere; not kept. */
enum inspect_status inspect_add_body(struct inspect *in, struct slice chunk);

/* False once the rest of the body changes nothing. */
bool inspect_wants_body(const struct inspect *in);

/* End of message: waits for what is missing and gives all results.  The message
 * stays until the next inspect_mail or inspect_abort. */
enum inspect_status inspect_finish(struct inspect *in,
    const struct inspect_results **results_out);

/* What is known so far of the message that is open: the envelope from MAIL on,
 * SPF behind inspect_get_spf.  NULL while there is none. */
const struct inspect_results *inspect_peek(const struct inspect *in);

/* Forget the message, if there is one. */
void inspect_abort(struct inspect *in);

/* The message's arena, for what policy/ and milter/ build from the results;
 * NULL while there is no message. */
struct arena *inspect_arena(struct inspect *in);

#endif
