/* report/zip.c - see zip.h.
 *
 *	local file header, 30 octets, little-endian (APPNOTE 4.3.7):
 *	0 signature  4 version needed  6 flags  8 method  14 CRC-32
 *	18 packed size  22 size  26 name length  28 extra length
 *	then the name, the extra field, and the data; behind that, where flag
 *	3 is set, [signature] CRC-32, packed size, size (4.3.9)
 *
 * A library (libzip, libarchive) wants a file to seek in, or brings forty
 * formats along that a hostile file could ask for. */
#include "report/zip.h"

#include <zlib.h>

#include "base/arena.h"
#include "report/inflate.h"
#include "report/input.h"

#define HEADER_OCTETS 30
#define MAX_ENTRIES 16		/* passed over until the report comes */

#define FLAG_ENCRYPTED 0x0001U
#define FLAG_DESCRIPTOR 0x0008U		/* sizes and CRC are behind the data */
#define FLAG_MASKED 0x2000U		/* the header itself is encrypted */
#define METHOD_STORED 0
#define METHOD_DEFLATED 8
#define ZIP64 UINT32_MAX		/* in place of a size */

struct entry {
	struct report_input *packed;
	struct inflater *inflater;	/* NULL: stored */
	struct report_input *inflated;
	unsigned flags, method;
	uint32_t expected_crc, packed_octets;
	uint32_t crc;		/* of a stored one, and what is left of it */
	uint32_t n_left;
	bool has_ended;
};

static uint32_t
get_u16(const char *at)
{
	return (uint32_t)(unsigned char)at[0] |
	    (uint32_t)(unsigned char)at[1] << 8;
}

static uint32_t
get_u32(const char *at)
{
	return get_u16(at) | get_u16(at + 2) << 16;
}

/* Behind the data: whether it is what was packed. */
static void
check_entry(struct entry *entry)
{
	uint32_t expected = entry->expected_crc;
	uint32_t crc = entry->inflater != NULL ?
	    inflate_crc(entry->inflater) : entry->crc;

	entry->has_ended = true;
	if (entry->flags & FLAG_DESCRIPTOR) {
		struct slice next = input_peek(entry->packed, 8);

		if (next.len < 8) {
			input_fail(entry->packed, "is cut short behind its "
			    "entry");
			return;
		}
		expected = get_u32(next.ptr);
		if (slice_starts_with(next, SLICE("PK\x07\x08")))
			expected = get_u32(next.ptr + 4);
	}
	if (crc != expected && !input_has_failed(entry->packed))
		input_fail(entry->packed, "is damaged: the zip entry's "
		    "checksum is wrong");
}

static size_t
pull_stored(struct entry *entry, char *buf, size_t size)
{
	size_t n;

	if (size > entry->n_left)
		size = entry->n_left;
	n = size != 0 ? input_read(entry->packed, buf, size) : 0;
	if (n == 0 && entry->n_left != 0)
		input_fail(entry->packed, "is cut short within its entry");
	entry->n_left -= (uint32_t)n;
	entry->crc = (uint32_t)crc32(entry->crc, (const Bytef *)buf, (uInt)n);
	return n;
}

static size_t
pull_entry(void *context, char *buf, size_t size)
{
	struct entry *entry = context;
	size_t n;

	if (entry->has_ended)
		return 0;
	n = entry->inflater != NULL ?
	    input_read(entry->inflated, buf, size) :
	    pull_stored(entry, buf, size);
	if (n == 0 && !input_has_failed(entry->packed))
		check_entry(entry);
	return n;
}

static bool
open_entry(struct entry *entry)
{
	entry->has_ended = false;
	entry->crc = 0;
	entry->n_left = entry->packed_octets;
	entry->inflater = NULL;
	if (entry->method == METHOD_DEFLATED &&
	    (entry->inflated = inflate_raw(entry->packed,
	    &entry->inflater)) == NULL)
		return false;
	return true;
}

static const char *
find_trouble(const struct entry *entry, uint32_t unpacked_octets)
{
	if (entry->flags & (FLAG_ENCRYPTED | FLAG_MASKED))
		return "is encrypted";
	if (entry->packed_octets == ZIP64 || unpacked_octets == ZIP64)
		return "is in the form for files over 4 GiB (zip64), which "
		    "no report needs";
	if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
		return "is packed by a method other than deflate";
	if (entry->method == METHOD_STORED && entry->flags & FLAG_DESCRIPTOR)
		return "does not say how long its entry is";
	return NULL;
}

/* macOS puts a file's attributes in the archive as one more file. */
static bool
is_report_name(struct slice name)
{
	return slice_ends_with_nocase(name, SLICE(".xml")) &&
	    !slice_starts_with(name, SLICE("__MACOSX/"));
}

/* Header and name; the input stands at the data then.  False at the end of the
 * entries, or where it failed. */
static bool
take_header(struct entry *entry, bool *is_report_out)
{
	struct report_input *packed = entry->packed;
	struct slice next = input_peek(packed, HEADER_OCTETS);
	uint32_t name_octets, extra_octets, unpacked_octets;
	const char *trouble;

	if (!slice_starts_with(next, SLICE("PK\x03\x04")))
		return false;
	if (next.len < HEADER_OCTETS) {
		input_fail(packed, "is cut short within a zip header");
		return false;
	}
	entry->flags = get_u16(next.ptr + 6);
	entry->method = get_u16(next.ptr + 8);
	entry->expected_crc = get_u32(next.ptr + 14);
	entry->packed_octets = get_u32(next.ptr + 18);
	unpacked_octets = get_u32(next.ptr + 22);
	name_octets = get_u16(next.ptr + 26);
	extra_octets = get_u16(next.ptr + 28);
	trouble = find_trouble(entry, unpacked_octets);
	if (trouble != NULL) {
		input_fail(packed, "is a zip file that %s", trouble);
		return false;
	}
	input_skip(packed, HEADER_OCTETS);
	/* A longer name is no report's; its end is what counts. */
	next = input_peek(packed, name_octets < INPUT_PEEK_MAX ?
	    name_octets : INPUT_PEEK_MAX);
	*is_report_out = is_report_name(slice_head(next, name_octets));
	for (uint32_t left = name_octets + extra_octets; left != 0;) {
		next = slice_head(input_peek(packed, 1), left);
		if (next.len == 0) {
			input_fail(packed, "is cut short within a zip header");
			return false;
		}
		input_skip(packed, next.len);
		left -= (uint32_t)next.len;
	}
	return true;
}

/* Read an entry and throw it away, with what is behind it.  The descriptor's
 * signature is optional; its sizes have 4 octets each. */
static bool
pass_entry(struct entry *entry)
{
	char buf[4096];
	struct slice next;

	if (!open_entry(entry))
		return false;
	while (pull_entry(entry, buf, sizeof(buf)) != 0)
		;
	if (input_has_failed(entry->packed))
		return false;
	if (entry->flags & FLAG_DESCRIPTOR) {
		next = slice_head(input_peek(entry->packed, 16), 16);
		if (!slice_starts_with(next, SLICE("PK\x07\x08")))
			next = slice_head(next, 12);
		input_skip(entry->packed, next.len);
	}
	return true;
}

struct report_input *
zip_open_report(struct report_input *packed)
{
	struct entry *entry = arena_alloc(packed->arena, sizeof(*entry));
	bool is_report = false;

	if (entry == NULL)
		return NULL;
	entry->packed = packed;
	for (int i = 0; i < MAX_ENTRIES; i++) {
		if (!take_header(entry, &is_report))
			break;
		if (is_report)
			return open_entry(entry) ?
			    input_over(packed, pull_entry, entry) : NULL;
		if (!pass_entry(entry))
			return NULL;
	}
	input_fail(packed, "is a zip file without a report (a name that ends "
	    "in \".xml\") in it");
	return NULL;
}
