/* milter/reply.c - see reply.h. */
#include "milter/reply.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/strbuf.h"

static size_t
encoded_octets(char c)
{
	return c == '%' ? 2 : 1;
}

/* How much of TEXT goes into a line of ROOM octets: up to the last space that
 * fits, or as much as fits where there is none. */
static size_t
measure_line(struct slice text, size_t room)
{
	size_t used = 0, last_space = 0, i;

	for (i = 0; i < text.len; i++) {
		used += encoded_octets(text.ptr[i]);
		if (used > room)
			return last_space != 0 ? last_space : i;
		if (text.ptr[i] == ' ')
			last_space = i;
	}
	return i;
}

static const char *
encode_line(struct arena *arena, struct slice text)
{
	struct strbuf line;

	strbuf_init(&line, arena, REPLY_LINE_OCTETS);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		strbuf_append_char(&line, ascii_is_vchar(c) || c == ' ' ?
		    c : '?');
		if (c == '%')
			strbuf_append_char(&line, c);
	}
	return strbuf_cstr(&line);
}

bool
reply_format(struct arena *arena, const char *code, const char *enhanced,
    struct slice text, size_t prefix_octets, struct reply *reply_out)
{
	size_t whole = REPLY_LINE_OCTETS - strlen(code) - strlen(enhanced) -
	    sizeof("  \r\n") + 1;
	size_t room = whole - (prefix_octets < whole / 2 ?
	    prefix_octets : whole / 2);

	*reply_out = (struct reply){ .n_lines = 0 };
	text = slice_trim(text);
	do {
		size_t len = measure_line(text, room);
		const char *line = encode_line(arena, slice_head(text, len));

		if (line == NULL)
			return false;
		reply_out->lines[reply_out->n_lines++] = line;
		text = slice_trim(slice_from(text, len));
		room = whole;
	} while (text.len != 0 && reply_out->n_lines < REPLY_MAX_LINES);
	return true;
}
