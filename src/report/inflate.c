/* report/inflate.c - see inflate.h. */
#include "report/inflate.h"

#include <zlib.h>

#include "base/arena.h"
#include "report/input.h"

#define WINDOW_BITS 15		/* zlib's: the largest */
#define GZIP_BITS (WINDOW_BITS + 16)
#define RATIO_GRACE ((uint64_t)1024 * 1024)	/* octets without a ratio */

struct inflater {
	z_stream z;
	struct report_input *packed;
	uint64_t n_in, n_out;
	uint32_t crc;
	bool is_gzip;
	bool has_member;	/* one has ended; the next may follow */
	bool has_ended;
};

static void
end_stream(void *object)
{
	inflateEnd(object);
}

/* Behind a member another one may stand; anything else (padding) is no part of
 * the file. */
static bool
start_next_member(struct inflater *inflater)
{
	struct slice next = input_peek(inflater->packed, 2);

	inflater->has_member = false;
	if (next.len < 2 || (unsigned char)next.ptr[0] != 0x1f ||
	    (unsigned char)next.ptr[1] != 0x8b)
		return false;
	return inflateReset(&inflater->z) == Z_OK;
}

static bool
is_within_limits(struct inflater *inflater)
{
	const struct report_limits *limits = inflater->packed->limits;

	if (inflater->n_out > limits->octets) {
		input_fail(inflater->packed, "unpacks to more than %llu MiB",
		    (unsigned long long)(limits->octets >> 20));
		return false;
	}
	if (inflater->n_out > RATIO_GRACE &&
	    inflater->n_out / limits->ratio > inflater->n_in) {
		input_fail(inflater->packed, "unpacks to more than %llu "
		    "times its size, which no report does",
		    (unsigned long long)limits->ratio);
		return false;
	}
	return true;
}

/* One call of inflate() on what is at hand; the octets that it gave. */
static size_t
inflate_some(struct inflater *inflater, char *buf, size_t size)
{
	struct report_input *packed = inflater->packed;
	struct slice next = input_peek(packed, 1);
	int rc;
	size_t n;

	if (next.len == 0) {
		input_fail(packed, "is cut short: the packed data ends after "
		    "%llu octets", (unsigned long long)inflater->n_in);
		return 0;
	}
	/* zlib's input is not const for historical reasons alone. */
	inflater->z.next_in = (Bytef *)(uintptr_t)next.ptr;
	inflater->z.avail_in = (uInt)next.len;
	inflater->z.next_out = (Bytef *)buf;
	inflater->z.avail_out = (uInt)size;
	rc = inflate(&inflater->z, Z_NO_FLUSH);
	n = next.len - inflater->z.avail_in;
	input_skip(packed, n);
	inflater->n_in += n;
	n = size - inflater->z.avail_out;
	inflater->n_out += n;
	if (!is_within_limits(inflater))
		return 0;
	if (rc == Z_STREAM_END) {
		inflater->has_member = inflater->is_gzip;
		inflater->has_ended = !inflater->is_gzip;
	} else if (rc != Z_OK && rc != Z_BUF_ERROR) {
		input_fail(packed, "is damaged: the packed data is wrong "
		    "within its first %llu octets",
		    (unsigned long long)inflater->n_in);
		return 0;
	}
	return n;
}

static size_t
pull_inflated(void *context, char *buf, size_t size)
{
	struct inflater *inflater = context;
	size_t n = 0;

	while (n == 0 && !inflater->has_ended &&
	    !input_has_failed(inflater->packed)) {
		if (inflater->has_member && !start_next_member(inflater))
			inflater->has_ended = true;
		else
			n = inflate_some(inflater, buf, size);
	}
	if (input_has_failed(inflater->packed))
		return 0;
	inflater->crc = (uint32_t)crc32(inflater->crc, (const Bytef *)buf,
	    (uInt)n);
	return n;
}

static struct report_input *
create(struct report_input *packed, int bits, struct inflater **inflater_out)
{
	struct inflater *inflater =
	    arena_alloc(packed->arena, sizeof(*inflater));

	*inflater_out = inflater;
	if (inflater == NULL)
		return NULL;
	inflater->packed = packed;
	inflater->is_gzip = bits == GZIP_BITS;
	if (inflateInit2(&inflater->z, bits) != Z_OK)
		return NULL;
	if (!arena_add_cleanup(packed->arena, end_stream, &inflater->z))
		return NULL;
	return input_over(packed, pull_inflated, inflater);
}

struct report_input *
inflate_gzip(struct report_input *packed)
{
	struct inflater *inflater;

	return create(packed, GZIP_BITS, &inflater);
}

struct report_input *
inflate_raw(struct report_input *packed, struct inflater **inflater_out)
{
	return create(packed, -WINDOW_BITS, inflater_out);
}

uint32_t
inflate_crc(const struct inflater *inflater)
{
	return inflater->crc;
}
