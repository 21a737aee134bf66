/* base/strbuf.c - see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"

#define FIRST_CAPACITY 128

void
strbuf_init(struct strbuf *buf, struct arena *arena, size_t ceiling)
{
	*buf = (struct strbuf){ .arena = arena, .ceiling = ceiling };
}

/* What would need more than there is fails at the ceiling. */
void
strbuf_init_fixed(struct strbuf *buf, char *room, size_t size)
{
	*buf = (struct strbuf){ .ptr = room, .capacity = size,
		.ceiling = size - 1 };
}

static bool
grow(struct strbuf *buf, size_t more)
{
	size_t capacity = buf->capacity;
	char *mem;

	if (capacity == 0)
		capacity = FIRST_CAPACITY;
	while (capacity <= buf->len + more)
		capacity *= 2;
	if ((mem = arena_alloc(buf->arena, capacity)) == NULL) {
		buf->has_failed = true;
		return false;
	}
	if (buf->len != 0)
		memcpy(mem, buf->ptr, buf->len);
	buf->ptr = mem;
	buf->capacity = capacity;
	return true;
}

/* Make room for MORE octets and one for a NUL. */
static inline bool
reserve(struct strbuf *buf, size_t more)
{
	if (buf->has_failed || more > buf->ceiling - buf->len) {
		buf->has_failed = true;
		return false;
	}
	return buf->len + more < buf->capacity || grow(buf, more);
}

void
strbuf_append(struct strbuf *buf, struct slice s)
{
	if (s.len == 0 || !reserve(buf, s.len))
		return;
	memcpy(buf->ptr + buf->len, s.ptr, s.len);
	buf->len += s.len;
}

void
strbuf_append_cstr(struct strbuf *buf, const char *text)
{
	strbuf_append(buf, slice_from_cstr(text));
}

void
strbuf_append_char(struct strbuf *buf, char c)
{
	if (reserve(buf, 1))
		buf->ptr[buf->len++] = c;
}

void
strbuf_append_uint(struct strbuf *buf, uint64_t value)
{
	char digits[20];	/* of UINT64_MAX */
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	strbuf_append(buf, (struct slice){ digits + first,
	    sizeof(digits) - first });
}

/* Into the room that there is; a second time where it was too little. */
void
strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	size_t room;
	va_list args;
	int len;

	if (!reserve(buf, 0))	/* or all would be formatted twice */
		return;
	room = buf->capacity - buf->len;
	va_start(args, format);
	len = vsnprintf(buf->ptr + buf->len, room, format, args);
	va_end(args);
	if (len < 0) {
		buf->has_failed = true;
		return;
	}
	if (!reserve(buf, (size_t)len))
		return;
	if ((size_t)len >= room) {
		va_start(args, format);
		vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}

static bool
is_shown_as_it_is(char c)
{
	return (ascii_is_vchar(c) || c == ' ') && c != '\\';
}

void
strbuf_append_escaped(struct strbuf *buf, struct slice s, size_t max)
{
	struct slice rest = slice_head(s, max);

	while (rest.len > 0) {
		size_t n = 0;

		while (n < rest.len && is_shown_as_it_is(rest.ptr[n]))
			n++;
		strbuf_append(buf, slice_head(rest, n));
		if (n < rest.len)
			strbuf_printf(buf, "\\x%02x",
			    (unsigned char)rest.ptr[n]);
		rest = slice_from(rest, n + 1);
	}
	if (max < s.len)
		strbuf_append(buf, SLICE("..."));
}

void
strbuf_truncate(struct strbuf *buf, size_t len)
{
	if (len < buf->len)
		buf->len = len;
}

struct slice
strbuf_slice(const struct strbuf *buf)
{
	return (struct slice){ buf->ptr, buf->len };
}

const char *
strbuf_cstr(struct strbuf *buf)
{
	if (!reserve(buf, 0))
		return NULL;
	buf->ptr[buf->len] = '\0';
	return buf->ptr;
}
