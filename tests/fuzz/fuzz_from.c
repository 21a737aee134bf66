/* From fields and SMTP paths.  What is accepted has domains that are ones. */
#include "fuzz/fuzz.h"
#include "mail/address.h"
#include "mail/domain.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct mail_authors authors;
	struct mail_path path;

	if (mail_parse_authors(arena, fuzz_slice(data, size), &authors) ==
	    MAIL_AUTHOR_OK) {
		if (authors.n_domains == 0 ||
		    authors.n_domains > MAIL_MAX_AUTHOR_DOMAINS)
			abort();
		for (size_t i = 0; i < authors.n_domains; i++) {
			struct slice again;

			if (!domain_normalize(arena, authors.domains[i],
			    &again) || !slice_eq(again, authors.domains[i]))
				abort();
		}
	}
	mail_parse_path(fuzz_slice(data, size), &path);
	arena_destroy(&arena);
	return 0;
}
