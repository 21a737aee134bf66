/* report/mime.c - see mime.h. */
#include "report/mime.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/strbuf.h"
#include "report/input.h"
#include "report/mime_body.h"

enum mime_state {
	MIME_AT_HEADER,		/* of a part, or of the message */
	MIME_WITHIN,		/* a part's body, a preamble, an epilogue */
	MIME_AT_END,
};

struct mime_walk {
	struct report_input *message;
	bool is_deep;
	enum mime_state state;
	struct slice boundaries[MIME_MAX_DEPTH];	/* outermost first */
	size_t n_boundaries, n_parts;
	bool is_mid_line;	/* the last line was a piece of one */
	struct mime_body *body;
	struct mime_part part;
};

/* dash-boundary transport-padding CRLF, or with "--" behind it (RFC 2046
 * 5.1.1). */
static bool
is_boundary(struct slice line, struct slice boundary, bool *is_last_out)
{
	struct slice rest;

	if (!slice_starts_with(line, SLICE("--")) ||
	    !slice_starts_with(slice_from(line, 2), boundary))
		return false;
	rest = slice_trim_end(slice_from(line, 2 + boundary.len));
	*is_last_out = slice_eq(rest, SLICE("--"));
	return rest.len == 0 || *is_last_out;
}

/* Whether the line is a boundary; then the walk goes on from there. */
static bool
meet_boundary(struct mime_walk *walk, struct slice line)
{
	bool is_last;

	for (size_t i = walk->n_boundaries; i-- > 0;) {
		if (!is_boundary(line, walk->boundaries[i], &is_last))
			continue;
		walk->n_boundaries = is_last ? i : i + 1;
		if (!is_last)
			walk->state = MIME_AT_HEADER;
		else if (i == 0)
			walk->state = MIME_AT_END;
		return true;
	}
	return false;
}

/* A line of what the walk is within; false where that ends. */
static bool
take_line(void *context, struct slice *line_out)
{
	struct mime_walk *walk = context;
	bool is_start = !walk->is_mid_line;

	*line_out = SLICE_EMPTY;
	if (walk->state != MIME_WITHIN)
		return false;
	if (!input_take_line(walk->message, line_out)) {
		walk->state = MIME_AT_END;
		return false;
	}
	walk->is_mid_line = walk->message->is_mid_line;
	if (!is_start || !meet_boundary(walk, *line_out))
		return true;
	*line_out = SLICE_EMPTY;
	return false;
}

/* Up to the next part, over what is left of this one and what is between. */
static void
pass_rest(struct mime_walk *walk)
{
	struct slice line;

	while (walk->state == MIME_WITHIN)
		take_line(walk, &line);
}

struct mime_walk *
mime_start(struct report_input *message, bool is_deep)
{
	struct mime_walk *walk = arena_alloc(message->arena, sizeof(*walk));
	struct slice line;

	if (walk == NULL)
		return NULL;
	*walk = (struct mime_walk){ .message = message, .is_deep = is_deep };
	walk->body = mime_body_create(message, take_line, walk);
	if (slice_starts_with(input_peek(message, 5), SLICE("From ")))
		input_take_line(message, &line);
	return walk->body != NULL ? walk : NULL;
}

/* Whether the part, whose header has just been read, is made of others. */
static bool
enter(struct mime_walk *walk)
{
	const struct mime_type *type = &walk->part.type;

	if (slice_eq_nocase(type->type, SLICE("multipart")) &&
	    type->boundary.len != 0 && walk->n_boundaries < MIME_MAX_DEPTH) {
		walk->boundaries[walk->n_boundaries++] = type->boundary;
		return true;
	}
	if (walk->is_deep && mime_is_type(type, "message", "rfc822")) {
		walk->state = MIME_AT_HEADER;
		return true;
	}
	return false;
}

const struct mime_part *
mime_next(struct mime_walk *walk)
{
	for (;;) {
		pass_rest(walk);
		if (walk->state == MIME_AT_END ||
		    input_has_failed(walk->message) ||
		    walk->n_parts++ == MIME_MAX_PARTS)
			return NULL;
		mail_header_init(&walk->part.header, walk->message->arena);
		if (!mime_read_header(walk->message, &walk->part.header))
			return NULL;
		mime_parse_type(walk->message->arena, &walk->part.header,
		    &walk->part.type);
		walk->state = MIME_WITHIN;
		walk->is_mid_line = false;
		if (!enter(walk))
			break;
	}
	walk->part.body = mime_body_begin(walk->body, &walk->part.header);
	return &walk->part;
}

/* ---- a header ------------------------------------------------------------ */

static bool
add_field(struct report_input *input, struct mail_header *header,
    struct slice text)
{
	static const struct mail_header_limits limits = {
		MIME_MAX_FIELDS, MIME_MAX_HEADER_OCTETS };
	size_t colon = slice_find(text, ':');

	if (colon == SIZE_MAX)
		return true;	/* no field: as if it were not there */
	switch (mail_header_add(header, &limits, slice_head(text, colon),
	    slice_from(text, colon + 1))) {
	case MAIL_HEADER_OK:
		return true;
	case MAIL_HEADER_TOO_LARGE:
		input_fail(input, "has a header that is too large");
		return false;
	case MAIL_HEADER_NO_MEMORY:
		input_fail(input, "needs too much memory");
		return false;
	}
	return false;
}

static bool
is_continued(struct report_input *input)
{
	struct slice next = input_peek(input, 1);

	return input->is_mid_line ||
	    (next.len != 0 && ascii_is_wsp(next.ptr[0]));
}

bool
mime_read_header(struct report_input *input, struct mail_header *header)
{
	struct slice line;
	struct strbuf text;

	strbuf_init(&text, input->arena, MIME_MAX_HEADER_OCTETS);
	while (input_take_line(input, &line)) {
		if (text.len == 0 && slice_trim_end(line).len == 0 &&
		    !input->is_mid_line)
			return true;
		strbuf_append(&text, line);
		if (is_continued(input))
			continue;
		if (text.has_failed) {
			input_fail(input, "has a header that is too large");
			return false;
		}
		if (!add_field(input, header, strbuf_slice(&text)))
			return false;
		strbuf_truncate(&text, 0);
	}
	return !input_has_failed(input);
}
