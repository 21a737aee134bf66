/* report/fact.h - what is remembered of one message and one Author Domain.
 *
 * No local parts, no subjects, no bodies: only what a row of an aggregate
 * report (RFC 9990), the statistics and the shadow rules need.  Facts that are
 * alike in everything but their time fold into one row with a count, per UTC
 * day. */
#ifndef ASSAY_REPORT_FACT_H
#define ASSAY_REPORT_FACT_H

#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct strbuf;

/* RFC 9990 3.1.8: at most as many signatures in a row. */
#define REPORT_MAX_SIGNATURES 100

/* Octets of the texts.  A signature's domain and selector must leave room for
 * "._domainkey." between them in a domain name (RFC 6376 3.6.2.1). */
#define REPORT_MAX_DOMAIN 253
#define REPORT_MAX_KEY_NAME (REPORT_MAX_DOMAIN - 12)
#define REPORT_MAX_WORD 16
#define REPORT_MAX_REASONS 512
#define REPORT_MAX_RULE 64
#define REPORT_MAX_EVIDENCE 128

/* A fact's octets in its encoded form, worst case included. */
#define REPORT_FACT_MAX_OCTETS ((size_t)32768)

struct report_signature {
	struct slice domain, selector;	/* d=, s= */
	struct slice result;		/* RFC 8601 2.7.1 */
};

/* Texts are UTF-8 or ASCII without control characters; words are the names
 * that the RFCs or our log line have for them; what does not apply is empty.
 * The fields' names are the store's columns. */
struct report_fact {
	uint32_t day;			/* whole days since the epoch, UTC */

	/* Of the report that it belongs to. */
	struct slice policy_domain;	/* where the record is; empty: none */
	struct slice configuration;	/* report/configuration.h; or empty */
	bool is_reportable;		/* counts in aggregate reports: there is
					 * a rua, it was not deferred, and is no
					 * report itself */

	/* The row (RFC 9990 3.1.1.8 and on). */
	struct slice author_domain;
	struct ip_address source;
	struct slice envelope_from;	/* domain of MAIL FROM; empty: null */
	struct slice envelope_to;	/* the domain of all recipients, where
					 * it is one and is to be told */
	struct slice disposition;	/* none, pass, quarantine, reject */
	bool is_dkim_aligned, is_spf_aligned;	/* aligned and passed */
	/* Override reasons, each "TYPE" or "TYPE COMMENT", '\n' between. */
	struct slice reasons;
	struct slice spf_domain, spf_result;	/* of MAIL FROM; HELO's domain
						 * for the null sender */
	struct report_signature signatures[REPORT_MAX_SIGNATURES];
	size_t n_signatures;

	/* For statistics and shadow rules. */
	struct slice dmarc_result, arc_result;
	struct slice action;		/* policy_action_name of the verdict */
	struct slice wanted;		/* the same without mode = "monitor" */
	struct slice rule;		/* its name, or empty */
	struct slice shadow_rule, shadow_wanted;
	struct slice evidence;		/* signs, ',' between */
};

/* Whether it can be told: it has a domain and a selector, not too long. */
bool report_is_signature(const struct report_signature *signature);

/* A canonical form: equal facts give equal octets.  OUT fails where a text is
 * too long, or is none. */
void report_encode_fact(const struct report_fact *fact, struct strbuf *out);

/* False where OCTETS are not such a form; FACT borrows them otherwise. */
bool report_decode_fact(struct slice octets, struct report_fact *fact);

#endif
