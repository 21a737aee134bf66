/* base/cursor.c - see cursor.h. */
#include "base/cursor.h"

struct cursor
cursor_of(struct slice s)
{
	/* NULL + 0 is no valid arithmetic in C; an empty literal is. */
	if (s.ptr == NULL)
		s.ptr = "";
	return (struct cursor){ s.ptr, s.ptr + s.len };
}

bool
cursor_take_text_nocase(struct cursor *cur, struct slice text)
{
	if (!slice_starts_with_nocase(cursor_rest(cur), text))
		return false;
	cur->pos += text.len;
	return true;
}

struct slice
cursor_take_until(struct cursor *cur, char stop)
{
	struct slice rest = cursor_rest(cur);
	struct slice taken = slice_head(rest, slice_find(rest, stop));

	cur->pos += taken.len;
	return taken;
}
