/* spf/macro.c - see macro.h.
 *
 * A text is read as pieces, once to check and once more to expand; both see the
 * same grammar because they share take_piece(). */
#include "spf/macro.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"

#define NAME_MAX_OCTETS 253	/* 7.3 */
#define ALL_PARTS SIZE_MAX

enum piece_kind {
	PIECE_END,
	PIECE_LITERAL,		/* stands for itself */
	PIECE_ESCAPE,		/* "%%", "%_", "%-" */
	PIECE_MACRO,
	PIECE_MALFORMED,
};

struct piece {
	struct slice text;	/* of a literal or an escape: what it gives */
	char letter;		/* of a macro, in lower case */
	bool is_url_escaped;	/* the letter is an upper-case one */
	bool is_reversed;
	size_t n_parts;		/* right-hand ones to keep */
	struct slice delimiters;	/* empty: "." */
	bool is_split;		/* there is a transformer or a delimiter */
};

/* macro-literal = %x21-24 / %x26-7E, and the SP of an explain-string, which
 * the callers without it refuse by themselves. */
static bool
is_literal(char c)
{
	return (ascii_is_vchar(c) || c == ' ') && c != '%';
}

static bool
is_delimiter(char c)
{
	return slice_find(SLICE(".-+,/_="), c) != SIZE_MAX;
}

static bool
is_macro_letter(char c)
{
	return slice_find(SLICE("slodipvhcrt"), c) != SIZE_MAX;
}

/* A number of parts past any that a value can have is as good as the largest;
 * zero is an error (7.3). */
static bool
parse_n_parts(struct slice digits, size_t *n_out)
{
	size_t n = 0;

	*n_out = ALL_PARTS;
	if (digits.len == 0)
		return true;
	for (size_t i = 0; i < digits.len; i++)
		if (n < SIZE_MAX / 16)
			n = n * 10 + (size_t)(digits.ptr[i] - '0');
	*n_out = n;
	return n != 0;
}

/* "{" macro-letter transformers *delimiter "}", transformers = *DIGIT [ "r"
 * ] */
static enum piece_kind
take_macro(struct cursor *cur, struct piece *piece)
{
	struct slice rest, digits;

	cursor_take_char(cur, '{');
	rest = cursor_rest(cur);
	if (rest.len == 0 || !is_macro_letter(ascii_lower(rest.ptr[0])))
		return PIECE_MALFORMED;
	piece->letter = ascii_lower(rest.ptr[0]);
	piece->is_url_escaped = ascii_is_upper(rest.ptr[0]);
	cur->pos++;
	digits = cursor_take_while(cur, ascii_is_digit);
	if (!parse_n_parts(digits, &piece->n_parts))
		return PIECE_MALFORMED;
	piece->is_reversed = cursor_take_text_nocase(cur, SLICE("r"));
	piece->delimiters = cursor_take_while(cur, is_delimiter);
	piece->is_split = digits.len != 0 || piece->is_reversed ||
	    piece->delimiters.len != 0;
	return cursor_take_char(cur, '}') ? PIECE_MACRO : PIECE_MALFORMED;
}

/* macro-string = *( macro-expand / macro-literal )
 * Reads one macro-expand, or all literals up to the next. */
static enum piece_kind
take_piece(struct cursor *cur, struct piece *piece)
{
	*piece = (struct piece){ .n_parts = ALL_PARTS };
	if (cursor_at_end(cur))
		return PIECE_END;
	if (!cursor_take_char(cur, '%')) {
		piece->text = cursor_take_while(cur, is_literal);
		return piece->text.len != 0 ? PIECE_LITERAL : PIECE_MALFORMED;
	}
	if (cursor_peek(cur) == '{')
		return take_macro(cur, piece);
	if (cursor_take_char(cur, '%'))
		piece->text = SLICE("%");
	else if (cursor_take_char(cur, '_'))
		piece->text = SLICE(" ");
	else if (cursor_take_char(cur, '-'))
		piece->text = SLICE("%20");
	return piece->text.len != 0 ? PIECE_ESCAPE : PIECE_MALFORMED;
}

/* toplabel = ( *alphanum ALPHA *alphanum ) /
 *            ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
 * Both together: letters, digits and hyphens, no hyphen at an end, and not
 * digits alone. */
static bool
is_toplabel(struct slice label)
{
	bool has_other_than_digit = false;

	if (label.len == 0 || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!ascii_is_alnum(label.ptr[i]) && label.ptr[i] != '-')
			return false;
		if (!ascii_is_digit(label.ptr[i]))
			has_other_than_digit = true;
	}
	return has_other_than_digit;
}

/* domain-end = ( "." toplabel [ "." ] ) / macro-expand
 * TAIL is the literal text behind the last macro-expand. */
static bool
is_domain_end(struct slice tail)
{
	size_t dot;

	if (tail.len != 0 && tail.ptr[tail.len - 1] == '.')
		tail.len--;
	dot = slice_find_last(tail, '.');
	return dot != SIZE_MAX && is_toplabel(slice_from(tail, dot + 1));
}

/* domain-spec = macro-string domain-end */
bool
spf_is_domain_spec(struct slice text)
{
	struct cursor cur = cursor_of(text);
	struct piece piece;
	struct slice tail = SLICE_EMPTY;
	enum piece_kind kind;

	if (text.len == 0 || slice_find(text, ' ') != SIZE_MAX)
		return false;
	while ((kind = take_piece(&cur, &piece)) != PIECE_END) {
		if (kind == PIECE_MALFORMED || (kind == PIECE_MACRO &&
		    slice_find(SLICE("crt"), piece.letter) != SIZE_MAX))
			return false;
		tail = kind == PIECE_LITERAL ? piece.text : SLICE_EMPTY;
	}
	return tail.len == 0 || is_domain_end(tail);
}

/* explain-string = *( macro-string / SP ) */
bool
spf_is_explain_string(struct slice text)
{
	struct cursor cur = cursor_of(text);
	struct piece piece;
	enum piece_kind kind;

	while ((kind = take_piece(&cur, &piece)) != PIECE_END)
		if (kind == PIECE_MALFORMED)
			return false;
	return true;
}

bool
spf_is_macro_string(struct slice text)
{
	return slice_find(text, ' ') == SIZE_MAX && spf_is_explain_string(text);
}

bool
spf_uses_validated_name(struct slice text)
{
	struct cursor cur = cursor_of(text);
	struct piece piece;
	enum piece_kind kind;

	while ((kind = take_piece(&cur, &piece)) != PIECE_END) {
		if (kind == PIECE_MALFORMED)
			return false;
		if (kind == PIECE_MACRO && piece.letter == 'p')
			return true;
	}
	return false;
}

static struct slice
find_value(const struct spf_macro_values *values, char letter)
{
	switch (letter) {
	case 's':
		return values->sender;
	case 'l':
		return values->local_part;
	case 'o':
		return values->sender_domain;
	case 'd':
		return values->domain;
	case 'i':
		return values->client;
	case 'p':
		return values->validated_name;
	case 'v':
		return values->reverse_zone;
	case 'h':
		return values->helo;
	case 'c':
		return values->client_readable;
	case 'r':
		return values->receiver;
	case 't':
		return values->now;
	}
	return SLICE_EMPTY;	/* take_macro() lets no other through */
}

/* unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"   (RFC 3986 2.3) */
static bool
is_unreserved(char c)
{
	return ascii_is_alnum(c) || slice_find(SLICE("-._~"), c) != SIZE_MAX;
}

struct output {
	struct strbuf buf;
	bool is_explanation;	/* else a name */
};

static void
append_escaped(struct strbuf *buf, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char text[] = { '%', digits[c >> 4], digits[c & 15] };

	strbuf_append(buf, (struct slice){ text, sizeof(text) });
}

static void
append_octet(struct output *out, const struct piece *piece, char c)
{
	if (piece->is_url_escaped && !is_unreserved(c))
		append_escaped(&out->buf, (unsigned char)c);
	else if (out->is_explanation && !ascii_is_vchar(c) && c != ' ')
		strbuf_append_char(&out->buf, '?');
	else if (out->is_explanation)
		strbuf_append_char(&out->buf, c);
	else
		strbuf_append_char(&out->buf, ascii_lower(c));
}

static void
append_octets(struct output *out, const struct piece *piece, struct slice s)
{
	/* One at a time, so that a full buffer holds all that fitted. */
	for (size_t i = 0; i < s.len && !out->buf.has_failed; i++)
		append_octet(out, piece, s.ptr[i]);
}

static bool
is_split_at(const struct piece *piece, char c)
{
	if (piece->delimiters.len == 0)
		return c == '.';
	return slice_find(piece->delimiters, c) != SIZE_MAX;
}

/* The last N_PARTS parts of VALUE, still with the delimiters between. */
static struct slice
last_parts(const struct piece *piece, struct slice value)
{
	size_t n = 0;

	for (size_t i = value.len; i > 0; i--)
		if (is_split_at(piece, value.ptr[i - 1]) &&
		    ++n == piece->n_parts)
			return slice_from(value, i);
	return value;
}

static struct slice
first_parts(const struct piece *piece, struct slice value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++)
		if (is_split_at(piece, value.ptr[i]) && ++n == piece->n_parts)
			return slice_head(value, i);
	return value;
}

static void
append_joined(struct output *out, const struct piece *piece, struct slice value)
{
	for (size_t i = 0; i < value.len && !out->buf.has_failed; i++)
		append_octet(out, piece,
		    is_split_at(piece, value.ptr[i]) ? '.' : value.ptr[i]);
}

static void
append_reversed(struct output *out, const struct piece *piece,
    struct slice value)
{
	size_t end = value.len;

	for (size_t i = value.len; i > 0; i--) {
		if (!is_split_at(piece, value.ptr[i - 1]))
			continue;
		append_octets(out, piece,
		    (struct slice){ value.ptr + i, end - i });
		append_octet(out, piece, '.');
		end = i - 1;
	}
	append_octets(out, piece, slice_head(value, end));
}

/* The right-hand parts of the reversed value are its first ones. */
static void
append_macro(struct output *out, const struct piece *piece, struct slice value)
{
	if (!piece->is_split)
		append_octets(out, piece, value);
	else if (piece->is_reversed)
		append_reversed(out, piece, first_parts(piece, value));
	else
		append_joined(out, piece, last_parts(piece, value));
}

/* False where the text is malformed. */
static bool
expand(struct output *out, struct slice text,
    const struct spf_macro_values *values)
{
	struct cursor cur = cursor_of(text);
	struct piece piece;
	enum piece_kind kind;

	while (!out->buf.has_failed &&
	    (kind = take_piece(&cur, &piece)) != PIECE_END) {
		if (kind == PIECE_MALFORMED)
			return false;
		if (kind == PIECE_MACRO)
			append_macro(out, &piece,
			    find_value(values, piece.letter));
		else
			append_octets(out, &piece, piece.text);
	}
	return true;
}

/* "the left side is truncated to fit, by removing successive domain labels
 * (and their following dots)" (7.3) */
static struct slice
cut_name(struct slice name)
{
	size_t dot;

	if (name.len != 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	while (name.len > NAME_MAX_OCTETS &&
	    (dot = slice_find(name, '.')) != SIZE_MAX)
		name = slice_from(name, dot + 1);
	return name;
}

enum spf_macro_status
spf_expand_domain_spec(struct arena *arena, struct slice text,
    const struct spf_macro_values *values, struct slice *name_out)
{
	struct output out = { .is_explanation = false };

	*name_out = SLICE_EMPTY;
	if (!spf_is_domain_spec(text))
		return SPF_MACRO_MALFORMED;
	strbuf_init(&out.buf, arena, SPF_MAX_EXPANSION);
	expand(&out, text, values);
	if (arena_has_failed(arena))
		return SPF_MACRO_NO_MEMORY;
	if (out.buf.has_failed)
		return SPF_MACRO_TOO_LONG;
	*name_out = cut_name(strbuf_slice(&out.buf));
	return SPF_MACRO_OK;
}

enum spf_macro_status
spf_expand_explanation(struct arena *arena, struct slice text,
    const struct spf_macro_values *values, struct slice *explanation_out)
{
	struct output out = { .is_explanation = true };

	*explanation_out = SLICE_EMPTY;
	if (!spf_is_explain_string(text))
		return SPF_MACRO_MALFORMED;
	strbuf_init(&out.buf, arena, SPF_MAX_EXPLANATION);
	expand(&out, text, values);
	if (arena_has_failed(arena))
		return SPF_MACRO_NO_MEMORY;
	/* A buffer that is full holds the beginning. */
	*explanation_out = strbuf_slice(&out.buf);
	return SPF_MACRO_OK;
}
