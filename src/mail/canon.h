/* mail/canon.h - canonical forms of header and body (RFC 6376 3.4).
 *
 * Both are written as runs of octets to a sink, so that nothing is copied:
 * the runs borrow the input (or static text) for the time of the call. */
#ifndef ASSAY_MAIL_CANON_H
#define ASSAY_MAIL_CANON_H

#include "base/slice.h"

struct mail_field;

enum canon_form {
	CANON_SIMPLE = 0,
	CANON_RELAXED,
};

struct canon_sink {
	void (*write)(void *context, struct slice run);
	void *context;
};

/* One header field with its CRLF (3.4.1, 3.4.2). */
void canon_write_field(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink);

/* The same for the signature being verified: its b= value is left out and so
 * is the CRLF at the end (3.7). */
void canon_write_signature(enum canon_form form,
    const struct mail_field *field, const struct canon_sink *sink);

/* A body as it streams by (3.4.3, 3.4.4), in chunks cut anywhere.  State is of
 * fixed size: empty lines and white space not yet known to count are counted,
 * not kept. */
struct canon_body {
	enum canon_form form;
	uint64_t n_empty_lines;	/* held back: they may be the last */
	bool has_wsp;		/* relaxed: a run of WSP is held back */
	bool has_cr;		/* a CR is held back: LF may follow */
	bool is_in_line;	/* octets of the current line were written */
	bool has_content;	/* anything was written at all */
};

void canon_body_init(struct canon_body *body, enum canon_form form);
void canon_body_write(struct canon_body *body, struct slice chunk,
    const struct canon_sink *sink);
void canon_body_finish(struct canon_body *body,
    const struct canon_sink *sink);

#endif
