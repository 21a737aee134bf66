/* mail/field.h - the header of a message: its fields in order (RFC 5322
 * 2.2). */
#ifndef ASSAY_MAIL_FIELD_H
#define ASSAY_MAIL_FIELD_H

#include "base/slice.h"

struct arena;

struct mail_field {
	struct slice name;	/* as received, without white space or colon */
	/* What stood behind the colon, the leading space included; folds are
	 * CRLF and white space; no line end at the end.  8-bit and a lone CR
	 * are data. */
	struct slice value;
};

/* Top to bottom, as received.  Fields and their text live in the arena. */
struct mail_header {
	struct arena *arena;
	const struct mail_field *fields;
	size_t n_fields;
	struct mail_field *slots;	/* what mail_header_add fills */
	size_t n_slots, n_octets;
};

struct mail_header_limits {
	size_t max_fields, max_octets;	/* of names and values together */
};

enum mail_header_status {
	MAIL_HEADER_OK = 0,
	MAIL_HEADER_TOO_LARGE,	/* a limit is reached: this field is not kept */
	MAIL_HEADER_NO_MEMORY,
};

/* Start an empty header whose fields live in ARENA. */
void mail_header_init(struct mail_header *header, struct arena *arena);

/* Append a copy of one field.  Line ends in VALUE may be LF (Sendmail's way)
 * or CRLF; both are kept as CRLF, a lone CR stays; one at its very end is
 * dropped, as is white space around NAME. */
enum mail_header_status mail_header_add(struct mail_header *header,
    const struct mail_header_limits *limits, struct slice name,
    struct slice value);

/* How many fields have this name (case folded), and the I-th from the top,
 * from 0, or NULL. */
size_t mail_header_count(const struct mail_header *header, struct slice name);
const struct mail_field *mail_header_get(const struct mail_header *header,
    struct slice name, size_t i);

#endif
