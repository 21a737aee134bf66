/* inspect/message.h - a message as a file has it, handed to inspect/ as an MTA
 * would hand it over. */
#ifndef ASSAY_INSPECT_MESSAGE_H
#define ASSAY_INSPECT_MESSAGE_H

#include "base/slice.h"
#include "inspect/inspect.h"

struct mail_header;

/* Without the line that an mbox has in front of a message, if it is there. */
struct slice message_skip_from_line(struct slice octets);

/* One field from the start of *REST, its folds included; *REST is what comes
 * behind it.  False at the header's end: then *REST is the body, the empty line
 * between them taken.  A line that is no field ends the header too, and is part
 * of the body, as Postfix has it.  Line ends are LF or CRLF. */
bool message_take_field(struct slice *rest, struct slice *name_out,
    struct slice *value_out);

/* The header of OCTETS, and where the body begins.  False where HEADER's arena
 * is full. */
bool message_read_header(struct slice octets,
    const struct mail_header_limits *limits, struct mail_header *header,
    struct slice *body_out);

/* All fields and the body, between inspect_mail and inspect_finish.  Where the
 * first line ends with CRLF the octets are those that came by SMTP, and a bare
 * LF is data; else LF is the line end, and reaches inspect/ as CRLF. */
enum inspect_status message_feed(struct inspect *in, struct slice octets);

#endif
