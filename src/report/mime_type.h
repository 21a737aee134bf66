/* report/mime_type.h - the Content-Type field (RFC 2045 5.1). */
#ifndef ASSAY_REPORT_MIME_TYPE_H
#define ASSAY_REPORT_MIME_TYPE_H

#include "base/slice.h"

struct arena;
struct mail_header;

struct mime_type {
	struct slice type, subtype;
	struct slice boundary, report_type;	/* empty: absent */
};

/* Of the header's first Content-Type; text/plain where that is missing or
 * unreadable.  Lives in ARENA or borrows the header. */
void mime_parse_type(struct arena *arena, const struct mail_header *header,
    struct mime_type *type_out);

/* Case folded. */
bool mime_is_type(const struct mime_type *type, const char *major,
    const char *minor);

#endif
