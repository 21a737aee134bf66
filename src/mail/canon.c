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

/* ---- Many octets at a time ----------------------------------------------- */

/* Octets looked at side by side: the compiler makes of it what the machine has
 * for that. */
#define N_LANES 16

typedef unsigned char lanes __attribute__((vector_size(N_LANES)));

static lanes
load_lanes(const char *pos)
{
	lanes octets;

	memcpy(&octets, pos, sizeof(octets));
	return octets;
}

static uint64_t
half_of(lanes flags, size_t i)
{
	uint64_t halves[N_LANES / sizeof(uint64_t)];

	memcpy(halves, &flags, sizeof(halves));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? halves[i] :
	    __builtin_bswap64(halves[i]);
}

static bool
are_zero(lanes flags)
{
	return (half_of(flags, 0) | half_of(flags, 1)) == 0;
}

/* One bit for each of eight octets that are all ones or all zeros, the first
 * one's lowest: the product adds up in its highest octet what is left of
 * each. */
static unsigned
squeeze(uint64_t octets)
{
	return (unsigned)((octets & 0x8040201008040201) *
	    0x0101010101010101 >> 56);
}

/* The index of the first lane that is all ones; N_LANES where all are zero.
 * No branch: where it is nobody can foretell. */
static size_t
find_lane(lanes flags)
{
	unsigned bits = squeeze(half_of(flags, 0)) |
	    squeeze(half_of(flags, 1)) << 8 | 1U << N_LANES;

	return (size_t)__builtin_ctz(bits);
}

/* ---- Header fields (3.4.1, 3.4.2) ---------------------------------------- */

/* The relaxed form has short runs: they are gathered. */
struct gather {
	const struct canon_sink *sink;
	size_t n;
	char octets[256];
};

static void
gather_flush(struct gather *out)
{
	write_run(out->sink, (struct slice){ out->octets, out->n });
	out->n = 0;
}

static void
gather_char(struct gather *out, char c)
{
	if (out->n == sizeof(out->octets))
		gather_flush(out);
	out->octets[out->n++] = c;
}

static void
gather_lower(struct gather *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		gather_char(out, ascii_lower(text.ptr[i]));
}

/* All up to the first white space or CR; where that is. */
static const char *
gather_text(struct gather *out, const char *pos, const char *end)
{
	size_t n = N_LANES;

	while (n == N_LANES && end - pos >= N_LANES) {
		lanes octets = load_lanes(pos);

		if (sizeof(out->octets) - out->n < N_LANES)
			gather_flush(out);
		/* What is behind the text is overwritten by what follows. */
		memcpy(out->octets + out->n, &octets, sizeof(octets));
		n = find_lane((lanes)(octets == ' ') |
		    (lanes)(octets == '\t') | (lanes)(octets == '\r'));
		out->n += n;
		pos += n;
	}
	while (pos < end && !ascii_is_wsp(*pos) && *pos != '\r')
		gather_char(out, *pos++);
	return pos;
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

/* Unfolded, each run of white space one space, none at the ends. */
static void
gather_value(struct gather *out, struct slice value)
{
	const char *pos, *end, *text;

	if (value.len == 0)	/* it may have no pointer to count from */
		return;
	end = value.ptr + value.len;
	pos = skip_folding(value.ptr, end);
	while (pos < end) {
		pos = gather_text(out, pos, end);
		text = skip_folding(pos, end);
		if (text < end)		/* where nothing was skipped: a CR */
			gather_char(out, text > pos ? ' ' : *text++);
		pos = text;
	}
}

/* The name and the colon, then FIRST and SECOND of the value. */
static void
write_parts(enum canon_form form, struct slice name, struct slice first,
    struct slice second, struct slice line_end, const struct canon_sink *sink)
{
	struct gather out;

	out.sink = sink;
	out.n = 0;
	if (form == CANON_RELAXED) {
		gather_lower(&out, slice_trim_end(name));
		gather_char(&out, ':');
		gather_value(&out, first);
		gather_value(&out, second);
		gather_flush(&out);
	} else {
		write_run(sink, name);
		write_run(sink, SLICE(":"));
		write_run(sink, first);
		write_run(sink, second);
	}
	write_run(sink, line_end);
}

void
canon_write_field(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink)
{
	write_parts(form, field->name, field->value, SLICE_EMPTY,
	    SLICE("\r\n"), sink);
}

/* The value of b= with all white space around it; empty at the end of VALUE
 * where there is no such tag.  Whoever verifies has parsed the list. */
static struct slice
find_b_value(struct slice value)
{
	struct cursor cur = cursor_of(value);

	while (!cursor_at_end(&cur)) {
		struct slice spec = cursor_take_until(&cur, ';');
		size_t n_name = slice_find(spec, '=');

		if (n_name == SIZE_MAX)
			break;		/* no tag-list */
		if (slice_eq(slice_trim(slice_head(spec, n_name)), SLICE("b")))
			return slice_from(spec, n_name + 1);
		cursor_take_char(&cur, ';');
	}
	return slice_from(value, value.len);
}

void
canon_write_signature(enum canon_form form, const struct mail_field *field,
    const struct canon_sink *sink)
{
	struct slice b = find_b_value(field->value);
	size_t n_before = (size_t)(b.ptr - field->value.ptr);

	/* The cut is between "=" and ";" or the end, so that white space on
	 * its sides needs no thought. */
	write_parts(form, field->name, slice_head(field->value, n_before),
	    slice_from(field->value, n_before + b.len), SLICE_EMPTY, sink);
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

/* What stands behind an octet decides about it, up to two further. */
#define N_AHEAD 2

/* All ones in the lanes that skip_canonical_lines may have to stop at, and in
 * some of control characters: a stop too many costs only time. */
static lanes
find_stops(const char *pos)
{
	lanes here = load_lanes(pos);
	lanes next = (lanes)(load_lanes(pos + 1) <= ' ');
	lanes after = (lanes)(load_lanes(pos + 2) <= ' ');

	return (lanes)(here == '\t') | ((lanes)(here <= ' ') & next &
	    ((lanes)(here == ' ') | after));
}

/* Up to the first stop, or to where the end comes too close for whole
 * blocks. */
static const char *
skip_to_stop(const char *pos, const char *end)
{
	lanes first, second;
	size_t n;

	for (; end - pos >= 2 * N_LANES + N_AHEAD; pos += 2 * N_LANES) {
		first = (lanes)(load_lanes(pos) <= ' ');
		second = (lanes)(load_lanes(pos + N_LANES) <= ' ');
		if (are_zero(first | second))
			continue;	/* most of what is base64 */
		first = find_stops(pos);
		second = find_stops(pos + N_LANES);
		if (are_zero(first | second))
			continue;
		n = find_lane(first);
		return pos + n + (n < N_LANES ? 0 : find_lane(second));
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
