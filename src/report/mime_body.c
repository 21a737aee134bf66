/* report/mime_body.c - see mime_body.h. */
#include "report/mime_body.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "mail/field.h"
#include "report/input.h"

#define DIGITS_MAX ((size_t)8192)	/* of base64, decoded at once */
#define SCRATCH_OCTETS ((size_t)64 * 1024)

struct mime_body {
	struct report_input *message, *decoded;
	bool (*take_line)(void *context, struct slice *line_out);
	void *context;
	struct slice line;	/* what of it has not been used */
	bool has_lines;		/* more may come */
	/* base64 */
	char *digits;
	size_t n_digits;
	struct arena *scratch;
};

static bool
refill(struct mime_body *body)
{
	while (body->line.len == 0 && body->has_lines)
		body->has_lines = body->take_line(body->context, &body->line);
	return body->line.len != 0;
}

/* 7bit, 8bit, binary, and what nobody knows. */
static size_t
pull_identity(void *context, char *buf, size_t size)
{
	struct mime_body *body = context;
	struct slice part;

	if (!refill(body))
		return 0;
	part = slice_head(body->line, size);
	memcpy(buf, part.ptr, part.len);
	body->line = slice_from(body->line, part.len);
	return part.len;
}

/* Digits without white space, until there are enough or the "=" that ends
 * them (RFC 2045 6.8); what stands behind that is not the part's. */
static void
gather_digits(struct mime_body *body)
{
	while (body->n_digits < DIGITS_MAX && refill(body)) {
		char c = body->line.ptr[0];

		body->line = slice_from(body->line, 1);
		if (c == '=') {
			body->has_lines = false;
			body->line = SLICE_EMPTY;
		} else if (!ascii_is_fws(c)) {
			body->digits[body->n_digits++] = c;
		}
	}
}

static size_t
pull_base64(void *context, char *buf, size_t size)
{
	struct mime_body *body = context;
	struct slice octets;

	gather_digits(body);
	arena_reset(body->scratch);
	if (!base64_decode(body->scratch,
	    (struct slice){ body->digits, body->n_digits }, &octets)) {
		input_fail(body->message,
		    "has an attachment that is not base64");
		return 0;
	}
	body->n_digits = 0;
	octets = slice_head(octets, size);	/* SIZE is larger */
	if (octets.len != 0)
		memcpy(buf, octets.ptr, octets.len);
	return octets.len;
}

/* "=XX", "=" at the end of a line, and what stands for itself (RFC 2045 6.7);
 * a "=" of another kind does, too. */
static size_t
decode_quoted(struct slice line, char *buf)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++) {
		struct slice rest = slice_from(line, i + 1);

		if (line.ptr[i] != '=') {
			buf[n++] = line.ptr[i];
		} else if (rest.len >= 2 && ascii_is_hex(rest.ptr[0]) &&
		    ascii_is_hex(rest.ptr[1])) {
			buf[n++] = (char)(ascii_hex_value(rest.ptr[0]) << 4 |
			    ascii_hex_value(rest.ptr[1]));
			i += 2;
		} else if (slice_trim(rest).len == 0) {
			break;
		} else {
			buf[n++] = '=';
		}
	}
	return n;
}

static size_t
pull_quoted(void *context, char *buf, size_t size)
{
	struct mime_body *body = context;
	size_t n = 0;

	while (n == 0 && refill(body)) {
		struct slice line = slice_head(body->line, size);

		body->line = slice_from(body->line, line.len);
		n = decode_quoted(line, buf);
	}
	return n;
}

static void
destroy_scratch(void *object)
{
	struct arena *scratch = object;

	arena_destroy(&scratch);
}

struct mime_body *
mime_body_create(struct report_input *message,
    bool (*take_line)(void *context, struct slice *line_out), void *context)
{
	struct mime_body *body = arena_alloc(message->arena, sizeof(*body));

	if (body == NULL)
		return NULL;
	*body = (struct mime_body){ .message = message,
		.take_line = take_line, .context = context };
	body->decoded = input_over(message, pull_identity, body);
	body->digits = arena_alloc(message->arena, DIGITS_MAX);
	body->scratch = arena_create(SCRATCH_OCTETS);
	if (body->scratch == NULL ||
	    !arena_add_cleanup(message->arena, destroy_scratch,
	    body->scratch))
		return NULL;
	return body->decoded != NULL && body->digits != NULL ? body : NULL;
}

struct report_input *
mime_body_begin(struct mime_body *body, const struct mail_header *header)
{
	const struct mail_field *field = mail_header_get(header,
	    SLICE("Content-Transfer-Encoding"), 0);
	struct slice encoding = field != NULL ? slice_trim(field->value) :
	    SLICE_EMPTY;

	body->line = SLICE_EMPTY;
	body->has_lines = true;
	body->n_digits = 0;
	body->decoded->pull = pull_identity;
	if (slice_eq_nocase(encoding, SLICE("base64")))
		body->decoded->pull = pull_base64;
	if (slice_eq_nocase(encoding, SLICE("quoted-printable")))
		body->decoded->pull = pull_quoted;
	body->decoded->pos = 0;
	body->decoded->len = 0;
	body->decoded->has_ended = false;
	body->decoded->is_mid_line = false;
	return body->decoded;
}
