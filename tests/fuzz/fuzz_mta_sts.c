/* MTA-STS: a TXT record, and the policy; what Postfix is told of it must stay
 * one word. */
#include "base/strbuf.h"
#include "cli/tls_policy.h"
#include "fuzz/fuzz.h"
#include "mta_sts/record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size), id;
	struct slice record = fuzz_take_part(&rest);
	struct arena *arena = fuzz_arena();
	struct mta_sts_policy policy;
	struct strbuf match;
	unsigned line;

	if (mta_sts_parse_record(record, &id) == MTA_STS_RECORD_OK &&
	    (id.len == 0 || id.len > MTA_STS_MAX_ID))
		abort();
	if (mta_sts_parse_policy(arena, rest, &policy, &line) == NULL) {
		strbuf_init(&match, arena, 2 * MTA_STS_MAX_OCTETS);
		tls_policy_append_match(&match, &policy);
		for (size_t i = 0; i < match.len; i++)
			if (match.ptr[i] <= ' ' || match.ptr[i] > '~' ||
			    match.ptr[i] == ',')
				abort();
	}
	arena_destroy(&arena);
	return 0;
}
