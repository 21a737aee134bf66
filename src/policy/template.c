/* policy/template.c - see template.h. */
#include "policy/template.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"

#define MAX_VALUE ((size_t)2000)	/* octets shown of one */

static const struct slice names[TEMPLATE_N_NAMES] = {
	[TEMPLATE_TEXT] = SLICE_INIT("text"),
	[TEMPLATE_DOMAIN] = SLICE_INIT("domain"),
	[TEMPLATE_REASON] = SLICE_INIT("reason"),
	[TEMPLATE_EXPLANATION] = SLICE_INIT("explanation"),
	[TEMPLATE_ID] = SLICE_INIT("id"),
	[TEMPLATE_CLIENT] = SLICE_INIT("client"),
	[TEMPLATE_POLICY] = SLICE_INIT("policy"),
	[TEMPLATE_EVIDENCE] = SLICE_INIT("evidence"),
	[TEMPLATE_RULE] = SLICE_INIT("rule"),
};

enum piece {
	PIECE_TEXT,		/* *TEXT */
	PIECE_NAME,		/* *INDEX */
	PIECE_END,
	PIECE_BAD_SIGN,		/* a "%" alone */
	PIECE_BAD_NAME,
};

/* name = what stands between "{" and "}" */
static enum piece
take_name(struct cursor *cur, size_t *index)
{
	struct slice name = cursor_take_until(cur, '}');

	if (!cursor_take_char(cur, '}'))
		return PIECE_BAD_NAME;
	for (*index = 0; *index < TEMPLATE_N_NAMES; ++*index)
		if (slice_eq(name, names[*index]))
			return PIECE_NAME;
	return PIECE_BAD_NAME;
}

static enum piece
take_piece(struct cursor *cur, struct slice *text, size_t *index)
{
	if (cursor_at_end(cur))
		return PIECE_END;
	*text = cursor_take_until(cur, '%');
	if (text->len != 0)
		return PIECE_TEXT;
	cursor_take_char(cur, '%');
	if (cursor_take_char(cur, '{'))
		return take_name(cur, index);
	*text = SLICE("%");
	return cursor_take_char(cur, '%') ? PIECE_TEXT : PIECE_BAD_SIGN;
}

static bool
is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_vchar(text.ptr[i]) && text.ptr[i] != ' ')
			return false;
	return true;
}

const char *
template_check(struct slice template)
{
	struct cursor cur = cursor_of(template);
	struct slice text;
	size_t index;

	if (template.len > TEMPLATE_MAX_OCTETS)
		return "write at most 1000 characters";
	if (!is_printable(template))
		return "write it in ASCII, which is all that a reply may have";
	for (;;) {
		switch (take_piece(&cur, &text, &index)) {
		case PIECE_TEXT:
		case PIECE_NAME:
			continue;
		case PIECE_END:
			return NULL;
		case PIECE_BAD_SIGN:
			return "write \"%%\" for a percent sign";
		case PIECE_BAD_NAME:
			return "write %{text}, %{domain}, %{reason}, "
			    "%{explanation}, %{id}, %{client}, %{policy}, "
			    "%{evidence} or %{rule}";
		}
	}
}

/* Our own text has been escaped already. */
static void
append_value(struct strbuf *text, enum template_name name, struct slice value)
{
	if (value.len == 0)
		strbuf_append_cstr(text, "none");
	else if (name == TEMPLATE_TEXT)
		strbuf_append(text, value);
	else
		strbuf_append_escaped(text, value, MAX_VALUE);
}

void
template_expand(struct strbuf *text, struct slice template,
    const struct template_values *values)
{
	struct cursor cur = cursor_of(template);
	struct slice piece;
	size_t index;

	for (;;) {
		switch (take_piece(&cur, &piece, &index)) {
		case PIECE_TEXT:
			strbuf_append(text, piece);
			continue;
		case PIECE_NAME:
			append_value(text, (enum template_name)index,
			    values->of[index]);
			continue;
		case PIECE_END:
		case PIECE_BAD_SIGN:
		case PIECE_BAD_NAME:
			return;
		}
	}
}
