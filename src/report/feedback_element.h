/* report/feedback_element.h - the elements of an aggregate report, and where
 * their text goes. */
#ifndef ASSAY_REPORT_FEEDBACK_ELEMENT_H
#define ASSAY_REPORT_FEEDBACK_ELEMENT_H

#include "base/slice.h"

/* Elements that hold others. */
enum feedback_container {
	FEEDBACK_DOCUMENT = 0,
	FEEDBACK_ROOT,
	FEEDBACK_METADATA,
	FEEDBACK_DATE_RANGE,
	FEEDBACK_POLICY,
	FEEDBACK_RECORD,
	FEEDBACK_ROW,
	FEEDBACK_EVALUATED,
	FEEDBACK_REASON,
	FEEDBACK_IDENTIFIERS,
	FEEDBACK_RESULTS,
	FEEDBACK_DKIM,
	FEEDBACK_SPF,
};

enum feedback_kind {
	FEEDBACK_HOLDS,		/* others: CONTAINER says which it is */
	FEEDBACK_TEXT,		/* slice at OFFSET of its container's object */
	FEEDBACK_NUMBER,	/* a uint64_t there */
	FEEDBACK_ERROR,		/* one of several texts */
};

struct feedback_element {
	enum feedback_container parent;
	struct slice name;
	enum feedback_kind kind;
	enum feedback_container container;
	size_t offset;
};

/* NULL: not one that is read. */
const struct feedback_element *feedback_find_element(
    enum feedback_container parent, struct slice name);

#endif
