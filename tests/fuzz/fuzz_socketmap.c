/* Postfix's socketmap protocol, one request behind the other. */
#include "cli/socketmap.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = fuzz_slice(data, size), key;
	size_t len;

	while (socketmap_take(input, &key, &len) == SOCKETMAP_REQUEST) {
		if (len == 0 || len > input.len ||
		    len > SOCKETMAP_MAX_INPUT || key.len >= len)
			abort();
		input = slice_from(input, len);
	}
	if (key.len != 0 || len != 0)
		abort();
	return 0;
}
