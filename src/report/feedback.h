/* report/feedback.h - an aggregate report, read: of any provider, in the form
 * of RFC 9990 or RFC 7489, in whatever order its elements are.
 *
 * Texts are UTF-8 as the file has it, trimmed, and cut at FEEDBACK_TEXT_MAX;
 * what is absent is empty.  They may hold any character that XML may, U+009B
 * (a terminal's CSI) included: escape them before they are shown. */
#ifndef ASSAY_REPORT_FEEDBACK_H
#define ASSAY_REPORT_FEEDBACK_H

#include "base/slice.h"
#include "report/fact.h"

struct report_input;

#define FEEDBACK_TEXT_MAX ((size_t)1024)
#define FEEDBACK_MAX_ERRORS 16
#define FEEDBACK_MAX_REASONS 16		/* of a record; more are left out */
#define FEEDBACK_MAX_SPF 16
#define FEEDBACK_MAX_DEPTH 32		/* elements within each other */

/* Of a count or a time: sums of all records still fit 63 bits. */
#define FEEDBACK_NUMBER_MAX UINT64_C(9000000000000)

/* Different names of elements, attributes and the like that are not read:
 * libxml2 remembers them all, and finds them ever more slowly. */
#define FEEDBACK_MAX_NAMES 1000

/* A tag's octets: attributes cost their number squared. */
#define FEEDBACK_MAX_TAG ((size_t)4096)

struct feedback {
	bool is_rfc9990;	/* by its namespace; else RFC 7489 */
	struct slice version;
	/* report_metadata */
	struct slice org_name, email, extra_contact_info, report_id, generator;
	struct slice errors[FEEDBACK_MAX_ERRORS];
	size_t n_errors;
	uint64_t begin_s, end_s;	/* 0: absent */
	/* policy_published; pct was RFC 7489's */
	struct slice domain, discovery_method, p, sp, np, adkim, aspf, fo,
	    testing, pct;
};

struct feedback_reason {
	struct slice type, comment;
};

struct feedback_dkim {
	struct slice domain, selector, result, human_result;
};

struct feedback_spf {
	struct slice domain, scope, result, human_result;
};

struct feedback_record {
	/* row */
	struct slice source_ip;
	uint64_t count;
	struct slice disposition, dkim, spf;	/* policy_evaluated */
	struct feedback_reason reasons[FEEDBACK_MAX_REASONS];
	size_t n_reasons;
	/* identifiers */
	struct slice header_from, envelope_from, envelope_to;
	/* auth_results */
	struct feedback_dkim signatures[REPORT_MAX_SIGNATURES];
	size_t n_signatures;
	struct feedback_spf identities[FEEDBACK_MAX_SPF];
	size_t n_identities;
};

/* Whether the messages of a record passed DMARC. */
bool feedback_has_passed(const struct feedback_record *record);

struct feedback_visitor {
	/* Once: before the first record, or behind the last one where what it
	 * says stands there. */
	void (*head)(void *context, const struct feedback *feedback);
	/* Each record; good for the time of the call. */
	void (*record)(void *context, const struct feedback_record *record);
	void *context;
};

/* Read XML to its end.  False where it is no report, or not all of one, which
 * XML's problem tells with the line; the visitor may have been called. */
bool feedback_read(struct report_input *xml,
    const struct feedback_visitor *visitor);

#endif
