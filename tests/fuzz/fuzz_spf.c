/* SPF records, macros and explanations: the record, then the explanation, then
 * the local part, parted by 0xff. */
#include "fuzz/fuzz.h"
#include "spf/check.h"

static void
check(struct arena *arena, struct resolver *zone, const char *client,
    struct slice mail_from)
{
	static const struct spf_options options = SPF_OPTIONS_DEFAULT;
	struct spf_request request = {
		.identity = SPF_IDENTITY_MAIL_FROM,
		.helo = SLICE("mail.example.org"),
		.mail_from = mail_from,
		.receiver = SLICE("mx.example.org"),
		.now_s = FUZZ_NOW_S,
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct spf_outcome outcome;

	if (!ip_parse(slice_from_cstr(client), &request.client))
		abort();
	spf_check(&request, &options, zone, arena, &outcome);
	if (outcome.n_terms > options.max_terms + 1)
		abort();
	for (size_t i = 0; i < outcome.explanation.len; i++)
		if (outcome.explanation.ptr[i] < ' ' ||
		    outcome.explanation.ptr[i] > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct resolver *zone = zone_create();
	struct slice rest = fuzz_slice(data, size);
	struct slice record = fuzz_take_part(&rest);
	struct slice explanation = fuzz_take_part(&rest);
	struct slice local, address;
	char *text;

	if (zone == NULL)
		abort();
	fuzz_add_txt(zone, SLICE("example.org"), record);
	fuzz_add_txt(zone, SLICE("exp.example.org"), explanation);
	fuzz_add_txt(zone, SLICE("i.example.org"), record);
	fuzz_add_a(zone, SLICE("a.example.org"));
	local = slice_head(rest, 1000);
	if ((text = arena_copy_cstr(arena, local)) == NULL ||
	    (text = arena_grow_array(arena, text, local.len, local.len + 12,
	    1)) == NULL)
		abort();
	for (size_t i = 0; i < 12; i++)
		text[local.len + i] = "@example.org"[i];
	address = (struct slice){ text, local.len + 12 };
	check(arena, zone, "192.0.2.1", address);
	check(arena, zone, "2001:db8::1", address);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
	return 0;
}
