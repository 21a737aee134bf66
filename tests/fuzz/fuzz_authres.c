/* Authentication-Results: a field as received; and whatever is put into ours
 * must come out of it again as it was put in, in one field. */
#include "authres/authres.h"
#include "fuzz/fuzz.h"

static void
build_and_parse(struct arena *arena, struct slice text, bool allow_utf8)
{
	struct authres_builder b;
	struct authres parsed;
	struct slice value, rest = text;

	authres_begin(&b, arena, SLICE("mx.example.org"), allow_utf8);
	authres_add_method(&b, SLICE("dkim"), SLICE("fail"));
	authres_add_reason(&b, fuzz_take_part(&rest));
	authres_add_property(&b, SLICE("header"), SLICE("d"),
	    fuzz_take_part(&rest));
	authres_add_comment(&b, fuzz_take_part(&rest));
	if (!authres_finish(&b, &value))
		abort();
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] == '\r' || value.ptr[i] == '\0' ||
		    (value.ptr[i] == '\n' && (i + 1 == value.len ||
		    value.ptr[i + 1] != '\t')))
			abort();
	if (!authres_parse(arena, value, &parsed) || parsed.n_methods != 1 ||
	    !slice_eq(parsed.methods[0].result, SLICE("fail")) ||
	    parsed.methods[0].n_properties > 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct slice text = fuzz_slice(data, size);
	struct authres parsed;

	/* A field whose id is ours when parsed must be seen as ours. */
	if (authres_parse(arena, text, &parsed) &&
	    slice_eq_nocase(parsed.authserv_id, SLICE("mx.example.org")) &&
	    !authres_claims_id(text, SLICE("mx.example.org")))
		abort();
	authres_claims_id(text, SLICE("mx.example.org"));
	build_and_parse(arena, text, false);
	build_and_parse(arena, text, true);
	arena_destroy(&arena);
	return 0;
}
