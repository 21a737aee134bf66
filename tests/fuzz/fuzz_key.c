/* DKIM key records, and the DER of the keys in them. */
#include "dkim/key_record.h"
#include "fuzz/fuzz.h"

#define MIN_BITS 1024
#define MAX_BITS 8192

static void
make_key(enum dkim_key_type type, struct slice octets)
{
	struct dkim_public_key *key;
	unsigned bits;

	if (dkim_public_key_create(type, octets, MIN_BITS, MAX_BITS, &key,
	    &bits) != DKIM_REASON_NONE)
		return;
	if (type == DKIM_KEY_RSA && (bits < MIN_BITS || bits > MAX_BITS))
		abort();
	if (dkim_public_key_verify(key, slice_head(octets, 32), octets) ==
	    DKIM_REASON_NONE)
		abort();	/* nobody signs by chance */
	dkim_public_key_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct slice text = fuzz_slice(data, size);
	struct dkim_key_record record;

	if (dkim_parse_key_record(arena, text, &record) == DKIM_REASON_NONE &&
	    record.has_known_type)
		make_key(record.type, record.octets);
	make_key(DKIM_KEY_RSA, text);	/* the DER itself */
	arena_destroy(&arena);
	return 0;
}
