/* policy/policy.h - results in, one action out.  Nothing else decides. */
#ifndef ASSAY_POLICY_POLICY_H
#define ASSAY_POLICY_POLICY_H

#include "base/ip.h"
#include "inspect/inspect.h"
#include "policy/rules.h"

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

struct policy_options {
	enum policy_mode mode;
	unsigned spf_reject;	/* bit 1 << enum spf_result for each refused */
	enum policy_dmarc_reject dmarc_reject;
	enum policy_quarantine quarantine;
	const char *quarantine_address;	/* REDIRECT; borrowed */
	bool is_bad_from_accepted;
	bool is_temperror_accepted;
	const struct ip_network *trusted_networks;	/* borrowed */
	size_t n_trusted_networks;
	bool is_authenticated_trusted;
	const struct policy_rule *rules;	/* in order; borrowed */
	size_t n_rules;
};

#define POLICY_OPTIONS_DEFAULT { .mode = POLICY_MODE_UNSET, \
	.dmarc_reject = POLICY_REJECT_KNOWLEDGE, \
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

struct policy_verdict {
	enum policy_action action;	/* to be carried out now */
	enum policy_action wanted;	/* the same without mode = "monitor" */
	enum policy_disposition disposition;
	const char *code, *enhanced;	/* "550", "5.7.1"; NULL for no reply */
	struct slice text;	/* of the reply: ASCII, printable, one line,
				 * "%" not doubled; empty for no reply */
	struct slice reason;	/* for the log and the quarantine: "dmarc=fail
				 * p=reject: no aligned pass"; ASCII; empty
				 * where nothing was judged */
	const struct policy_rule *rule;	/* the one that matched, or NULL */
	bool is_rule_override;	/* and made it another verdict (RFC 9990:
				 * local_policy) */
	const struct policy_rule *shadow_rule;	/* the first in shadow that
						 * matched, or NULL */
	enum policy_action shadow_wanted;	/* and what it would want */
};

/* At MAIL FROM.  *VERDICT lives in ARENA. */
void policy_judge_sender(const struct policy_options *options,
    const struct spf_outcome *spf, struct arena *arena,
    struct policy_verdict *verdict);

/* At end of message. */
void policy_judge_message(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict);

/* Whether any rule asks who the recipients are. */
bool policy_wants_recipients(const struct policy_options *options);

const char *policy_action_name(enum policy_action action);
const char *policy_disposition_name(enum policy_disposition disposition);

#endif
