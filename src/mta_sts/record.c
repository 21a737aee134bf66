/* mta_sts/record.c - see record.h. */
#include "mta_sts/record.h"

#include "base/cursor.h"

#define MAX_NAME ((size_t)32)

static bool
is_alnum(char c)
{
	return ascii_is_alnum(c);
}

/* sts-ext-name = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* sts-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)   ; neither "=", ";" nor SP */
static bool
is_value_char(char c)
{
	return ascii_is_vchar(c) && c != '=' && c != ';';
}

/* sts-id = %s"id=" 1*32(ALPHA / DIGIT) */
static bool
is_id(struct slice value)
{
	struct cursor cur = cursor_of(value);

	return value.len != 0 && value.len <= MTA_STS_MAX_ID &&
	    cursor_take_while(&cur, is_alnum).len == value.len;
}

/* sts-field = sts-id / sts-extension */
static bool
take_field(struct cursor *cur, struct slice *name_out, struct slice *value_out)
{
	*name_out = cursor_take_while(cur, is_name_char);
	if (name_out->len == 0 || name_out->len > MAX_NAME ||
	    !ascii_is_alnum(name_out->ptr[0]) ||
	    !cursor_take_char(cur, '='))
		return false;
	*value_out = cursor_take_while(cur, is_value_char);
	return value_out->len != 0;
}

/* sts-field-delim = *WSP ";" *WSP */
static bool
take_delimiter(struct cursor *cur)
{
	cursor_skip_wsp(cur);
	if (!cursor_take_char(cur, ';'))
		return false;
	cursor_skip_wsp(cur);
	return true;
}

/* sts-text-record = sts-version 1*(sts-field-delim sts-field)
 *                   [sts-field-delim] */
enum mta_sts_record_status
mta_sts_parse_record(struct slice text, struct slice *id_out)
{
	struct cursor cur = cursor_of(text);
	struct slice name, value, id = SLICE_EMPTY;

	*id_out = SLICE_EMPTY;
	/* The version is case-sensitive, and records that do not begin with
	 * it and a ";" are somebody else's. */
	if (!slice_starts_with(text, SLICE("v=STSv1")))
		return MTA_STS_RECORD_OTHER;
	cur.pos += SLICE("v=STSv1").len;
	if (!take_delimiter(&cur))
		return MTA_STS_RECORD_OTHER;
	while (!cursor_at_end(&cur)) {
		if (!take_field(&cur, &name, &value))
			return MTA_STS_RECORD_MALFORMED;
		if (slice_eq(name, SLICE("id")) && id.len == 0) {
			if (!is_id(value))
				return MTA_STS_RECORD_MALFORMED;
			id = value;
		}
		cursor_skip_wsp(&cur);
		if (!cursor_at_end(&cur) && !take_delimiter(&cur))
			return MTA_STS_RECORD_MALFORMED;
	}
	*id_out = id;
	return id.len != 0 ? MTA_STS_RECORD_OK : MTA_STS_RECORD_MALFORMED;
}
