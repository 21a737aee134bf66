/* DMARC records, at the author domain and on the walk, parted by 0xff. */
#include "dmarc/check.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	struct arena *arena = fuzz_arena();
	struct resolver *zone = zone_create();
	struct slice rest = fuzz_slice(data, size);
	struct mail_authors authors = {
		.domains = { SLICE("a.b.example.org") }, .n_domains = 1
	};
	const struct dmarc_identifier identifier = {
		.domain = SLICE("c.b.example.org"), .is_dkim = true
	};
	const struct dmarc_request request = {
		.author_status = MAIL_AUTHOR_OK, .authors = &authors,
		.identifiers = &identifier, .n_identifiers = 1,
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct dmarc_outcome outcome;

	if (zone == NULL)
		abort();
	fuzz_add_txt(zone, SLICE("_dmarc.a.b.example.org"),
	    fuzz_take_part(&rest));
	fuzz_add_txt(zone, SLICE("_dmarc.b.example.org"),
	    fuzz_take_part(&rest));
	fuzz_add_txt(zone, SLICE("_dmarc.example.org"), fuzz_take_part(&rest));
	fuzz_add_txt(zone, SLICE("_dmarc.org"), rest);
	dmarc_check(&request, &options, zone, arena, &outcome);
	if (outcome.deciding == NULL)
		abort();
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
	return 0;
}
