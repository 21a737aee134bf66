/* authres/authres.h - the Authentication-Results field (RFC 8601) as a grammar.
 *
 * Knows no method: what is written and read are words.  Nothing that is handed
 * in can break out of its place: values are tokens or become quoted strings,
 * control characters never pass. */
#ifndef ASSAY_AUTHRES_AUTHRES_H
#define ASSAY_AUTHRES_AUTHRES_H

#include "base/strbuf.h"

struct arena;

#define AUTHRES_MAX_OCTETS 16384	/* of a field that we build */
#define AUTHRES_MAX_VALUE 512		/* octets of one value or comment as it
					 * is written; the rest becomes "..." */

/* ---- building (2.2) ------------------------------------------------------ */

struct authres_builder {
	struct strbuf text;
	struct strbuf unit;	/* what is to stand on one line */
	size_t line_start;	/* where the current folded line began */
	bool allow_utf8;	/* the message came with SMTPUTF8 */
	bool has_method;
};

/* AUTHSERV_ID is ours, from the configuration or the MTA.  Order of calls:
 * begin, then for each method: add_method, then any of add_reason (at most
 * once, first), add_property and add_comment; then finish. */
void authres_begin(struct authres_builder *b, struct arena *arena,
    struct slice authserv_id, bool allow_utf8);
void authres_add_method(struct authres_builder *b, struct slice method,
    struct slice result);
void authres_add_reason(struct authres_builder *b, struct slice reason);
void authres_add_property(struct authres_builder *b, struct slice ptype,
    struct slice property, struct slice value);
void authres_add_comment(struct authres_builder *b, struct slice comment);

/* The value of the field, from behind the colon's space: folded with LF and a
 * tab at 78 columns where it can be, no line over 998 octets, no LF at the
 * end.  "ID; none" where no method was added.  False where it did not fit or
 * memory is out. */
bool authres_finish(struct authres_builder *b, struct slice *value_out);

/* ---- parsing ------------------------------------------------------------- */

struct authres_property {
	struct slice ptype, name, value;	/* value unquoted */
};

struct authres_method {
	struct slice method, result, reason;	/* reason empty where none */
	const struct authres_property *properties;
	size_t n_properties;
};

struct authres {
	struct slice authserv_id;
	const struct authres_method *methods;
	size_t n_methods;
};

#define AUTHRES_MAX_METHODS 64
#define AUTHRES_MAX_PROPERTIES 32	/* for one method */
#define AUTHRES_MAX_COMMENT_DEPTH 16

/* A field's value as received; everything handed out lives in ARENA or borrows
 * VALUE.  False where it does not fit the grammar or the limits. */
bool authres_parse(struct arena *arena, struct slice value,
    struct authres *authres_out);

/* Whether a field received from outside claims to be by AUTHSERV_ID, however it
 * is written: case, quotes, comments, folding, a version.  Needs no valid
 * field behind the id, and errs on the side of yes (RFC 8601 5). */
bool authres_claims_id(struct slice value, struct slice authserv_id);

#endif
