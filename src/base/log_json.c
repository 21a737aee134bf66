/* base/log_json.c - see log_json.h. */
#include "base/log_json.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* Four octets as "\\xHH" each, and what snprintf puts behind. */
#define PIECE_ROOM 21

struct range {
	uint32_t first, last;
};

/* Beyond ASCII (Unicode's categories Cc, Cf, Zl, Zp, and what is no
 * character). */
static const struct range hidden[] = {
	{ 0x80, 0x9f },
	{ 0xad, 0xad },
	{ 0x600, 0x605 },
	{ 0x61c, 0x61c },
	{ 0x6dd, 0x6dd },
	{ 0x70f, 0x70f },
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff },
	{ 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff },
	{ 0x13430, 0x1345f },
	{ 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static uint32_t
decode(struct slice sequence)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)sequence.ptr[0] &
	    first_bits[sequence.len];

	for (size_t i = 1; i < sequence.len; i++)
		code = code << 6 | ((unsigned char)sequence.ptr[i] & 0x3f);
	return code;
}

static bool
is_hidden(struct slice sequence)
{
	uint32_t code = decode(sequence);

	if ((code & 0xfffe) == 0xfffe)	/* of every plane */
		return true;
	for (size_t i = 0; i < N_ELEMENTS(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

static bool
is_itself(char c)
{
	return (ascii_is_vchar(c) || c == ' ') && c != '"' && c != '\\';
}

static struct slice
escape(struct slice octets, char room[PIECE_ROOM])
{
	size_t len = 0;

	for (size_t i = 0; i < octets.len; i++)
		len += (size_t)snprintf(room + len, PIECE_ROOM - len,
		    "\\\\x%02x", (unsigned char)octets.ptr[i]);
	return (struct slice){ room, len };
}

/* The next piece of *REST as it is written: it may stand in ROOM. */
static struct slice
take_piece(struct slice *rest, bool is_message, char room[PIECE_ROOM])
{
	struct slice piece;
	size_t n = 0;

	while (n < rest->len && is_itself(rest->ptr[n]))
		n++;
	if (n != 0) {
		piece = slice_head(*rest, n);
		*rest = slice_from(*rest, n);
		return piece;
	}
	n = utf8_sequence_octets(*rest);
	piece = slice_head(*rest, n != 0 ? n : 1);
	*rest = slice_from(*rest, piece.len);
	if (piece.ptr[0] == '"')
		return SLICE("\\\"");
	if (piece.ptr[0] == '\\' && is_message)
		return SLICE("\\\\");
	return n > 1 && !is_hidden(piece) ? piece : escape(piece, room);
}

void
log_json_append_string(struct strbuf *out, struct slice text)
{
	char room[PIECE_ROOM];

	while (text.len != 0)
		strbuf_append(out, take_piece(&text, false, room));
}

void
log_json_append_message(struct strbuf *out, struct slice text, size_t max)
{
	static const struct slice dots = SLICE_INIT("...");
	char room[PIECE_ROOM];
	size_t left = max;

	while (text.len != 0) {
		struct slice piece = take_piece(&text, true, room);
		size_t kept = text.len != 0 ? dots.len : 0;

		if (piece.len + kept > left) {
			/* Only what is itself is longer than one character. */
			if (is_itself(piece.ptr[0]))
				strbuf_append(out, slice_head(piece,
				    left - dots.len));
			strbuf_append(out, dots);
			return;
		}
		strbuf_append(out, piece);
		left -= piece.len;
	}
}
