/* tests/unit/report/packing.h - reports packed as their senders do. */
#ifndef ASSAY_TESTS_UNIT_REPORT_PACKING_H
#define ASSAY_TESTS_UNIT_REPORT_PACKING_H

#include "base/slice.h"

struct arena;

struct slice pack_gzip(struct arena *arena, struct slice octets);
struct slice pack_deflate(struct arena *arena, struct slice octets);
struct slice pack_base64(struct arena *arena, struct slice octets);

struct pack_entry {
	struct slice name, octets;
	unsigned flags, method;		/* 8: octets are deflated by this */
	bool has_descriptor_signature;	/* where flag 3 is set */
	uint32_t sizes;			/* in place of both, unless 0 */
	uint32_t crc_error;		/* added to the CRC */
};

struct slice pack_zip(struct arena *arena, const struct pack_entry *entries,
    size_t n);

#endif
