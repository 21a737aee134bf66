/* dns/name.c - see name.h. */
#include "dns/name.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cursor.h"

#define POINTER_MARK 0xc0u	/* the two high bits of a length octet */
#define POINTER_MASK 0x3fffu

/* Jumps within one name.  Each must go back, so there is an end in any case;
 * a sender of honest replies needs one per label at most. */
#define JUMPS_MAX 127

/* Building a name label by label. */
struct builder {
	struct dns_name *name;
	size_t label;		/* where the open label's length octet stands */
};

static void
open_label(struct builder *b)
{
	b->label = b->name->len++;
}

/* Room is kept for the root's label: hence the 1. */
static bool
add_octet(struct builder *b, char c)
{
	struct dns_name *name = b->name;

	if (name->len - b->label - 1 == DNS_LABEL_MAX ||
	    name->len >= DNS_NAME_MAX - 1)
		return false;
	name->wire[name->len++] = (unsigned char)ascii_lower(c);
	return true;
}

static bool
close_label(struct builder *b)
{
	size_t len = b->name->len - b->label - 1;

	if (len == 0)
		return false;
	b->name->wire[b->label] = (unsigned char)len;
	return b->name->len < DNS_NAME_MAX;
}

/* Names are at most 255 octets: a caller's origin always fits or fails here. */
static bool
append_wire(struct dns_name *name, struct slice suffix)
{
	if (suffix.len > DNS_NAME_MAX - name->len)
		return false;
	memcpy(name->wire + name->len, suffix.ptr, suffix.len);
	name->len += suffix.len;
	return true;
}

static struct slice
root(void)
{
	return (struct slice){ "", 1 };		/* the octet 0 */
}

bool
dns_name_parse(struct slice text, struct dns_name *name_out)
{
	struct builder b = { name_out, 0 };

	name_out->len = 0;
	if (text.len != 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	open_label(&b);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '.') {
			if (!add_octet(&b, text.ptr[i]))
				return false;
			continue;
		}
		if (!close_label(&b))
			return false;
		open_label(&b);
	}
	return close_label(&b) && append_wire(name_out, root());
}

bool
dns_name_take_escaped(struct cursor *cur, char *c_out)
{
	struct slice rest = cursor_rest(cur);
	uint64_t value;

	if (rest.len == 0)
		return false;
	if (!ascii_is_digit(rest.ptr[0])) {
		*c_out = rest.ptr[0];
		cur->pos++;
		return true;
	}
	if (rest.len < 3 ||
	    !slice_parse_uint(slice_head(rest, 3), UINT8_MAX, &value))
		return false;
	*c_out = (char)(unsigned char)value;
	cur->pos += 3;
	return true;
}

bool
dns_name_parse_escaped(struct slice text, const struct dns_name *origin,
    struct dns_name *name_out)
{
	struct cursor cur = cursor_of(text);
	struct builder b = { name_out, 0 };

	name_out->len = 0;
	if (slice_eq(text, SLICE(".")))
		return append_wire(name_out, root());
	if (text.len == 0)
		return append_wire(name_out,
		    origin != NULL ? dns_name_slice(origin) : root());
	open_label(&b);
	while (!cursor_at_end(&cur)) {
		char c = *cur.pos++;

		if (c == '.') {
			if (!close_label(&b))
				return false;
			if (cursor_at_end(&cur))
				return append_wire(name_out, root());
			open_label(&b);
			continue;
		}
		if (c == '\\' && !dns_name_take_escaped(&cur, &c))
			return false;
		if (!add_octet(&b, c))
			return false;
	}
	return close_label(&b) && append_wire(name_out,
	    origin != NULL ? dns_name_slice(origin) : root());
}

static unsigned
octet_at(struct slice packet, size_t pos)
{
	return (unsigned char)packet.ptr[pos];
}

/* Where the pointer at POS leads, or SIZE_MAX.  Only back: a pointer to
 * itself or ahead is how loops are made. */
static size_t
follow_pointer(struct slice packet, size_t pos)
{
	size_t target;

	if (packet.len - pos < 2)
		return SIZE_MAX;
	target = (octet_at(packet, pos) << 8 | octet_at(packet, pos + 1)) &
	    POINTER_MASK;
	return target < pos ? target : SIZE_MAX;
}

static bool
unpack_label(struct slice packet, size_t pos, size_t len, struct builder *b)
{
	if (len > DNS_LABEL_MAX || len > packet.len - pos)
		return false;
	open_label(b);
	for (size_t i = 0; i < len; i++)
		if (!add_octet(b, packet.ptr[pos + i]))
			return false;
	return close_label(b);
}

bool
dns_name_unpack(struct slice packet, size_t *pos, struct dns_name *name_out)
{
	struct builder b = { name_out, 0 };
	size_t at = *pos;
	unsigned jumps = 0;

	name_out->len = 0;
	while (at < packet.len) {
		unsigned len = octet_at(packet, at);

		if ((len & POINTER_MARK) == POINTER_MARK) {
			if (jumps++ == 0)
				*pos = at + 2;
			at = follow_pointer(packet, at);
			if (at == SIZE_MAX || jumps > JUMPS_MAX)
				return false;
			continue;
		}
		if (len == 0) {
			if (jumps == 0)
				*pos = at + 1;
			return append_wire(name_out, root());
		}
		if (!unpack_label(packet, at + 1, len, &b))
			return false;
		at += 1 + len;
	}
	return false;
}

bool
dns_name_make_wildcard(struct slice suffix, struct dns_name *name_out)
{
	name_out->len = 0;
	return append_wire(name_out, SLICE("\1*")) &&
	    append_wire(name_out, suffix);
}

struct slice
dns_name_slice(const struct dns_name *name)
{
	return (struct slice){ (const char *)name->wire, name->len };
}

bool
dns_name_eq(const struct dns_name *a, const struct dns_name *b)
{
	return slice_eq(dns_name_slice(a), dns_name_slice(b));
}

struct slice
dns_name_parent(struct slice name)
{
	return slice_from(name, 1 + (size_t)(unsigned char)name.ptr[0]);
}

bool
dns_name_is_within(struct slice name, struct slice zone)
{
	while (name.len > zone.len)
		name = dns_name_parent(name);
	return slice_eq(name, zone);
}

static bool
is_plain(char c)
{
	return ascii_is_vchar(c) && c != '.' && c != '\\';
}

static size_t
print_octet(char c, char *text)
{
	unsigned value = (unsigned char)c;

	if (is_plain(c)) {
		text[0] = c;
		return 1;
	}
	text[0] = '\\';
	text[1] = (char)('0' + value / 100);
	text[2] = (char)('0' + value / 10 % 10);
	text[3] = (char)('0' + value % 10);
	return 4;
}

size_t
dns_name_print(const struct dns_name *name,
    char text_out[DNS_NAME_ESCAPED_MAX])
{
	struct slice rest = dns_name_slice(name);
	size_t len = 0;

	while (rest.ptr[0] != '\0') {
		size_t label = (unsigned char)rest.ptr[0];

		if (len != 0)
			text_out[len++] = '.';
		for (size_t i = 1; i <= label; i++)
			len += print_octet(rest.ptr[i], text_out + len);
		rest = dns_name_parent(rest);
	}
	return len;
}
