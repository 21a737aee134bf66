/* report/mime_body.h - a part's octets, its transfer encoding undone (RFC 2045
 * 6). */
#ifndef ASSAY_REPORT_MIME_BODY_H
#define ASSAY_REPORT_MIME_BODY_H

#include "base/slice.h"

struct mail_header;
struct report_input;

struct mime_body;

/* TAKE_LINE gives the part's lines, each borrowed until it is called again and
 * of at most INPUT_PEEK_MAX octets.  NULL where memory is out. */
struct mime_body *mime_body_create(struct report_input *message,
    bool (*take_line)(void *context, struct slice *line_out), void *context);

/* A new part begins, with this header: its octets, good until the next call. */
struct report_input *mime_body_begin(struct mime_body *body,
    const struct mail_header *header);

#endif
