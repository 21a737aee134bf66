/* report/feedback_element.c - see feedback_element.h. */
#include "report/feedback_element.h"

#include "report/feedback.h"

#define HOLDS(parent, name, container) \
	{ parent, SLICE_INIT(name), FEEDBACK_HOLDS, container, 0 }
#define TEXT(parent, name, object, member) \
	{ parent, SLICE_INIT(name), FEEDBACK_TEXT, FEEDBACK_DOCUMENT, \
	    offsetof(struct object, member) }
#define NUMBER(parent, name, object, member) \
	{ parent, SLICE_INIT(name), FEEDBACK_NUMBER, FEEDBACK_DOCUMENT, \
	    offsetof(struct object, member) }

static const struct feedback_element elements[] = {
	HOLDS(FEEDBACK_DOCUMENT, "feedback", FEEDBACK_ROOT),
	TEXT(FEEDBACK_ROOT, "version", feedback, version),
	HOLDS(FEEDBACK_ROOT, "report_metadata", FEEDBACK_METADATA),
	HOLDS(FEEDBACK_ROOT, "policy_published", FEEDBACK_POLICY),
	HOLDS(FEEDBACK_ROOT, "record", FEEDBACK_RECORD),

	TEXT(FEEDBACK_METADATA, "org_name", feedback, org_name),
	TEXT(FEEDBACK_METADATA, "email", feedback, email),
	TEXT(FEEDBACK_METADATA, "extra_contact_info", feedback,
	    extra_contact_info),
	TEXT(FEEDBACK_METADATA, "report_id", feedback, report_id),
	TEXT(FEEDBACK_METADATA, "generator", feedback, generator),
	{ FEEDBACK_METADATA, SLICE_INIT("error"), FEEDBACK_ERROR,
	    FEEDBACK_DOCUMENT, 0 },
	HOLDS(FEEDBACK_METADATA, "date_range", FEEDBACK_DATE_RANGE),
	NUMBER(FEEDBACK_DATE_RANGE, "begin", feedback, begin_s),
	NUMBER(FEEDBACK_DATE_RANGE, "end", feedback, end_s),

	TEXT(FEEDBACK_POLICY, "domain", feedback, domain),
	TEXT(FEEDBACK_POLICY, "discovery_method", feedback, discovery_method),
	TEXT(FEEDBACK_POLICY, "p", feedback, p),
	TEXT(FEEDBACK_POLICY, "sp", feedback, sp),
	TEXT(FEEDBACK_POLICY, "np", feedback, np),
	TEXT(FEEDBACK_POLICY, "adkim", feedback, adkim),
	TEXT(FEEDBACK_POLICY, "aspf", feedback, aspf),
	TEXT(FEEDBACK_POLICY, "fo", feedback, fo),
	TEXT(FEEDBACK_POLICY, "testing", feedback, testing),
	TEXT(FEEDBACK_POLICY, "pct", feedback, pct),

	HOLDS(FEEDBACK_RECORD, "row", FEEDBACK_ROW),
	HOLDS(FEEDBACK_RECORD, "identifiers", FEEDBACK_IDENTIFIERS),
	HOLDS(FEEDBACK_RECORD, "auth_results", FEEDBACK_RESULTS),
	TEXT(FEEDBACK_ROW, "source_ip", feedback_record, source_ip),
	NUMBER(FEEDBACK_ROW, "count", feedback_record, count),
	HOLDS(FEEDBACK_ROW, "policy_evaluated", FEEDBACK_EVALUATED),
	TEXT(FEEDBACK_EVALUATED, "disposition", feedback_record, disposition),
	TEXT(FEEDBACK_EVALUATED, "dkim", feedback_record, dkim),
	TEXT(FEEDBACK_EVALUATED, "spf", feedback_record, spf),
	HOLDS(FEEDBACK_EVALUATED, "reason", FEEDBACK_REASON),
	TEXT(FEEDBACK_REASON, "type", feedback_reason, type),
	TEXT(FEEDBACK_REASON, "comment", feedback_reason, comment),

	TEXT(FEEDBACK_IDENTIFIERS, "header_from", feedback_record,
	    header_from),
	TEXT(FEEDBACK_IDENTIFIERS, "envelope_from", feedback_record,
	    envelope_from),
	TEXT(FEEDBACK_IDENTIFIERS, "envelope_to", feedback_record,
	    envelope_to),

	HOLDS(FEEDBACK_RESULTS, "dkim", FEEDBACK_DKIM),
	TEXT(FEEDBACK_DKIM, "domain", feedback_dkim, domain),
	TEXT(FEEDBACK_DKIM, "selector", feedback_dkim, selector),
	TEXT(FEEDBACK_DKIM, "result", feedback_dkim, result),
	TEXT(FEEDBACK_DKIM, "human_result", feedback_dkim, human_result),
	HOLDS(FEEDBACK_RESULTS, "spf", FEEDBACK_SPF),
	TEXT(FEEDBACK_SPF, "domain", feedback_spf, domain),
	TEXT(FEEDBACK_SPF, "scope", feedback_spf, scope),
	TEXT(FEEDBACK_SPF, "result", feedback_spf, result),
	TEXT(FEEDBACK_SPF, "human_result", feedback_spf, human_result),
};

const struct feedback_element *
feedback_find_element(enum feedback_container parent, struct slice name)
{
	for (size_t i = 0; i < N_ELEMENTS(elements); i++)
		if (elements[i].parent == parent &&
		    slice_eq(elements[i].name, name))
			return &elements[i];
	return NULL;
}
