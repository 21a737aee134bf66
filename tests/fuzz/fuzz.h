/* tests/fuzz/fuzz.h - what the fuzz targets share.
 *
 * Each target is one file with libFuzzer's entry; scripts/fuzz runs them over
 * tests/fuzz/corpus/NAME.  DNS is a zone in memory, time is fixed, so that an
 * input always does the same. */
#ifndef ASSAY_TESTS_FUZZ_FUZZ_H
#define ASSAY_TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"
#include "dns/zone.h"

#define FUZZ_ARENA_CEILING ((size_t)8 * 1024 * 1024)
#define FUZZ_NOW_S 1750000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input on the heap at its exact size is what libFuzzer hands over. */
static inline struct slice
fuzz_slice(const uint8_t *data, size_t size)
{
	return (struct slice){ (const char *)data, size };
}

static inline struct arena *
fuzz_arena(void)
{
	struct arena *arena = arena_create(FUZZ_ARENA_CEILING);

	if (arena == NULL)
		abort();
	return arena;
}

/* The parts of an input that is several texts: what stands before the next
 * 0xff octet (no text of interest holds one). */
static inline struct slice
fuzz_take_part(struct slice *rest)
{
	size_t end = slice_find(*rest, '\xff');
	struct slice part = slice_head(*rest, end);

	*rest = end == SIZE_MAX ? SLICE_EMPTY : slice_from(*rest, end + 1);
	return part;
}

static inline void
fuzz_add_txt(struct resolver *zone, struct slice name, struct slice text)
{
	const struct dns_record record = { .text = text };

	zone_add_record(zone, name, DNS_TXT, &record, 300);
}

static inline void
fuzz_add_a(struct resolver *zone, struct slice name)
{
	const struct dns_record record = { .address = { 192, 0, 2, 1 } };

	zone_add_record(zone, name, DNS_A, &record, 300);
}

#endif
