/* mail/lexical.h - what stands between and within the words of structured
 * fields: comments, folding, quoted strings (RFC 5322 3.2).
 *
 * The cursor is in a field's value as received, folds kept.  Octets that may
 * not be there at all (controls, a CR that folds nothing) are for the caller
 * to refuse; here they are text. */
#ifndef ASSAY_MAIL_LEXICAL_H
#define ASSAY_MAIL_LEXICAL_H

#include "base/slice.h"

struct arena;
struct cursor;

/* atext of 3.2.3, with the 8-bit octets of RFC 6532. */
bool mail_is_atext(char c);

/* Past white space and comments.  False at a comment that does not end or that
 * nests deeper than MAX_DEPTH: the cursor stands at its start then. */
bool mail_skip_cfws(struct cursor *cur, size_t max_depth);

/* A comment, which must begin here.  *CONTENT_OUT is what its parentheses
 * enclose, as written.  False as above. */
bool mail_take_comment(struct cursor *cur, size_t max_depth,
    struct slice *content_out);

/* A quoted-string, which must begin here.  *CONTENT_OUT is what its quotes
 * enclose, as written.  False where it does not end; nothing is taken. */
bool mail_take_quoted(struct cursor *cur, struct slice *content_out);

/* What a quoted-string's content means: without the backslashes of its quoted
 * pairs and the line ends of its folds.  Borrows CONTENT where it has none,
 * else it is written to ARENA; false where that is full. */
bool mail_unquote(struct arena *arena, struct slice content,
    struct slice *text_out);

#endif
