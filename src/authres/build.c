/* authres/build.c - writing the field; see authres.h.
 *
 * What may not be parted (a method with its result, a property with its value,
 * a word of a comment) is written to a strbuf of its own first and then goes
 * on this line or the next.  All text from outside passes append_octet(),
 * which lets no control octet through. */
#include "authres/authres.h"

#include <assert.h>

#include "authres/grammar.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/utf8.h"
#include "mail/lexical.h"

#define MAX_COLUMNS 78
#define NAME_COLUMNS (sizeof("Authentication-Results: ") - 1)
#define TAB_COLUMNS 8
#define MAX_KEYWORD 64		/* octets; ours are far shorter */
#define MAX_UNIT (2 * MAX_KEYWORD + AUTHRES_MAX_VALUE + 16)

/* ---- lines --------------------------------------------------------------- */

static size_t
current_column(const struct authres_builder *b)
{
	size_t indent = b->line_start == 0 ? NAME_COLUMNS : TAB_COLUMNS - 1;

	return indent + b->text.len - b->line_start;
}

static void
start_line(struct authres_builder *b)
{
	strbuf_append_char(&b->text, '\n');
	b->line_start = b->text.len;
	strbuf_append_char(&b->text, '\t');
}

/* Append WORD behind a blank or, where the line is full, a fold. */
static void
append_word(struct authres_builder *b, struct slice word)
{
	if (current_column(b) + 1 + word.len > MAX_COLUMNS)
		start_line(b);
	else
		strbuf_append_char(&b->text, ' ');
	strbuf_append(&b->text, word);
}

/* What was in the unit is in the text: make it ready for the next. */
static void
clear_unit(struct authres_builder *b)
{
	b->text.has_failed |= b->unit.has_failed;
	strbuf_truncate(&b->unit, 0);
}

/* ---- words --------------------------------------------------------------- */

static void
append_keyword(struct strbuf *buf, struct slice word)
{
	word = slice_head(word, MAX_KEYWORD);
	assert(word.len > 0);
	for (size_t i = 0; i < word.len; i++)
		strbuf_append_char(buf,
		    authres_is_keyword(word.ptr[i]) ? word.ptr[i] : '-');
}

/* How many octets S begins with that may be written as they are: a printable
 * one, or a character of UTF-8 where that is allowed; else 0.  C1 controls
 * (U+0080 to U+009F) are none. */
static size_t
passing_octets(const struct authres_builder *b, struct slice s)
{
	if (ascii_is_vchar(s.ptr[0]) || s.ptr[0] == ' ')
		return 1;
	if (!b->allow_utf8 || !ascii_is_8bit(s.ptr[0]) ||
	    (s.len > 1 && s.ptr[0] == '\xc2' &&
	    (unsigned char)s.ptr[1] < 0xa0))
		return 0;
	return utf8_sequence_octets(s);
}

/* Write the first octet or character of S, escaped where it is in SPECIALS,
 * "?" where it may not pass; returns how many octets of S that was.  The "?"
 * of "=?" is escaped too: there are readers who decode encoded-words before
 * they parse, wherever they stand. */
static size_t
append_octet(struct authres_builder *b, struct slice s, struct slice specials)
{
	struct strbuf *unit = &b->unit;
	size_t len = passing_octets(b, s);
	bool is_behind_equals = unit->len > 0 &&
	    unit->ptr[unit->len - 1] == '=';

	if (len == 0 || (s.ptr[0] == '?' && is_behind_equals)) {
		strbuf_append(unit, is_behind_equals ? SLICE("\\?") :
		    SLICE("?"));
		return 1;
	}
	if (slice_find(specials, s.ptr[0]) != SIZE_MAX)
		strbuf_append_char(unit, '\\');
	strbuf_append(unit, slice_head(s, len));
	return len;
}

/* Write S, or what of it becomes AUTHRES_MAX_VALUE octets with a mark behind
 * it: a cut must not make one name of another. */
static void
append_octets(struct authres_builder *b, struct slice s, struct slice specials)
{
	const struct slice cut_mark = SLICE("...");
	const size_t start = b->unit.len;
	size_t cut = start;

	while (s.len > 0) {
		s = slice_from(s, append_octet(b, s, specials));
		if (b->unit.len - start > AUTHRES_MAX_VALUE) {
			strbuf_truncate(&b->unit, cut);
			strbuf_append(&b->unit, cut_mark);
			return;
		}
		if (b->unit.len - start <= AUTHRES_MAX_VALUE - cut_mark.len)
			cut = b->unit.len;
	}
}

static bool
is_atom_octet(char c)
{
	return mail_is_atext(c) && !ascii_is_8bit(c);
}

/* element *("." element), each of one or more octets that satisfy IS. */
static bool
is_dotted(struct slice s, bool (*is)(char c))
{
	struct cursor cur = cursor_of(s);

	do {
		if (cursor_take_while(&cur, is).len == 0)
			return false;
	} while (cursor_take_char(&cur, '.'));
	return cursor_at_end(&cur);
}

/* [ [ local-part ] "@" ] domain-name, which needs no quotes as a pvalue.  A
 * local part that looks like an encoded-word gets some. */
static bool
is_plain_address(struct slice s)
{
	size_t at = slice_find(s, '@');
	struct slice local = slice_head(s, at);

	if (at == SIZE_MAX ||
	    !is_dotted(slice_from(s, at + 1), authres_is_keyword))
		return false;
	for (size_t i = 1; i < local.len; i++)
		if (local.ptr[i - 1] == '=' && local.ptr[i] == '?')
			return false;
	return local.len == 0 ||
	    (local.ptr[0] != '?' && is_dotted(local, is_atom_octet));
}

static bool
is_token(struct slice s)
{
	struct cursor cur = cursor_of(s);

	return cursor_take_while(&cur, authres_is_token).len > 0 &&
	    cursor_at_end(&cur);
}

/* value = token / quoted-string */
static void
append_value(struct authres_builder *b, struct slice value)
{
	if (value.len <= AUTHRES_MAX_VALUE && is_token(value)) {
		strbuf_append(&b->unit, value);
		return;
	}
	strbuf_append_char(&b->unit, '"');
	append_octets(b, value, SLICE("\"\\"));
	strbuf_append_char(&b->unit, '"');
}

/* pvalue = [CFWS] ( value / [ [ local-part ] "@" ] domain-name ) [CFWS] */
static void
append_pvalue(struct authres_builder *b, struct slice value)
{
	if (value.len <= AUTHRES_MAX_VALUE && is_plain_address(value))
		strbuf_append(&b->unit, value);
	else
		append_value(b, value);
}

/* ---- the field ----------------------------------------------------------- */

void
authres_begin(struct authres_builder *b, struct arena *arena,
    struct slice authserv_id, bool allow_utf8)
{
	*b = (struct authres_builder){ .allow_utf8 = allow_utf8 };
	strbuf_init(&b->text, arena, AUTHRES_MAX_OCTETS);
	strbuf_init(&b->unit, arena, MAX_UNIT);
	append_value(b, authserv_id);
	strbuf_append(&b->text, strbuf_slice(&b->unit));
	clear_unit(b);
}

/* Each method begins a line of its own: it is people who read this field. */
void
authres_add_method(struct authres_builder *b, struct slice method,
    struct slice result)
{
	append_keyword(&b->unit, method);
	strbuf_append_char(&b->unit, '=');
	append_keyword(&b->unit, result);
	strbuf_append_char(&b->text, ';');
	start_line(b);
	strbuf_append(&b->text, strbuf_slice(&b->unit));
	clear_unit(b);
	b->has_method = true;
}

void
authres_add_reason(struct authres_builder *b, struct slice reason)
{
	assert(b->has_method);
	strbuf_append(&b->unit, SLICE("reason="));
	append_value(b, reason);
	append_word(b, strbuf_slice(&b->unit));
	clear_unit(b);
}

void
authres_add_property(struct authres_builder *b, struct slice ptype,
    struct slice property, struct slice value)
{
	assert(b->has_method);
	append_keyword(&b->unit, ptype);
	strbuf_append_char(&b->unit, '.');
	append_keyword(&b->unit, property);
	strbuf_append_char(&b->unit, '=');
	append_pvalue(b, value);
	append_word(b, strbuf_slice(&b->unit));
	clear_unit(b);
}

static bool
is_word(char c)
{
	return c != ' ';
}

/* comment = "(" *([FWS] ccontent) [FWS] ")", folded between its words. */
void
authres_add_comment(struct authres_builder *b, struct slice comment)
{
	struct cursor cur;

	assert(b->has_method);
	comment = slice_trim(comment);
	if (comment.len == 0)
		return;
	strbuf_append_char(&b->unit, '(');
	append_octets(b, comment, SLICE("()\\"));
	strbuf_append_char(&b->unit, ')');
	cur = cursor_of(strbuf_slice(&b->unit));
	while (!cursor_at_end(&cur)) {
		append_word(b, cursor_take_while(&cur, is_word));
		cursor_skip_wsp(&cur);
	}
	clear_unit(b);
}

bool
authres_finish(struct authres_builder *b, struct slice *value_out)
{
	*value_out = SLICE_EMPTY;
	if (!b->has_method)
		strbuf_append(&b->text, SLICE("; none"));
	if (b->text.has_failed)
		return false;
	*value_out = strbuf_slice(&b->text);
	return true;
}
