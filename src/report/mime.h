/* report/mime.h - a message's parts (RFC 2045, 2046), as it streams by.
 *
 * Made for what report senders and mail servers send: headers are bounded,
 * multiparts and messages within messages are walked to a depth, and what is
 * wrong with a message's structure gives fewer parts, not an error. */
#ifndef ASSAY_REPORT_MIME_H
#define ASSAY_REPORT_MIME_H

#include "mail/field.h"
#include "report/mime_type.h"

struct report_input;

#define MIME_MAX_DEPTH 8	/* multiparts within each other */
#define MIME_MAX_PARTS 100	/* messages and multiparts included */
#define MIME_MAX_HEADER_OCTETS ((size_t)256 * 1024)
#define MIME_MAX_FIELDS ((size_t)1000)

struct mime_part {
	struct mail_header header;
	struct mime_type type;
	struct report_input *body;	/* its transfer encoding undone */
};

struct mime_walk;

/* MESSAGE stands at its header; a line "From ..." before that is passed over.
 * IS_DEEP: a message in the message gives its parts; else it is a part like any
 * other, whose body is a header and all.  NULL where memory is out. */
struct mime_walk *mime_start(struct report_input *message, bool is_deep);

/* The next part that is no multipart, in the order of the message; what is left
 * of the one before is passed over.  NULL at the end; good until the next
 * call. */
const struct mime_part *mime_next(struct mime_walk *walk);

/* Read a header up to the empty line, which is taken, or to the end.  False
 * where it is too large or memory is out, which the problem tells. */
bool mime_read_header(struct report_input *input, struct mail_header *header);

#endif
