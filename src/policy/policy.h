/* policy/policy.h - results in, one action out.  Nothing else decides. */
#ifndef ASSAY_POLICY_POLICY_H
#define ASSAY_POLICY_POLICY_H

#include "base/ip.h"
#include "inspect/inspect.h"
#include "policy/names.h"
#include "policy/rules.h"

struct policy_history;
struct strbuf;

enum policy_mode {
	POLICY_MODE_UNSET = 0,
	POLICY_MODE_MONITOR,	/* all but reject, quarantine and tempfail */
	POLICY_MODE_ENFORCE,
};

enum policy_dmarc_reject {
	POLICY_REJECT_KNOWLEDGE = 0,	/* RFC 9989 7.4 */
	POLICY_REJECT_STRICT,
};

enum policy_quarantine {
	POLICY_QUARANTINE_HOLD = 0,
	POLICY_QUARANTINE_TAG,
	POLICY_QUARANTINE_REDIRECT,
	POLICY_QUARANTINE_REJECT,
	POLICY_QUARANTINE_NONE,
};

/* What speaks for an indirect flow, which breaks the authentication of honest
 * mail (RFC 9989 7.4), as bits.  Each can be faked with some effort: they buy
 * quarantine in place of a refusal, but for SEALER, which accepts. */
enum policy_sign {
	POLICY_SIGN_ARC = 1 << 0,	/* an intact chain, whoever sealed it */
	POLICY_SIGN_SIGNATURE = 1 << 1,	/* the author domain's, broken */
	POLICY_SIGN_SIGNATURE_BODY = 1 << 2,	/* only the body has changed */
	POLICY_SIGN_LIST = 1 << 3,	/* of a list that is authenticated */
	POLICY_SIGN_FORWARDER = 1 << 4,	/* declared: dmarc.forwarders */
	POLICY_SIGN_RELAY = 1 << 5,	/* declared: a relay of ours */
	POLICY_SIGN_SEALER = 1 << 6,	/* vouched for by trusted sealers */
	POLICY_SIGN_HISTORY = 1 << 7,	/* author's mail comes by this path */
};

#define POLICY_SIGNS_ALL 0xffU

/* Append their names in the order above: "arc,signature-body". */
void policy_append_signs(struct strbuf *text, unsigned signs,
    const char *separator);

/* Kinds of replies, each with a text of its own. */
enum policy_reply {
	POLICY_REPLY_SPF = 0,
	POLICY_REPLY_DMARC,
	POLICY_REPLY_BAD_FROM,
	POLICY_REPLY_TEMPERROR,	/* of DMARC */
	POLICY_REPLY_RULE,
};

#define POLICY_N_REPLIES 5

struct policy_options {
	enum policy_mode mode;
	unsigned spf_reject;	/* bit 1 << enum spf_result for each refused */
	enum policy_dmarc_reject dmarc_reject;
	unsigned evidence;	/* the signs that count */
	struct policy_list trusted_sealers;
	const struct policy_history *history;	/* borrowed; NULL: none */
	struct policy_list forwarder_domains;
	const struct ip_network *forwarder_networks;	/* borrowed */
	size_t n_forwarder_networks;
	enum policy_quarantine quarantine;
	const char *quarantine_address;	/* REDIRECT; borrowed */
	bool is_bad_from_accepted;
	bool is_temperror_accepted;
	const struct ip_network *trusted_networks;	/* borrowed */
	size_t n_trusted_networks;
	bool is_authenticated_trusted;
	const struct policy_rule *rules;	/* in order; borrowed */
	size_t n_rules;
	/* policy/template.h; NULL: assay's own words.  Borrowed. */
	const char *replies[POLICY_N_REPLIES];
};

#define POLICY_OPTIONS_DEFAULT { .mode = POLICY_MODE_UNSET, \
	.dmarc_reject = POLICY_REJECT_KNOWLEDGE, \
	.evidence = POLICY_SIGNS_ALL, \
	.quarantine = POLICY_QUARANTINE_HOLD, \
	.is_authenticated_trusted = true }

/* Why a message is not inspected. */
enum policy_trust {
	POLICY_INSPECT = 0,
	POLICY_TRUSTED_NETWORK,
	POLICY_AUTHENTICATED,
	POLICY_NOT_SMTP,	/* no client address: submitted on this host */
};

/* CLIENT of IP_NONE is no SMTP client: such mail must not be refused, it would
 * stay in the MTA's queue. */
enum policy_trust policy_check_trust(const struct policy_options *options,
    const struct ip_address *client, bool is_authenticated);
const char *policy_trust_name(enum policy_trust trust);

enum policy_action {
	POLICY_ACCEPT = 0,
	POLICY_HOLD,		/* the MTA's quarantine */
	POLICY_REDIRECT,	/* to options->quarantine_address instead */
	POLICY_REJECT,		/* 5xx */
	POLICY_TEMPFAIL,	/* 4xx */
};

/* What DMARC had done, for dis= and reports (RFC 9990). */
enum policy_disposition {
	POLICY_DISPOSITION_NONE = 0,
	POLICY_DISPOSITION_QUARANTINE,
	POLICY_DISPOSITION_REJECT,
};

/* Why a fail was not treated as its domain asks (RFC 9990's reasons). */
enum policy_override {
	POLICY_OVERRIDE_NONE = 0,
	POLICY_OVERRIDE_LOCAL_POLICY,
	POLICY_OVERRIDE_TRUSTED_FORWARDER,
	POLICY_OVERRIDE_MAILING_LIST,
};

struct policy_verdict {
	enum policy_action action;	/* to be carried out now */
	enum policy_action wanted;	/* the same without mode = "monitor" */
	enum policy_disposition disposition;
	const char *code, *enhanced;	/* "550", "5.7.1"; NULL for no reply */
	enum policy_reply reply;	/* its kind, where there is one */
	struct slice text;	/* of the reply: ASCII, printable, one line,
				 * "%" not doubled; empty for no reply */
	struct slice reason;	/* for the log and the quarantine: "dmarc=fail
				 * p=reject: no aligned pass"; ASCII; empty
				 * where nothing was judged */
	unsigned evidence;	/* signs found that count; of a fail only */
	unsigned open_evidence;	/* signs that hang on a missing DNS answer, and
				 * turned the verdict */
	enum policy_override override;
	struct slice override_comment;	/* ASCII; for a trusted sealer that of
					 * RFC 8617 7.2.2 */
	const struct policy_rule *rule;	/* the one that matched, or NULL */
	const struct policy_rule *shadow_rule;	/* the first in shadow that
						 * matched, or NULL */
	enum policy_action shadow_wanted;	/* and what it would want */
};

/* At MAIL FROM, by RESULTS->spf.  *VERDICT lives in ARENA. */
void policy_judge_sender(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

/* At end of message. */
void policy_judge_message(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

/* Whether any rule asks who the recipients are. */
bool policy_wants_recipients(const struct policy_options *options);

const char *policy_mode_name(enum policy_mode mode);
const char *policy_action_name(enum policy_action action);
const char *policy_disposition_name(enum policy_disposition disposition);

/* "local_policy" and so on; "" for none. */
const char *policy_override_name(enum policy_override override);

#endif
