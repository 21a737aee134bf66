/* spf/record.h - an SPF record and its terms (RFC 7208 4.5, 4.6.1, 5, 6). */
#ifndef ASSAY_SPF_RECORD_H
#define ASSAY_SPF_RECORD_H

#include "base/ip.h"
#include "spf/result.h"

struct cursor;

/* Terms in one record.  One that fills a DNS message with networks has
 * fewer. */
#define SPF_MAX_RECORD_TERMS 4000

enum spf_mechanism {
	SPF_MECHANISM_ALL,
	SPF_MECHANISM_INCLUDE,
	SPF_MECHANISM_A,
	SPF_MECHANISM_MX,
	SPF_MECHANISM_PTR,
	SPF_MECHANISM_IP4,
	SPF_MECHANISM_IP6,
	SPF_MECHANISM_EXISTS,
};

/* Borrows the record's text. */
struct spf_directive {
	struct slice text;	/* as written */
	enum spf_result qualifier;	/* what a match gives (4.6.2) */
	enum spf_mechanism mechanism;
	struct slice domain_spec;	/* empty: <domain> */
	struct ip_network network;	/* of ip4 and ip6 */
	unsigned ip4_bits, ip6_bits;	/* of a and mx */
};

/* Borrows the record's text. */
struct spf_record {
	struct slice terms;	/* for spf_take_directive */
	size_t n_directives;
	size_t n_address_octets;	/* of ip4 and ip6 */
	struct slice redirect;	/* domain-specs; empty where absent */
	struct slice explanation;
};

/* Where a record is wrong. */
struct spf_syntax_error {
	struct slice term;	/* as written; any octets */
	const char *what;	/* static: "unknown mechanism" */
};

/* version = "v=spf1", then a space or the end (4.5). */
bool spf_is_record(struct slice text);

/* Check every term of a text that spf_is_record (4.6: an error anywhere is one
 * of the whole).  False, and *ERROR_OUT set, where one is wrong. */
bool spf_parse_record(struct slice text, struct spf_record *record_out,
    struct spf_syntax_error *error_out);

/* The next directive, where CUR is on the terms of a record that was parsed;
 * modifiers are passed over.  False at the end. */
bool spf_take_directive(struct cursor *cur,
    struct spf_directive *directive_out);

#endif
