/* report/feedback_scan.h - what is looked at in a report before libxml2 sees
 * it. */
#ifndef ASSAY_REPORT_FEEDBACK_SCAN_H
#define ASSAY_REPORT_FEEDBACK_SCAN_H

#include "base/slice.h"

/* Where the scanner of tags is, octet by octet. */
enum feedback_scan_state {
	SCAN_TEXT = 0,
	SCAN_TAG,
	SCAN_MARKUP,		/* "<!" or "<?": quotes mean nothing */
	SCAN_SINGLE_QUOTED,
	SCAN_DOUBLE_QUOTED,
};

struct feedback_scan {		/* begins as zeroes */
	enum feedback_scan_state state;
	size_t tag_octets;
};

/* The document's next octets.  False where a tag is longer than
 * FEEDBACK_MAX_TAG: libxml2 takes tags of 10 MB, and compares each attribute
 * with each. */
bool feedback_scan_tags(struct feedback_scan *scan, struct slice chunk);

/* The encoding that a document which begins with HEAD declares; empty for none.
 * Borrows HEAD. */
struct slice feedback_take_encoding(struct slice head);

/* Whether the scanner knows a tag when it sees one; true for none declared. */
bool feedback_is_encoding_known(struct slice encoding);

#endif
