/* report/mime_type.c - see mime_type.h. */
#include "report/mime_type.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "mail/field.h"
#include "mail/lexical.h"

#define MAX_COMMENT_DEPTH 8
#define MAX_BOUNDARY 70		/* RFC 2046 5.1.1 */

/* token = 1*<any CHAR except SPACE, CTLs and tspecials> */
static bool
is_token(char c)
{
	static const struct slice specials = SLICE_INIT("()<>@,;:\\\"/[]?=");

	return ascii_is_vchar(c) && slice_find(specials, c) == SIZE_MAX;
}

/* "/", "?" and the like are seen unquoted in boundaries. */
static bool
is_loose_value(char c)
{
	return ascii_is_vchar(c) && c != ';' && c != '"';
}

/* parameter = attribute "=" value
 * value = token / quoted-string */
static bool
take_parameter(struct arena *arena, struct cursor *cur, struct slice *name,
    struct slice *value)
{
	if (!mail_skip_cfws(cur, MAX_COMMENT_DEPTH) ||
	    !cursor_take_char(cur, ';') ||
	    !mail_skip_cfws(cur, MAX_COMMENT_DEPTH))
		return false;
	*name = cursor_take_while(cur, is_token);
	cursor_skip_fws(cur);
	if (!cursor_take_char(cur, '='))
		return cursor_peek(cur) == ';';	/* an empty one */
	cursor_skip_fws(cur);
	if (cursor_peek(cur) != '"') {
		*value = cursor_take_while(cur, is_loose_value);
		return true;
	}
	return mail_take_quoted(cur, value) &&
	    mail_unquote(arena, *value, value);
}

void
mime_parse_type(struct arena *arena, const struct mail_header *header,
    struct mime_type *type_out)
{
	const struct mail_field *field =
	    mail_header_get(header, SLICE("Content-Type"), 0);
	struct cursor cur;
	struct slice name, value = SLICE_EMPTY;

	*type_out = (struct mime_type){ .type = SLICE("text"),
		.subtype = SLICE("plain") };
	if (field == NULL)
		return;
	cur = cursor_of(field->value);
	if (!mail_skip_cfws(&cur, MAX_COMMENT_DEPTH))
		return;
	name = cursor_take_while(&cur, is_token);
	if (name.len == 0 || !cursor_take_char(&cur, '/'))
		return;
	type_out->type = name;
	type_out->subtype = cursor_take_while(&cur, is_token);
	while (take_parameter(arena, &cur, &name, &value)) {
		if (slice_eq_nocase(name, SLICE("boundary")) &&
		    value.len <= MAX_BOUNDARY)
			type_out->boundary = value;
		if (slice_eq_nocase(name, SLICE("report-type")))
			type_out->report_type = value;
		value = SLICE_EMPTY;
	}
}

bool
mime_is_type(const struct mime_type *type, const char *major,
    const char *minor)
{
	return slice_eq_nocase(type->type, slice_from_cstr(major)) &&
	    slice_eq_nocase(type->subtype, slice_from_cstr(minor));
}
