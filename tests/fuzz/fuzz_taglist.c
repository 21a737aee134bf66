/* tag=value lists. */
#include "fuzz/fuzz.h"
#include "mail/taglist.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tag tags[32];
	size_t n;

	if (!tag_parse_list(fuzz_slice(data, size), tags, N_ELEMENTS(tags),
	    &n) && n != 0)
		abort();
	for (size_t i = 0; i < n; i++)
		if (tag_find(tags, n, tags[i].name) != &tags[i])
			abort();	/* a name twice */
	return 0;
}
