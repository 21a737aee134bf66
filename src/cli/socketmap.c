/* cli/socketmap.c - see socketmap.h. */
#include "cli/socketmap.h"

#include "base/cursor.h"
#include "base/strbuf.h"

#define MAX_DIGITS 4		/* of SOCKETMAP_MAX_REQUEST */

/* netstring = length ":" octets ","; the length without leading zeros. */
enum socketmap_step
socketmap_take(struct slice input, struct slice *key_out, size_t *len_out)
{
	struct cursor cur = cursor_of(input);
	struct slice digits = cursor_take_while(&cur, ascii_is_digit), request;
	size_t space;
	uint64_t len;

	*key_out = SLICE_EMPTY;
	*len_out = 0;
	if (digits.len > MAX_DIGITS || (digits.len > 1 &&
	    digits.ptr[0] == '0'))
		return SOCKETMAP_MALFORMED;
	if (cursor_at_end(&cur))
		return SOCKETMAP_PARTIAL;
	if (!slice_parse_uint(digits, SOCKETMAP_MAX_REQUEST, &len) ||
	    !cursor_take_char(&cur, ':'))
		return SOCKETMAP_MALFORMED;
	request = slice_head(cursor_rest(&cur), (size_t)len);
	cur.pos += request.len;
	if (cursor_at_end(&cur))
		return SOCKETMAP_PARTIAL;
	if (!cursor_take_char(&cur, ','))
		return SOCKETMAP_MALFORMED;
	space = slice_find(request, ' ');
	if (space == SIZE_MAX)
		return SOCKETMAP_MALFORMED;
	*key_out = slice_from(request, space + 1);
	*len_out = (size_t)(cur.pos - input.ptr);
	return SOCKETMAP_REQUEST;
}

static struct slice
word_of(enum socketmap_status status)
{
	switch (status) {
	case SOCKETMAP_OK:
		return SLICE("OK ");
	case SOCKETMAP_NOTFOUND:
		return SLICE("NOTFOUND ");
	case SOCKETMAP_TEMP:
		return SLICE("TEMP ");
	case SOCKETMAP_PERM:
		break;
	}
	return SLICE("PERM ");
}

void
socketmap_append(struct strbuf *out, enum socketmap_status status,
    struct slice text)
{
	struct slice word = word_of(status);

	strbuf_append_uint(out, word.len + text.len);
	strbuf_append_char(out, ':');
	strbuf_append(out, word);
	strbuf_append(out, text);
	strbuf_append_char(out, ',');
}
