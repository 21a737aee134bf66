/* report/unpack.c - see unpack.h. */
#include "report/unpack.h"

#include "base/ascii.h"
#include "report/inflate.h"
#include "report/input.h"
#include "report/mime.h"
#include "report/zip.h"

enum kind {
	KIND_EMPTY,
	KIND_XML,
	KIND_GZIP,
	KIND_ZIP,
	KIND_MAIL,
	KIND_OTHER,
};

#define SNIFF_OCTETS 256

/* Of a field's name: RFC 5322 has more, but nobody uses that. */
static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* A field's name and its colon, or mbox's "From " line. */
static bool
looks_like_mail(struct slice head)
{
	size_t n = 0;

	if (slice_starts_with(head, SLICE("From ")))
		return true;
	while (n < head.len && is_name(head.ptr[n]))
		n++;
	return n != 0 && n < head.len && head.ptr[n] == ':';
}

static bool
looks_like_xml(struct slice head)
{
	if (slice_starts_with(head, SLICE("\xef\xbb\xbf")))
		head = slice_from(head, 3);
	while (head.len != 0 && ascii_is_fws(head.ptr[0]))
		head = slice_from(head, 1);
	return slice_starts_with(head, SLICE("<"));
}

static enum kind
sniff(struct report_input *input)
{
	struct slice head = input_peek(input, SNIFF_OCTETS);

	if (head.len == 0)
		return KIND_EMPTY;
	if (slice_starts_with(head, SLICE("\x1f\x8b")))
		return KIND_GZIP;
	if (slice_starts_with(head, SLICE("PK\x03\x04")))
		return KIND_ZIP;
	if (looks_like_xml(head))
		return KIND_XML;
	return looks_like_mail(head) ? KIND_MAIL : KIND_OTHER;
}

static struct report_input *
check_memory(struct report_input *packed, struct report_input *input)
{
	if (input == NULL)	/* a failure before this one is kept */
		input_fail(packed, "needs too much memory");
	return input;
}

/* The first part that is a report by what it holds: senders give every type and
 * name to it.  What people read in a mail program may be XML, too. */
static struct report_input *
find_attachment(struct report_input *message)
{
	struct mime_walk *walk = mime_start(message, true);
	const struct mime_part *part;

	if (walk == NULL)
		return check_memory(message, NULL);
	while ((part = mime_next(walk)) != NULL) {
		if (mime_is_type(&part->type, "text", "html"))
			continue;
		switch (sniff(part->body)) {
		case KIND_XML:
			return part->body;
		case KIND_GZIP:
			return check_memory(message, inflate_gzip(part->body));
		case KIND_ZIP:
			return zip_open_report(part->body);
		case KIND_EMPTY:
		case KIND_MAIL:
		case KIND_OTHER:
			break;
		}
	}
	input_fail(message, "is a mail message without an aggregate report");
	return NULL;
}

struct report_input *
report_unpack(struct report_input *file)
{
	switch (sniff(file)) {
	case KIND_EMPTY:
		input_fail(file, "is empty");
		return NULL;
	case KIND_XML:
		return file;
	case KIND_GZIP:
		return check_memory(file, inflate_gzip(file));
	case KIND_ZIP:
		return check_memory(file, zip_open_report(file));
	case KIND_MAIL:
		return find_attachment(file);
	case KIND_OTHER:
		break;
	}
	input_fail(file, "is neither XML, nor gzip, zip or a mail message");
	return NULL;
}
