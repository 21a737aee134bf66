/* inspect/message.c - see message.h. */
#include "inspect/message.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "mail/field.h"

struct slice
message_skip_from_line(struct slice octets)
{
	size_t lf;

	if (!slice_starts_with(octets, SLICE("From ")))
		return octets;
	lf = slice_find(octets, '\n');
	return slice_from(octets, lf != SIZE_MAX ? lf + 1 : octets.len);
}

/* ---- header -------------------------------------------------------------- */

/* Octets of the first line, its end included. */
static size_t
line_octets(struct slice s)
{
	size_t lf = slice_find(s, '\n');

	return lf != SIZE_MAX ? lf + 1 : s.len;
}

/* Octets of the first line and of those that are its folds.  A line of nothing
 * but white space is one too. */
static size_t
field_octets(struct slice s)
{
	size_t n = line_octets(s);

	while (n < s.len && ascii_is_wsp(s.ptr[n]))
		n += line_octets(slice_from(s, n));
	return n;
}

static bool
is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_vchar(name.ptr[i]))
			return false;
	return name.len != 0;
}

static size_t
line_end_octets(struct slice rest)
{
	if (slice_starts_with(rest, SLICE("\n")))
		return 1;
	return slice_starts_with(rest, SLICE("\r\n")) ? 2 : 0;
}

bool
message_take_field(struct slice *rest, struct slice *name_out,
    struct slice *value_out)
{
	size_t n = line_end_octets(*rest), colon;
	struct slice field;

	if (n != 0) {
		*rest = slice_from(*rest, n);
		return false;
	}
	field = slice_head(*rest, field_octets(*rest));
	colon = slice_find(field, ':');
	if (colon == SIZE_MAX)
		return false;
	*name_out = slice_trim_end(slice_head(field, colon));
	if (!is_field_name(*name_out))
		return false;
	*value_out = slice_from(field, colon + 1);
	*rest = slice_from(*rest, field.len);
	return true;
}

bool
message_read_header(struct slice octets,
    const struct mail_header_limits *limits, struct mail_header *header,
    struct slice *body_out)
{
	struct slice name, value;

	*body_out = octets;
	while (message_take_field(body_out, &name, &value))
		if (mail_header_add(header, limits, name, value) ==
		    MAIL_HEADER_NO_MEMORY)
			return false;
	return true;
}

/* ---- into inspect/ ------------------------------------------------------- */

static bool
has_crlf(struct slice octets)
{
	size_t lf = slice_find(octets, '\n');

	return lf != SIZE_MAX && lf > 0 && octets.ptr[lf - 1] == '\r';
}

static enum inspect_status
feed_lines(struct inspect *in, struct slice body)
{
	enum inspect_status status = INSPECT_OK;

	while (body.len != 0 && status == INSPECT_OK) {
		size_t lf = slice_find(body, '\n');

		status = inspect_add_body(in, slice_head(body, lf));
		if (lf == SIZE_MAX)
			break;
		if (status == INSPECT_OK)
			status = inspect_add_body(in, SLICE("\r\n"));
		body = slice_from(body, lf + 1);
	}
	return status;
}

enum inspect_status
message_feed(struct inspect *in, struct slice octets)
{
	bool is_as_sent = has_crlf(octets);
	struct slice name, value;
	enum inspect_status status;

	while (message_take_field(&octets, &name, &value)) {
		status = inspect_add_field(in, name, value);
		if (status != INSPECT_OK)
			return status;
	}
	status = inspect_end_header(in);
	if (status != INSPECT_OK)
		return status;
	return is_as_sent ? inspect_add_body(in, octets) :
	    feed_lines(in, octets);
}
