/* Facts and configurations, parted by 0xff: what is taken is written alike. */
#include "base/strbuf.h"
#include "report/configuration.h"
#include "report/fact.h"
#include "fuzz/fuzz.h"

static void
check_configuration(struct arena *arena, struct slice text)
{
	struct report_configuration configuration;
	struct strbuf out;

	if (!report_parse_configuration(arena, text, &configuration))
		return;
	strbuf_init(&out, arena, REPORT_CONFIGURATION_MAX);
	report_append_configuration(&out, &configuration);
	if (out.has_failed || !slice_eq(strbuf_slice(&out), text))
		abort();
}

static void
check_fact(struct arena *arena, struct slice octets)
{
	struct report_fact fact;
	struct strbuf out;

	if (!report_decode_fact(octets, &fact))
		return;
	strbuf_init(&out, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(&fact, &out);
	if (out.has_failed || !slice_eq(strbuf_slice(&out), octets))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);

	check_configuration(arena, fuzz_take_part(&rest));
	check_fact(arena, rest);
	arena_destroy(&arena);
	return 0;
}
