/* base/cursor.h - a parser's place in a slice.  It only moves forward. */
#ifndef ASSAY_BASE_CURSOR_H
#define ASSAY_BASE_CURSOR_H

#include "base/ascii.h"
#include "base/slice.h"

/* Parsers spend their time here: with the function's body in sight the compiler
 * makes a class of characters part of the loop. */

struct cursor {
	const char *pos, *end;
};

struct cursor cursor_of(struct slice s);

static inline bool
cursor_at_end(const struct cursor *cur)
{
	return cur->pos == cur->end;
}

/* The next octet, or -1 at the end; does not move. */
static inline int
cursor_peek(const struct cursor *cur)
{
	return cur->pos < cur->end ? (unsigned char)*cur->pos : -1;
}

/* Whatever has not been read yet. */
static inline struct slice
cursor_rest(const struct cursor *cur)
{
	return (struct slice){ cur->pos, (size_t)(cur->end - cur->pos) };
}

/* Move past C (past TEXT, case folded) if it stands here, and say whether. */
static inline bool
cursor_take_char(struct cursor *cur, char c)
{
	if (cur->pos == cur->end || *cur->pos != c)
		return false;
	cur->pos++;
	return true;
}

bool cursor_take_text_nocase(struct cursor *cur, struct slice text);

/* The longest run, maybe empty, whose octets all satisfy IS. */
static inline struct slice
cursor_take_while(struct cursor *cur, bool (*is)(char c))
{
	const char *start = cur->pos, *pos = start;

	while (pos < cur->end && is(*pos))
		pos++;
	cur->pos = pos;
	return (struct slice){ start, (size_t)(pos - start) };
}

/* What stands before the next STOP or the end; STOP is not taken. */
struct slice cursor_take_until(struct cursor *cur, char stop);

/* Past white space and line ends, however many.  Whether a line end is one of
 * folding is for the caller to know: field values have no other kind. */
static inline void
cursor_skip_fws(struct cursor *cur)
{
	while (cur->pos < cur->end && ascii_is_fws(*cur->pos))
		cur->pos++;
}

static inline void
cursor_skip_wsp(struct cursor *cur)
{
	while (cur->pos < cur->end && ascii_is_wsp(*cur->pos))
		cur->pos++;
}

#endif
