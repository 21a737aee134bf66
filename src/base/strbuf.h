/* base/strbuf.h - text being written: grows in an arena up to a ceiling, and
 * remembers if anything did not fit, so that a builder checks once at the
 * end.  After the first failure appending does nothing. */
#ifndef ASSAY_BASE_STRBUF_H
#define ASSAY_BASE_STRBUF_H

#include "base/slice.h"

struct arena;

struct strbuf {
	struct arena *arena;	/* borrowed; the text lives as long as it */
	char *ptr;
	size_t len, capacity, ceiling;	/* octets */
	bool has_failed;
};

/* Allocates nothing yet.  CEILING is the most that the text may reach. */
void strbuf_init(struct strbuf *buf, struct arena *arena, size_t ceiling);

/* In ROOM, of SIZE octets, and nowhere else: one of them is for the NUL. */
void strbuf_init_fixed(struct strbuf *buf, char *room, size_t size);

void strbuf_append(struct strbuf *buf, struct slice s);
void strbuf_append_cstr(struct strbuf *buf, const char *text);
void strbuf_append_char(struct strbuf *buf, char c);
void strbuf_append_uint(struct strbuf *buf, uint64_t value);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text for logs, terminals and replies: anything but printable ASCII, and the
 * backslash, is written \xHH; at most MAX octets of S are shown, and "..."
 * where more was there. */
void strbuf_append_escaped(struct strbuf *buf, struct slice s, size_t max);

/* Cut back to LEN octets, as after a failed attempt; keeps the failed mark. */
void strbuf_truncate(struct strbuf *buf, size_t len);

/* The text so far, borrowed from the arena until it is reset; appending may
 * move it.  A failed buffer gives what fitted: check has_failed. */
struct slice strbuf_slice(const struct strbuf *buf);

/* The text NUL-terminated, or NULL if the buffer failed. */
const char *strbuf_cstr(struct strbuf *buf);

#endif
