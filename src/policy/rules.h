/* policy/rules.h - the operator's own rules: a list in order; the first that
 * matches a message decides it in place of the domain's policy. */
#ifndef ASSAY_POLICY_RULES_H
#define ASSAY_POLICY_RULES_H

#include "base/ip.h"
#include "policy/names.h"

struct inspect_results;

#define POLICY_RULE_NAME_MAX 64		/* octets */
#define POLICY_RULE_WHY_MAX 200

enum policy_rule_action {
	POLICY_RULE_ACCEPT = 0,	/* whatever else is wrong */
	POLICY_RULE_NONE,	/* as under p=none */
	POLICY_RULE_QUARANTINE,	/* as options->quarantine says */
	POLICY_RULE_REJECT,
};

/* Whom the rule is about.  Domains are normalized; "*." in front stands for
 * every domain below, "*" for every domain. */
struct policy_recipient {
	struct slice local;	/* any case; empty: all of the domain */
	struct slice domain;	/* a pattern; empty: any, or none at all */
};

/* Each list that is not empty must have one element that fits; without one the
 * message may have any. */
struct policy_rule_match {
	struct policy_list author_domains;	/* patterns */
	struct policy_list dkim_domains;	/* globs for d= that passed */
	struct policy_list sealers;	/* patterns for the newest sealer of a
					 * chain that passed */
	struct policy_list listeners;	/* the MTA's names, exactly */
	const struct ip_network *clients;
	size_t n_clients;
	const struct policy_recipient *recipients;
	size_t n_recipients;
};

struct policy_rule {
	struct slice name;	/* "2", its place from 1 on, if it has none */
	struct policy_rule_match match;
	enum policy_rule_action action;
	bool is_always;		/* applies to what passed DMARC too */
	bool is_shadow;		/* only noted; the search goes on */
	struct slice why;	/* for log and reply: printable ASCII */
	struct slice until;	/* "2027-01-31", the last day (UTC); or empty */
	int64_t end_s;		/* the first second behind it; INT64_MAX */
};

/* Whether its last day is over at NOW_S (base/clock.h): it is off then. */
bool policy_rule_has_ended(const struct policy_rule *rule, int64_t now_s);

/* Whether RULE is about this message, DMARC's result included.  A rule that IS_
 * WEAKER than what would be done without it must fit all recipients and all
 * Author Domains, any other only one of each: there is one answer for all of
 * them, and nobody buys a milder one by adding a name, nor by being hearsay as
 * a client (inspect/relay.h). */
bool policy_rule_matches(const struct policy_rule *rule,
    const struct inspect_results *results, bool is_weaker);

#endif
