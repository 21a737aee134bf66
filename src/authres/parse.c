/* authres/parse.c - reading the field; see authres.h.
 *
 * Besides RFC 8601 2.2 it takes what others are known to write: values with
 * "/", "=" or ":" in them and no quotes, empty values, properties without a
 * ptype ("action=none"), a reason behind the properties, a ";" at the end. */
#include "authres/authres.h"

#include "authres/grammar.h"
#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "mail/lexical.h"

struct parser {
	struct arena *arena;
	struct cursor cur;
};

static bool
skip_cfws(struct parser *p)
{
	return mail_skip_cfws(&p->cur, AUTHRES_MAX_COMMENT_DEPTH);
}

/* ---- values -------------------------------------------------------------- */

/* token, with the 8-bit octets of RFC 8616 2. */
static bool
is_token_or_8bit(char c)
{
	return authres_is_token(c) || ascii_is_8bit(c);
}

static bool
take_quoted(struct parser *p, struct slice *value_out)
{
	struct slice content;

	return mail_take_quoted(&p->cur, &content) &&
	    mail_unquote(p->arena, content, value_out);
}

/* authserv-id = value; value = token / quoted-string */
static bool
take_authserv_id(struct parser *p, struct slice *id_out)
{
	if (cursor_peek(&p->cur) == '"')
		return take_quoted(p, id_out);
	*id_out = cursor_take_while(&p->cur, is_token_or_8bit);
	return id_out->len > 0;
}

static bool
is_pvalue_octet(char c)
{
	return !ascii_is_fws(c) && c != ';' && c != '(' && c != '"';
}

/* Quoted strings with other text between: a local part with its domain.  It is
 * given as written, and then it must not be folded. */
static bool
take_mixed(struct parser *p, struct slice *value_out)
{
	const char *start = p->cur.pos;
	struct slice ignored;

	do {
		cursor_take_while(&p->cur, is_pvalue_octet);
		if (cursor_peek(&p->cur) == '"' &&
		    !mail_take_quoted(&p->cur, &ignored))
			return false;
	} while (cursor_peek(&p->cur) == '"' || (!cursor_at_end(&p->cur) &&
	    is_pvalue_octet(*p->cur.pos)));
	*value_out = (struct slice){ start, (size_t)(p->cur.pos - start) };
	return slice_find(*value_out, '\r') == SIZE_MAX &&
	    slice_find(*value_out, '\n') == SIZE_MAX;
}

/* pvalue = [CFWS] ( value / [ [ local-part ] "@" ] domain-name ) [CFWS] */
static bool
parse_pvalue(struct parser *p, struct slice *value_out)
{
	struct cursor start;

	*value_out = SLICE_EMPTY;
	if (!skip_cfws(p))
		return false;
	start = p->cur;
	if (cursor_peek(&p->cur) == '"') {
		if (!take_quoted(p, value_out))
			return false;
		if (cursor_at_end(&p->cur) || (*p->cur.pos != '"' &&
		    !is_pvalue_octet(*p->cur.pos)))
			return true;
		p->cur = start;
	}
	return take_mixed(p, value_out);
}

/* ---- resinfo ------------------------------------------------------------- */

/* method = Keyword [ [CFWS] "/" [CFWS] method-version ] */
static bool
parse_method(struct parser *p, struct slice *method_out)
{
	*method_out = cursor_take_while(&p->cur, authres_is_keyword);
	if (method_out->len == 0 || !skip_cfws(p))
		return false;
	if (!cursor_take_char(&p->cur, '/'))
		return true;
	return skip_cfws(p) &&
	    cursor_take_while(&p->cur, ascii_is_digit).len > 0 &&
	    skip_cfws(p);
}

/* methodspec = [CFWS] method [CFWS] "=" [CFWS] result */
static bool
parse_methodspec(struct parser *p, struct authres_method *method)
{
	if (!parse_method(p, &method->method) ||
	    !cursor_take_char(&p->cur, '=') || !skip_cfws(p))
		return false;
	method->result = cursor_take_while(&p->cur, authres_is_keyword);
	return method->result.len > 0;
}

/* propspec = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue
 * reasonspec = "reason" [CFWS] "=" [CFWS] value */
static bool
parse_propspec(struct parser *p, struct authres_property *property)
{
	property->ptype = SLICE_EMPTY;
	property->name = cursor_take_while(&p->cur, authres_is_keyword);
	if (property->name.len == 0 || !skip_cfws(p))
		return false;
	if (cursor_take_char(&p->cur, '.')) {
		property->ptype = property->name;
		if (!skip_cfws(p))
			return false;
		property->name = cursor_take_while(&p->cur,
		    authres_is_keyword);
		if (property->name.len == 0 || !skip_cfws(p))
			return false;
	}
	return cursor_take_char(&p->cur, '=') &&
	    parse_pvalue(p, &property->value);
}

static bool
is_reason(const struct authres_property *property)
{
	return property->ptype.len == 0 &&
	    slice_eq_nocase(property->name, SLICE("reason"));
}

/* Up to the ";" or the end: [ CFWS reasonspec ] [ CFWS 1*propspec ] */
static bool
parse_properties(struct parser *p, struct authres_method *method)
{
	struct authres_property found[AUTHRES_MAX_PROPERTIES], *copies;
	size_t n = 0;

	for (;;) {
		struct authres_property property;

		if (!skip_cfws(p))
			return false;
		if (cursor_at_end(&p->cur) || cursor_peek(&p->cur) == ';')
			break;
		if (!parse_propspec(p, &property))
			return false;
		if (is_reason(&property))
			method->reason = property.value;
		else if (n < AUTHRES_MAX_PROPERTIES)
			found[n++] = property;
		else
			return false;
	}
	if (n == 0)
		return true;
	copies = arena_grow_array(p->arena, found, n, n, sizeof(*copies));
	method->properties = copies;
	method->n_properties = n;
	return copies != NULL;
}

/* resinfo = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
 * Here behind the ";".  RESULT is empty for "none" (no-result) and for what
 * is nothing at all. */
static bool
parse_resinfo(struct parser *p, struct authres_method *method)
{
	struct cursor none;

	*method = (struct authres_method){ 0 };
	if (!skip_cfws(p))
		return false;
	if (cursor_at_end(&p->cur))
		return true;
	none = p->cur;
	if (cursor_take_text_nocase(&p->cur, SLICE("none")) && skip_cfws(p) &&
	    (cursor_at_end(&p->cur) || cursor_peek(&p->cur) == ';'))
		return true;
	p->cur = none;
	return parse_methodspec(p, method) && parse_properties(p, method);
}

/* ---- the field ----------------------------------------------------------- */

/* [CFWS] authserv-id [ CFWS authres-version ], up to the first ";" */
static bool
parse_head(struct parser *p, struct slice *id_out)
{
	if (!skip_cfws(p) || !take_authserv_id(p, id_out) || !skip_cfws(p))
		return false;
	cursor_take_while(&p->cur, ascii_is_digit);
	return skip_cfws(p);
}

/* Controls are nowhere in the grammar but in folding. */
static bool
has_only_text(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_vchar(value.ptr[i]) &&
		    !ascii_is_fws(value.ptr[i]) && !ascii_is_8bit(value.ptr[i]))
			return false;
	return true;
}

bool
authres_parse(struct arena *arena, struct slice value,
    struct authres *authres_out)
{
	struct authres_method found[AUTHRES_MAX_METHODS], method, *copies;
	struct parser p = { arena, cursor_of(value) };
	struct slice id;
	size_t n = 0;

	*authres_out = (struct authres){ 0 };
	if (!has_only_text(value) || !parse_head(&p, &id))
		return false;
	while (!cursor_at_end(&p.cur)) {
		if (!cursor_take_char(&p.cur, ';') ||
		    !parse_resinfo(&p, &method))
			return false;
		if (method.result.len == 0)
			continue;
		if (n == AUTHRES_MAX_METHODS)
			return false;
		found[n++] = method;
	}
	if (n > 0) {
		copies = arena_grow_array(arena, found, n, n, sizeof(*copies));
		if (copies == NULL)
			return false;
		authres_out->methods = copies;
		authres_out->n_methods = n;
	}
	authres_out->authserv_id = id;
	return true;
}
