/* milter/reply.h - the text of an SMTP reply as libmilter wants it. */
#ifndef ASSAY_MILTER_REPLY_H
#define ASSAY_MILTER_REPLY_H

#include "base/slice.h"

struct arena;

#define REPLY_MAX_LINES 8	/* what does not fit in them is left out */
#define REPLY_LINE_OCTETS 512	/* code, CRLF and all (RFC 5321 4.5.3.1.5) */

struct reply {
	const char *lines[REPLY_MAX_LINES];	/* NULL behind the last */
	size_t n_lines;		/* at least one */
};

/* Cut TEXT into lines at its spaces, for a reply with these codes.  A "%" is
 * doubled, since MTAs take a single one for a format; what is not printable
 * ASCII becomes "?".  The first line leaves room for PREFIX_OCTETS, which the
 * MTA puts before it, up to half of the line.  False where memory is out. */
bool reply_format(struct arena *arena, const char *code, const char *enhanced,
    struct slice text, size_t prefix_octets, struct reply *reply_out);

#endif
