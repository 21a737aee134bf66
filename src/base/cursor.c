/* base/cursor.c - see cursor.h. */
#include "base/cursor.h"

#include "base/ascii.h"

struct cursor
cursor_of(struct slice s)
{
	/* NULL + 0 is no valid arithmetic in C; an empty literal is. */
	if (s.ptr == NULL)
		s.ptr = "";
	return (struct cursor){ s.ptr, s.ptr + s.len };
}

struct slice
cursor_rest(const struct cursor *cur)
{
	return (struct slice){ cur->pos, (size_t)(cur->end - cur->pos) };
}

bool
cursor_take_char(struct cursor *cur, char c)
{
	if (cur->pos == cur->end || *cur->pos != c)
		return false;
	cur->pos++;
	return true;
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
cursor_take_while(struct cursor *cur, bool (*is)(char c))
{
	const char *start = cur->pos;

	while (cur->pos < cur->end && is(*cur->pos))
		cur->pos++;
	return (struct slice){ start, (size_t)(cur->pos - start) };
}

struct slice
cursor_take_until(struct cursor *cur, char stop)
{
	struct slice rest = cursor_rest(cur);
	struct slice taken = slice_head(rest, slice_find(rest, stop));

	cur->pos += taken.len;
	return taken;
}

void
cursor_skip_fws(struct cursor *cur)
{
	while (cur->pos < cur->end && ascii_is_fws(*cur->pos))
		cur->pos++;
}

void
cursor_skip_wsp(struct cursor *cur)
{
	while (cur->pos < cur->end && ascii_is_wsp(*cur->pos))
		cur->pos++;
}
