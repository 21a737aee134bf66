/* base/slice.h - text from the network: a pointer and a length.
 *
 * A slice may hold NUL and 8-bit octets and is never NUL-terminated.  It
 * borrows what it points to; whoever hands one out says for how long.  Case is
 * folded for ASCII letters only, whatever the locale. */
#ifndef ASSAY_BASE_SLICE_H
#define ASSAY_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *ptr;	/* may be NULL where len is 0 */
	size_t len;
};

/* A slice of a string literal; the second for tables with static storage. */
#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })
#define SLICE_INIT(literal) { "" literal, sizeof(literal) - 1 }
#define SLICE_EMPTY ((struct slice){ NULL, 0 })

/* For printf's "%.*s"; only for text that needs no escaping. */
#define SLICE_PRINTF(s) (int)(s).len, ((s).ptr != NULL ? (s).ptr : "")

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

struct slice slice_from_cstr(const char *text);	/* NULL gives the empty one */

/* Inline, since most of what is compared differs in its first octet. */
static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 ||
	    (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Of two slices of one length. */
bool slice_eq_nocase_octets(struct slice a, struct slice b);

static inline bool
slice_eq_nocase(struct slice a, struct slice b)
{
	return a.len == b.len && slice_eq_nocase_octets(a, b);
}

bool slice_starts_with(struct slice s, struct slice prefix);
bool slice_starts_with_nocase(struct slice s, struct slice prefix);
bool slice_ends_with_nocase(struct slice s, struct slice suffix);

/* The part from octet FROM on, and the first LEN octets; both clamp. */
static inline struct slice
slice_from(struct slice s, size_t from)
{
	if (from >= s.len)
		return (struct slice){ s.len != 0 ? s.ptr + s.len : s.ptr, 0 };
	return (struct slice){ s.ptr + from, s.len - from };
}

static inline struct slice
slice_head(struct slice s, size_t len)
{
	return (struct slice){ s.ptr, len < s.len ? len : s.len };
}

/* Without the white space (space, tab, CR, LF) at its ends, or its end. */
struct slice slice_trim(struct slice s);
struct slice slice_trim_end(struct slice s);

/* Index of the first or last C, or SIZE_MAX. */
size_t slice_find(struct slice s, char c);
size_t slice_find_last(struct slice s, char c);

bool slice_is_ascii(struct slice s);

/* All of S as a decimal number in [0, MAX]; no sign, no white space. */
bool slice_parse_uint(struct slice s, uint64_t max, uint64_t *value_out);

/* <0, 0, >0 in the order of the folded octets; for sorting and searching. */
int slice_compare_nocase(struct slice a, struct slice b);

#endif
