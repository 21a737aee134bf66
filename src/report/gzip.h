/* report/gzip.h - octets into a file, through zlib (RFC 1952), or unchanged. */
#ifndef ASSAY_REPORT_GZIP_H
#define ASSAY_REPORT_GZIP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

struct gzip;

/* OUT is borrowed.  Where IS_COMPRESSED is false octets go through unchanged.
 * Equal octets give equal files: there is no time and no name in them.  NULL
 * where memory is out. */
struct gzip *gzip_open(FILE *out, bool is_compressed);

/* Once anything has failed the rest does nothing, and gzip_close says so. */
void gzip_write(struct gzip *gzip, struct slice octets);

/* At most as many octets are in the file when what was written so far is, give
 * or take a few for the end; gzip_settle makes it exact, at the price of some
 * octets more. */
uint64_t gzip_octets(const struct gzip *gzip);
void gzip_settle(struct gzip *gzip);

/* Sets *GZIP to NULL.  False where anything has failed. */
bool gzip_close(struct gzip **gzip);

#endif
