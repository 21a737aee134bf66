/* report/gzip.c - see gzip.h. */
#include "report/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define WINDOW_BITS 15
#define GZIP_WRAPPER 16		/* zlib's way to ask for RFC 1952 */
#define MEMORY_LEVEL 8		/* zlib's default: 128 KB for the window */
#define BUFFER_OCTETS 16384

struct gzip {
	FILE *out;		/* borrowed */
	bool is_compressed, has_failed;
	z_stream stream;
	uint64_t written;	/* octets in the file */
	uint64_t pending;	/* octets in, since they were settled */
	unsigned char buffer[BUFFER_OCTETS];
};

struct gzip *
gzip_open(FILE *out, bool is_compressed)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (gzip == NULL)
		return NULL;
	gzip->out = out;
	gzip->is_compressed = is_compressed;
	if (is_compressed && deflateInit2(&gzip->stream,
	    Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS + GZIP_WRAPPER,
	    MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		return NULL;
	}
	return gzip;
}

static void
put(struct gzip *gzip, const void *octets, size_t len)
{
	if (len != 0 && fwrite(octets, 1, len, gzip->out) != len)
		gzip->has_failed = true;
	gzip->written += len;
}

/* Run zlib until it has taken its input and, where FLUSH wants it, given all
 * its output. */
static void
pump(struct gzip *gzip, int flush)
{
	z_stream *stream = &gzip->stream;
	int status;

	do {
		stream->next_out = gzip->buffer;
		stream->avail_out = sizeof(gzip->buffer);
		status = deflate(stream, flush);
		if (status != Z_OK && status != Z_STREAM_END &&
		    status != Z_BUF_ERROR)
			gzip->has_failed = true;
		put(gzip, gzip->buffer,
		    sizeof(gzip->buffer) - stream->avail_out);
	} while (stream->avail_out == 0 && !gzip->has_failed);
}

void
gzip_write(struct gzip *gzip, struct slice octets)
{
	if (gzip->has_failed || octets.len == 0)
		return;
	if (!gzip->is_compressed) {
		put(gzip, octets.ptr, octets.len);
		return;
	}
	while (octets.len != 0 && !gzip->has_failed) {
		struct slice piece = slice_head(octets, UINT_MAX);

		/* zlib reads there, but has no const in its struct. */
		gzip->stream.next_in = (unsigned char *)(uintptr_t)piece.ptr;
		gzip->stream.avail_in = (unsigned)piece.len;
		gzip->pending += piece.len;
		pump(gzip, Z_NO_FLUSH);
		octets = slice_from(octets, piece.len);
	}
}

uint64_t
gzip_octets(const struct gzip *gzip)
{
	return gzip->written + gzip->pending;
}

void
gzip_settle(struct gzip *gzip)
{
	if (gzip->pending == 0 || gzip->has_failed)
		return;
	pump(gzip, Z_SYNC_FLUSH);
	gzip->pending = 0;
}

bool
gzip_close(struct gzip **gzip)
{
	struct gzip *g = *gzip;
	bool is_good;

	if (g == NULL)
		return false;
	if (g->is_compressed) {
		if (!g->has_failed)
			pump(g, Z_FINISH);
		deflateEnd(&g->stream);
	}
	is_good = !g->has_failed && fflush(g->out) == 0;
	free(g);
	*gzip = NULL;
	return is_good;
}
