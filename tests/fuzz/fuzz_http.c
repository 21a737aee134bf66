/* What a request calls us, and what we are told to listen on. */
#include "base/ip.h"
#include "control/http.h"
#include "control/http_host.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size);
	struct slice host = fuzz_take_part(&rest);
	struct ip_address address;
	uint16_t port;

	/* A stranger's name is never ours. */
	if (http_is_our_host(host, SLICE("mx.example.org")) &&
	    slice_find(host, '/') != SIZE_MAX)
		abort();
	if (http_parse_listen(rest, &address, &port) &&
	    (port == 0 || address.family == IP_NONE))
		abort();
	return 0;
}
