/* mail/lexical.c - see lexical.h. */
#include "mail/lexical.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"

bool
mail_is_atext(char c)
{
	static const struct slice marks = SLICE_INIT("!#$%&'*+-/=?^_`{|}~");

	return ascii_is_alnum(c) || ascii_is_8bit(c) ||
	    slice_find(marks, c) != SIZE_MAX;
}

/* comment = "(" *([FWS] ccontent) [FWS] ")"
 * ccontent = ctext / quoted-pair / comment */
bool
mail_take_comment(struct cursor *cur, size_t max_depth,
    struct slice *content_out)
{
	const char *start = cur->pos + 1;
	size_t depth = 0;

	*content_out = SLICE_EMPTY;
	for (const char *pos = cur->pos; pos < cur->end; pos++) {
		if (*pos == '(' && ++depth > max_depth)
			return false;
		if (*pos == ')' && --depth == 0) {
			*content_out = (struct slice){ start,
			    (size_t)(pos - start) };
			cur->pos = pos + 1;
			return true;
		}
		if (*pos == '\\' && ++pos == cur->end)
			return false;
	}
	return false;
}

/* CFWS = (1*([FWS] comment) [FWS]) / FWS */
bool
mail_skip_cfws(struct cursor *cur, size_t max_depth)
{
	struct slice content;

	cursor_skip_fws(cur);
	while (cursor_peek(cur) == '(') {
		if (!mail_take_comment(cur, max_depth, &content))
			return false;
		cursor_skip_fws(cur);
	}
	return true;
}

/* quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE
 * qcontent = qtext / quoted-pair */
bool
mail_take_quoted(struct cursor *cur, struct slice *content_out)
{
	const char *start = cur->pos + 1;

	*content_out = SLICE_EMPTY;
	for (const char *pos = start; pos < cur->end; pos++) {
		if (*pos == '"') {
			*content_out = (struct slice){ start,
			    (size_t)(pos - start) };
			cur->pos = pos + 1;
			return true;
		}
		if (*pos == '\\' && ++pos == cur->end)
			return false;
	}
	return false;
}

static bool
is_plain(struct slice content)
{
	return slice_find(content, '\\') == SIZE_MAX &&
	    slice_find(content, '\r') == SIZE_MAX &&
	    slice_find(content, '\n') == SIZE_MAX;
}

bool
mail_unquote(struct arena *arena, struct slice content,
    struct slice *text_out)
{
	char *mem;
	size_t len = 0;

	*text_out = content;
	if (is_plain(content))
		return true;
	*text_out = SLICE_EMPTY;
	if ((mem = arena_alloc(arena, content.len)) == NULL)
		return false;
	for (size_t i = 0; i < content.len; i++) {
		char c = content.ptr[i];

		if (c == '\\' && i + 1 < content.len)
			c = content.ptr[++i];
		if (c != '\r' && c != '\n')
			mem[len++] = c;
	}
	*text_out = (struct slice){ mem, len };
	return true;
}
