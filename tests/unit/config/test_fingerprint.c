/* tests/unit/config/test_fingerprint.c - what means the same, and what does
 * not. */
#include "config/fingerprint.h"

#include "base/strbuf.h"
#include "config/config.h"
#include "unit/test.h"

static uint64_t
hash_text(const char *name, const char *text, const char *group)
{
	struct arena *arena = test_arena();
	struct strbuf problems;
	struct config *config;
	uint64_t hash;

	strbuf_init(&problems, arena, 10000);
	config = config_load_text(name, slice_from_cstr(text), &problems);
	if (config == NULL)
		fail_msg("%s: %.*s", name,
		    SLICE_PRINTF(strbuf_slice(&problems)));
	hash = config_fingerprint(config, slice_from_cstr(group));
	config_unload(&config);
	arena_destroy(&arena);
	return hash;
}

#define MODE "mode = \"enforce\";"

static void
test_compare(void **state)
{
	static const struct {
		const char *name, *group, *a, *b;
		bool is_same;
	} cases[] = {
		{ "spaces and comments", "", MODE, " # so\n" MODE, true },
		{ "a word", "", MODE, "mode = \"monitor\";", false },
		{ "a default that is written down", "",
		    MODE, MODE "resolver: { timeout_ms = 5000; };", true },
		{ "a word's default", "",
		    MODE, MODE "dmarc: { reject = \"knowledge\"; };", true },
		{ "a number", "", MODE, MODE
		    "resolver: { timeout_ms = 5001; };", false },
		{ "a bool", "", MODE, MODE "spf: { enabled = false; };"
		    "dmarc: { enabled = false; };", false },
		{ "a size", "", MODE, MODE "limits: { header_fields = 999; };",
		    false },
		{ "a text", "", MODE, MODE "authserv_id = \"mx.example.org\";",
		    false },
		{ "a list", "", MODE "arc: { trusted_sealers = "
		    "[\"a.example\", \"b.example\"]; };",
		    MODE "arc: { trusted_sealers = [\"a.example\"]; };",
		    false },
		{ "a list's order", "", MODE "arc: { trusted_sealers = "
		    "[\"a.example\", \"b.example\"]; };",
		    MODE "arc: { trusted_sealers = "
		    "[\"b.example\", \"a.example\"]; };", false },
		{ "a list that is empty, or has its default", "",
		    MODE "trusted: { networks = []; };", MODE, false },
		{ "another group", "resolver", MODE, MODE
		    "dmarc: { reject = \"strict\"; };", true },
		{ "the group", "resolver", MODE, MODE
		    "resolver: { cache_mb = 17; };", false },
		{ "a key", "store", MODE "store = \"sqlite:/a.db\";", MODE
		    "store = \"sqlite:/b.db\";", false },
		{ "beside the key", "report.keep_days", MODE, MODE
		    "report: { max_rows = 700; };", true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if ((hash_text(cases[i].name, cases[i].a, cases[i].group) ==
		    hash_text(cases[i].name, cases[i].b, cases[i].group)) !=
		    cases[i].is_same)
			fail_msg("%s: wrong answer", cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
