/* mail/list_id.c - see list_id.h. */
#include "mail/list_id.h"

#include "base/cursor.h"
#include "mail/domain.h"
#include "mail/lexical.h"

#define MAX_COMMENT_DEPTH 16

/* Past the phrase: a "<" in its quoted strings and comments is text.  False
 * where there is no bracket. */
static bool
skip_phrase(struct cursor *cur)
{
	struct slice ignored;

	for (;;) {
		if (!mail_skip_cfws(cur, MAX_COMMENT_DEPTH) ||
		    cursor_at_end(cur))
			return false;
		if (cursor_take_char(cur, '<'))
			return true;
		if (cursor_peek(cur) != '"')
			cur->pos++;
		else if (!mail_take_quoted(cur, &ignored))
			return false;
	}
}

/* list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF */
bool
mail_parse_list_id(struct arena *arena, struct slice value,
    struct slice *list_id_out)
{
	struct cursor cur = cursor_of(value);
	struct slice list_id = value;

	*list_id_out = SLICE_EMPTY;
	if (skip_phrase(&cur)) {
		list_id = cursor_take_until(&cur, '>');
		if (!cursor_take_char(&cur, '>'))
			return false;
	}
	return domain_normalize(arena, slice_trim(list_id), list_id_out);
}
