/* Received fields: what is read is one address, and stands in the field. */
#include "fuzz/fuzz.h"
#include "mail/received.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value = fuzz_slice(data, size);
	struct mail_received received;
	bool is_read = mail_parse_received(value, &received);

	if (is_read != (received.client.family != IP_NONE))
		abort();
	if (received.helo.len != 0 && (received.helo.ptr < value.ptr ||
	    received.helo.ptr + received.helo.len > value.ptr + value.len))
		abort();
	return 0;
}
