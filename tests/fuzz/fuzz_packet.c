/* DNS replies off the wire; the first octet chooses the type. */
#include "dns/resolver.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {
		DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA,
		DNS_TLSA
	};
	const struct dns_answer *answer;

	if (size == 0)
		return 0;
	answer = dns_answer_from_packet(fuzz_slice(data + 1, size - 1),
	    SLICE("example.org"), types[data[0] % N_ELEMENTS(types)], false);
	if (answer == NULL || (answer->status == DNS_NOERROR) !=
	    (answer->n_records != 0))
		abort();
	dns_answer_release(answer);
	return 0;
}
