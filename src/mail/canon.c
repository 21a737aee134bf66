/* mail/canon.c - see canon.h.
 *
 * A line of the body ends with CRLF and nothing else.  RFC 5322 2.3 forbids a
 * CR or LF alone and RFC 6376 5.3 has the signer convert them; one that still
 * arrives alone is an octet of its line like any other, in both forms: to
 * guess that it was meant as a line end would hash what nobody signed.
 *
 * What is canonical as it stands goes to the sink in the longest possible
 * runs: in the simple form one per chunk, in the relaxed form whatever lies
 * between white space that must change and empty lines. */
#include "mail/canon.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "mail/field.h"
#include "mail/taglist.h"

static void
write_run(const struct canon_sink *sink, struct slice run)
{
	if (run.len > 0)
		sink->write(sink->context, run);
}

static struct slice
slice_between(const char *begin, const char *end)
{
	return (struct slice){ begin, (size_t)(end - begin) };
}

/* ---- Header fields (3.4.1, 3.4.2) ---------------------------------------- */

static void
write_lower(const struct canon_sink *sink, struct slice text)
{
	char block[64];
	size_t n;

	for (; text.len > 0; text = slice_from(text, n)) {
		n = text.len < sizeof(block) ? text.len : sizeof(block);
		for (size_t i = 0; i < n; i++)
			block[i] = ascii_lower(text.ptr[i]);
		write_run(sink, (struct slice){ block, n });
	}
}

/* The CRLF of FWS: with white space behind it. */
static bool
is_fold(const char *pos, const char *end)
{
	return end - pos >= 3 && pos[0] == '\r' && pos[1] == '\n' &&
	    ascii_is_wsp(pos[2]);
}

/* Past white space and the folds within it. */
static const char *
skip_folding(const char *pos, const char *end)
{
	while (pos < end) {
		if (ascii_is_wsp(*pos))
			pos++;
		else if (is_fold(pos, end))
			pos += 2;
		else
			break;
	}
	return pos;
}

static const char *
skip_text(const char *pos, const char *end)
{
	while (pos < end && !ascii_is_wsp(*pos) && !is_fold(pos, end))
		pos++;
	return pos;
}

/* Unfolded, each run of white space one space, none at the ends. */
static void
write_relaxed_value(const struct canon_sink *sink, struct slice value)
{
	const char *end = value.ptr + value.len;
	const char *pos = skip_folding(value.ptr, end);

	while (pos < end) {
		const char *stop = skip_text(pos, end);

		write_run(sink, slice_between(pos, stop));
		pos = skip_folding(stop, end);
		if (pos < end)
			write_run(sink, SLICE(" "));
	}
}

static void
write_name(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink)
{
	if (form == CANON_RELAXED)
		write_lower(sink, slice_trim_end(field->name));
	else
		write_run(sink, field->name);
	write_run(sink, SLICE(":"));
}

static void
write_value(enum canon_form form, struct slice value,
    const struct canon_sink *sink)
{
	if (value.len == 0)
		return;
	if (form == CANON_RELAXED)
		write_relaxed_value(sink, value);
	else
		write_run(sink, value);
}

void
canon_write_field(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink)
{
	write_name(form, field, sink);
	write_value(form, field->value, sink);
	write_run(sink, SLICE("\r\n"));
}

/* The value of b= with all white space around it; empty at the end of VALUE
 * where there is no such tag. */
static struct slice
find_b_value(struct slice value)
{
	struct cursor cur = cursor_of(value);
	struct tag tag;

	while (tag_take(&cur, &tag) == TAG_FOUND) {
		struct cursor from_name = { tag.name.ptr, cur.pos };

		if (!slice_eq(tag.name, SLICE("b")))
			continue;
		cursor_take_until(&from_name, '=');
		cursor_take_char(&from_name, '=');
		return cursor_take_until(&from_name, ';');
	}
	return slice_from(value, value.len);
}

void
canon_write_signature(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink)
{
	struct slice b = find_b_value(field->value);
	size_t n_before = (size_t)(b.ptr - field->value.ptr);

	write_name(form, field, sink);
	/* The cut is between "=" and ";" or the end, so that white space on
	 * its sides needs no thought. */
	write_value(form, slice_head(field->value, n_before), sink);
	write_value(form, slice_from(field->value, n_before + b.len), sink);
}

/* ---- Body (3.4.3, 3.4.4) ------------------------------------------------- */

void
canon_body_init(struct canon_body *body, enum canon_form form)
{
	*body = (struct canon_body){ .form = form };
}

static void
write_empty_lines(struct canon_body *body, const struct canon_sink *sink)
{
	static const struct slice lines = SLICE_INIT(
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n");
	const uint64_t n_block = lines.len / 2;

	for (; body->n_empty_lines > n_block; body->n_empty_lines -= n_block)
		write_run(sink, lines);
	write_run(sink, slice_head(lines, (size_t)body->n_empty_lines * 2));
	body->n_empty_lines = 0;
}

/* Octets of a line, and what was held back before them. */
static void
write_data(struct canon_body *body, struct slice run,
    const struct canon_sink *sink)
{
	write_empty_lines(body, sink);
	if (body->has_wsp)
		write_run(sink, SLICE(" "));
	write_run(sink, run);
	body->has_wsp = false;
	body->is_in_line = true;
	body->has_content = true;
}

/* N line ends in a row. */
static void
end_lines(struct canon_body *body, uint64_t n, const struct canon_sink *sink)
{
	body->has_wsp = false;
	if (n > 0 && body->is_in_line) {
		write_run(sink, SLICE("\r\n"));
		body->is_in_line = false;
		n--;
	}
	body->n_empty_lines += n;
}

/* The CR that ended the chunk before this one: half a line end, or data. */
static struct slice
resolve_cr(struct canon_body *body, struct slice chunk,
    const struct canon_sink *sink)
{
	if (!body->has_cr)
		return chunk;
	body->has_cr = false;
	if (chunk.ptr[0] == '\n') {
		end_lines(body, 1, sink);
		return slice_from(chunk, 1);
	}
	write_data(body, SLICE("\r"), sink);
	return chunk;
}

/* All of the chunk goes out in one run but the line ends that it ends with: the
 * body may end there too. */
static void
write_simple(struct canon_body *body, struct slice chunk,
    const struct canon_sink *sink)
{
	uint64_t n_lines = 0;

	if (chunk.ptr[chunk.len - 1] == '\r') {
		body->has_cr = true;
		chunk.len--;
	}
	while (chunk.len >= 2 && chunk.ptr[chunk.len - 1] == '\n' &&
	    chunk.ptr[chunk.len - 2] == '\r') {
		n_lines++;
		chunk.len -= 2;
	}
	if (chunk.len > 0)
		write_data(body, chunk, sink);
	end_lines(body, n_lines, sink);
}

/* Neither white space nor CR. */
static bool
is_plain(char c)
{
	return !ascii_is_wsp(c) && c != '\r';
}

static const char *
skip_plain(const char *pos, const char *end)
{
	while (pos < end && is_plain(*pos))
		pos++;
	return pos;
}

static const char *
skip_wsp(const char *pos, const char *end)
{
	while (pos < end && ascii_is_wsp(*pos))
		pos++;
	return pos;
}

/* The end of what is canonical as it stands and keeps to be so whatever
 * follows: single spaces and single line ends only where a plain octet is seen
 * behind them, a lone CR where its next octet is seen. */
static const char *
skip_canonical(const char *pos, const char *end)
{
	for (;;) {
		pos = skip_plain(pos, end);
		if (end - pos >= 2 && pos[0] == ' ' && is_plain(pos[1]))
			pos += 2;
		else if (end - pos >= 2 && pos[0] == '\r' && pos[1] != '\n')
			pos++;
		else
			break;
	}
	return pos;
}

/* Octets looked at side by side: the compiler makes of it what the machine has
 * for that.  What is behind an octet decides about it, up to two further. */
#define N_LANES 16
#define N_AHEAD 2

typedef unsigned char lanes __attribute__((vector_size(N_LANES)));

static lanes
load_lanes(const char *pos)
{
	lanes octets;

	memcpy(&octets, pos, sizeof(octets));
	return octets;
}

/* All ones in the lanes of white space and CR. */
static lanes
find_not_plain(lanes octets)
{
	return (lanes)(octets == ' ') | (lanes)(octets == '\t') |
	    (lanes)(octets == '\r');
}

/* All ones in the lanes that skip_canonical_lines may have to stop at. */
static lanes
find_stops(const char *pos)
{
	lanes here = load_lanes(pos), next = load_lanes(pos + 1);
	lanes space = (lanes)(here == ' ') & find_not_plain(next);
	lanes line_end = (lanes)(here == '\r') & (lanes)(next == '\n');

	return (lanes)(here == '\t') | space |
	    (line_end & find_not_plain(load_lanes(pos + 2)));
}

/* The index of the first lane that is not zero; N_LANES where all are. */
static size_t
find_lane(lanes flags)
{
	uint64_t halves[N_LANES / sizeof(uint64_t)];
	size_t n = 0;

	memcpy(halves, &flags, sizeof(halves));
	while (n < N_ELEMENTS(halves) && halves[n] == 0)
		n++;
	if (n == N_ELEMENTS(halves))
		return N_LANES;
	return n * sizeof(uint64_t) +
	    (size_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
	    __builtin_ctzll(halves[n]) : __builtin_clzll(halves[n])) / 8;
}

/* Up to the first stop, or to where the end comes too close for whole
 * blocks. */
static const char *
skip_to_stop(const char *pos, const char *end)
{
	size_t n;

	for (; end - pos >= N_LANES + N_AHEAD; pos += N_LANES) {
		if (find_lane((lanes)(load_lanes(pos) <= ' ')) == N_LANES)
			continue;	/* most of what is base64 */
		n = find_lane(find_stops(pos));
		if (n < N_LANES)
			return pos + n;
	}
	return pos;
}

/* The same over line ends; not from a line end, before which white space may
 * have been held back. */
static const char *
skip_canonical_lines(const char *pos, const char *end)
{
	const char *stop = pos;

	if (end - pos >= 2 && pos[0] == '\r' && pos[1] == '\n')
		return pos;
	stop = skip_canonical(skip_to_stop(pos, end), end);
	while (stop > pos && end - stop >= 3 && stop[0] == '\r' &&
	    stop[1] == '\n' && is_plain(stop[2]))
		stop = skip_canonical(skip_to_stop(stop + 2, end), end);
	return stop;
}

static void
write_relaxed(struct canon_body *body, struct slice chunk,
    const struct canon_sink *sink)
{
	const char *pos = chunk.ptr, *end = chunk.ptr + chunk.len, *stop;

	if (body->has_wsp)
		pos = skip_wsp(pos, end);
	while (pos < end) {
		stop = skip_canonical_lines(pos, end);
		if (stop > pos) {
			write_data(body, slice_between(pos, stop), sink);
			pos = stop;
		} else if (ascii_is_wsp(*pos)) {
			body->has_wsp = true;
			pos = skip_wsp(pos, end);
		} else if (end - pos == 1) {
			body->has_cr = true;
			pos++;
		} else {
			end_lines(body, 1, sink);
			pos += 2;
		}
	}
}

void
canon_body_write(struct canon_body *body, struct slice chunk,
    const struct canon_sink *sink)
{
	if (chunk.len == 0)
		return;
	chunk = resolve_cr(body, chunk, sink);
	if (chunk.len == 0)
		return;
	if (body->form == CANON_RELAXED)
		write_relaxed(body, chunk, sink);
	else
		write_simple(body, chunk, sink);
}

/* A last line without CRLF gets one.  A body without content is CRLF in the
 * simple form (3.4.3) and nothing in the relaxed one (3.4.4). */
void
canon_body_finish(struct canon_body *body, const struct canon_sink *sink)
{
	if (body->has_cr)
		write_data(body, SLICE("\r"), sink);
	if (body->is_in_line ||
	    (body->form == CANON_SIMPLE && !body->has_content))
		write_run(sink, SLICE("\r\n"));
	*body = (struct canon_body){ .form = body->form };
}
