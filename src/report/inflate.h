/* report/inflate.h - deflate (RFC 1951) and gzip (RFC 1952), as a stream.
 *
 * The only user of zlib's inflate.  What unpacks to more than the limits allow
 * is refused as soon as that shows. */
#ifndef ASSAY_REPORT_INFLATE_H
#define ASSAY_REPORT_INFLATE_H

#include <stdint.h>

struct inflater;
struct report_input;

/* What the gzip file at PACKED holds; members that follow each other are one.
 * NULL where memory is out. */
struct report_input *inflate_gzip(struct report_input *packed);

/* Bare deflate, which ends by itself: PACKED stands behind it then. */
struct report_input *inflate_raw(struct report_input *packed,
    struct inflater **inflater_out);

/* CRC-32 of the octets given out so far. */
uint32_t inflate_crc(const struct inflater *inflater);

#endif
