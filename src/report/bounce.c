/* report/bounce.c - see bounce.h. */
#include "report/bounce.h"

#include "base/cursor.h"
#include "report/input.h"
#include "report/mime.h"
#include "report/token.h"

/* Of a report's id, whatever it will be made of. */
#define MAX_ID ((size_t)64)

static struct slice
get_value(const struct mail_header *header, struct slice name)
{
	const struct mail_field *field = mail_header_get(header, name, 0);

	return field != NULL ? slice_trim(field->value) : SLICE_EMPTY;
}

/* The first word of a value: comments may stand behind it. */
static struct slice
first_word(struct slice value)
{
	size_t n = 0;

	while (n < value.len && !ascii_is_fws(value.ptr[n]) &&
	    value.ptr[n] != '(')
		n++;
	return slice_head(value, n);
}

/* Action and Status of one recipient (RFC 3464 2.3.3, 2.3.4). */
static void
read_recipient(const struct mail_header *header, struct bounce *bounce)
{
	struct slice action = first_word(get_value(header, SLICE("Action")));
	struct slice status = first_word(get_value(header, SLICE("Status")));

	if (action.len == 0 || bounce->kind == BOUNCE_PERMANENT)
		return;
	bounce->status = status;
	bounce->kind = slice_eq_nocase(action, SLICE("failed")) &&
	    slice_starts_with(status, SLICE("5.")) ? BOUNCE_PERMANENT :
	    BOUNCE_PASSING;
}

/* Groups of fields with empty lines between; the first is of the message. */
static void
read_status(struct report_input *body, struct bounce *bounce)
{
	for (size_t i = 0; i < BOUNCE_MAX_RECIPIENTS &&
	    input_peek(body, 1).len != 0; i++) {
		struct mail_header header;

		mail_header_init(&header, body->arena);
		if (!mime_read_header(body, &header))
			return;
		read_recipient(&header, bounce);
	}
}

/* msg-id = "<" report-id "." token "@" domain ">" */
static void
read_message_id(struct slice value, struct bounce *bounce)
{
	struct cursor cur = cursor_of(value);
	struct slice id, token;

	if (!cursor_take_char(&cur, '<'))
		return;
	id = cursor_take_while(&cur, ascii_is_alnum);
	if (id.len == 0 || id.len > MAX_ID || !cursor_take_char(&cur, '.'))
		return;
	token = cursor_take_while(&cur, ascii_is_hex);
	if (token.len != REPORT_TOKEN_OCTETS || !cursor_take_char(&cur, '@'))
		return;
	bounce->report_id = id;
	bounce->token = token;
}

static bool
is_returned(const struct mime_type *type)
{
	return mime_is_type(type, "message", "rfc822") ||
	    mime_is_type(type, "text", "rfc822-headers") ||
	    mime_is_type(type, "message", "global") ||
	    mime_is_type(type, "message", "global-headers");
}

void
bounce_read(struct report_input *message, struct bounce *bounce_out)
{
	struct mime_walk *walk = mime_start(message, false);
	const struct mime_part *part;

	*bounce_out = (struct bounce){ .kind = BOUNCE_NONE };
	while (walk != NULL && (part = mime_next(walk)) != NULL) {
		struct mail_header header;

		if (mime_is_type(&part->type, "message", "delivery-status") ||
		    mime_is_type(&part->type, "message",
		    "global-delivery-status")) {
			read_status(part->body, bounce_out);
			continue;
		}
		if (!is_returned(&part->type))
			continue;
		mail_header_init(&header, message->arena);
		if (mime_read_header(part->body, &header))
			read_message_id(get_value(&header,
			    SLICE("Message-ID")), bounce_out);
		return;		/* nothing of use stands behind it */
	}
}
