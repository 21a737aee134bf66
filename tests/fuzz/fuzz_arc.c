/* A message's chain, field by field: the record of sel._domainkey.example.org
 * first, then the message's header and body as lines, parted by 0xff. */
#include "arc/chain.h"
#include "dkim/body.h"
#include "fuzz/fuzz.h"
#include "mail/field.h"

static const struct mail_header_limits limits = {
	.max_fields = 1000, .max_octets = 256 * 1024
};

/* Fields are parted by an LF that no blank follows; the rest, behind an empty
 * line, is the body. */
static struct slice
read_header(struct mail_header *header, struct slice text)
{
	while (text.len != 0 && text.ptr[0] != '\n') {
		size_t end = 0, colon;

		while (end < text.len && !(text.ptr[end] == '\n' &&
		    (end + 1 == text.len || (text.ptr[end + 1] != ' ' &&
		    text.ptr[end + 1] != '\t'))))
			end++;
		colon = slice_find(slice_head(text, end), ':');
		if (colon == SIZE_MAX ||
		    mail_header_add(header, &limits, slice_head(text, colon),
		    slice_from(slice_head(text, end), colon + 1)) !=
		    MAIL_HEADER_OK)
			break;
		text = slice_from(text, end + 1);
	}
	return slice_from(text, 1);
}

/* A result and what belongs to it. */
static void
check(const struct arc_outcome *outcome)
{
	if ((outcome->result == ARC_NONE || outcome->result == ARC_PASS) !=
	    (outcome->reason == ARC_REASON_NONE))
		abort();
	if (outcome->result == ARC_PASS && outcome->n_sets == 0)
		abort();
	if (outcome->oldest_pass > outcome->n_sets ||
	    outcome->n_sets > ARC_MAX_SETS)
		abort();
	for (size_t i = 0; i < outcome->n_sets; i++)
		if (outcome->sets[i].sealer.len == 0 ||
		    outcome->sets[i].message_domain.len == 0 ||
		    outcome->sets[i].seal == NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct arena *arena = fuzz_arena();
	struct resolver *zone = zone_create();
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct slice rest = fuzz_slice(data, size);
	struct mail_header header;
	struct arc_outcome outcome;
	struct arc_chain *chain;

	if (zone == NULL || body == NULL)
		abort();
	fuzz_add_txt(zone, SLICE("sel._domainkey.example.org"),
	    fuzz_take_part(&rest));
	chain = arc_create(arena, &options, zone, body);
	if (chain == NULL)
		abort();
	mail_header_init(&header, arena);
	rest = read_header(&header, rest);
	for (size_t i = 0; i < header.n_fields; i++)
		arc_add_field(chain, &header.fields[i]);
	arc_end_header(chain, &header, true);
	dkim_body_update(body, rest);
	arc_finish(chain, dkim_body_finish(body), CLOCK_NEVER_MS, &outcome);
	check(&outcome);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
	return 0;
}
