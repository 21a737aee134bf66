#include "unit/report/packing.h"

#include <zlib.h>

#include "base/strbuf.h"
#include "unit/test.h"

static struct slice
pack(struct arena *arena, struct slice octets, int bits)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)octets.ptr,
		.avail_in = (uInt)octets.len };
	size_t room = octets.len + 1000;
	char *packed = arena_alloc(arena, room);

	assert_non_null(packed);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = (Bytef *)packed;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (struct slice){ packed, room - z.avail_out };
}

struct slice
pack_gzip(struct arena *arena, struct slice octets)
{
	return pack(arena, octets, 31);
}

struct slice
pack_deflate(struct arena *arena, struct slice octets)
{
	return pack(arena, octets, -15);
}

struct slice
pack_base64(struct arena *arena, struct slice octets)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct strbuf text;

	strbuf_init(&text, arena, octets.len * 2 + 10);
	for (size_t i = 0; i < octets.len; i += 3) {
		uint32_t bits = 0;

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < octets.len ?
			    (unsigned char)octets.ptr[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			strbuf_append_char(&text, i + j > octets.len ? '=' :
			    digits[bits >> (18 - 6 * j) & 63]);
		if (i % 57 == 54)
			strbuf_append_cstr(&text, "\r\n");
	}
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}

static void
append_number(struct strbuf *zip, uint32_t value, size_t octets)
{
	for (size_t i = 0; i < octets; i++)
		strbuf_append_char(zip, (char)(value >> (8 * i)));
}

static void
append_entry(struct arena *arena, struct strbuf *zip,
    const struct pack_entry *entry)
{
	struct slice data = entry->method == 8 ?
	    pack_deflate(arena, entry->octets) : entry->octets;
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)entry->octets.ptr,
	    (uInt)entry->octets.len) + entry->crc_error;
	uint32_t packed = entry->sizes != 0 ? entry->sizes :
	    (uint32_t)data.len;
	uint32_t unpacked = entry->sizes != 0 ? entry->sizes :
	    (uint32_t)entry->octets.len;
	bool is_behind = (entry->flags & 8) != 0;

	strbuf_append(zip, SLICE("PK\x03\x04"));
	append_number(zip, 20, 2);
	append_number(zip, entry->flags, 2);
	append_number(zip, entry->method, 2);
	append_number(zip, 0, 4);
	append_number(zip, is_behind ? 0 : crc, 4);
	append_number(zip, is_behind ? 0 : packed, 4);
	append_number(zip, is_behind ? 0 : unpacked, 4);
	append_number(zip, (uint32_t)entry->name.len, 2);
	append_number(zip, 3, 2);
	strbuf_append(zip, entry->name);
	strbuf_append(zip, SLICE("ext"));
	strbuf_append(zip, data);
	if (!is_behind)
		return;
	if (entry->has_descriptor_signature)
		strbuf_append(zip, SLICE("PK\x07\x08"));
	append_number(zip, crc, 4);
	append_number(zip, packed, 4);
	append_number(zip, unpacked, 4);
}

struct slice
pack_zip(struct arena *arena, const struct pack_entry *entries, size_t n)
{
	struct strbuf zip;

	strbuf_init(&zip, arena, TEST_ARENA_CEILING);
	for (size_t i = 0; i < n; i++)
		append_entry(arena, &zip, &entries[i]);
	strbuf_append(&zip, SLICE("PK\x01\x02 and a directory"));
	assert_false(zip.has_failed);
	return strbuf_slice(&zip);
}
