/* The cases of dkim-cases.yml through the verifier and a zone in memory. */
#include <stdio.h>

#include "base/strbuf.h"
#include "dns/dns.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define SUITE "tests/suites/dkim-cases.yml"

/* How the body is cut: one piece, and pieces that fall anywhere. */
static const size_t chunk_octets[] = { SIZE_MAX, 1, 3 };

struct tally {
	unsigned n_passed, n_failed;
};

static struct slice
get_bool(bool value)
{
	return value ? SLICE("true") : SLICE("false");
}

/* What the outcome has under the name that the file uses for it. */
static struct slice
get_found(struct arena *arena, const struct dkim_outcome *outcome,
    struct slice key)
{
	const struct {
		struct slice key, found;
	} table[] = {
		{ SLICE("result"),
		  slice_from_cstr(dkim_result_name(outcome->result)) },
		{ SLICE("reason"),
		  slice_from_cstr(dkim_reason_text(outcome->reason)) },
		{ SLICE("domain"), outcome->domain },
		{ SLICE("selector"), outcome->selector },
		{ SLICE("identity"), outcome->identity },
		{ SLICE("algorithm"), outcome->algorithm },
		{ SLICE("testing"), get_bool(outcome->is_testing) },
		{ SLICE("covers-from"), get_bool(outcome->covers_from) },
		{ SLICE("key-exists"), get_bool(outcome->key_exists) },
		{ SLICE("header-hash-valid"),
		  get_bool(outcome->header_hash_valid) },
	};
	struct strbuf bits;

	for (size_t i = 0; i < N_ELEMENTS(table); i++)
		if (slice_eq(table[i].key, key))
			return table[i].found;
	if (!slice_eq(key, SLICE("key-bits")))
		fail_msg("unknown key %.*s", SLICE_PRINTF(key));
	strbuf_init(&bits, arena, 100);
	strbuf_append_uint(&bits, outcome->key_bits);
	return strbuf_slice(&bits);
}

static bool
check_outcome(struct arena *arena, struct slice name, size_t i,
    const struct yaml_value *want, const struct dkim_outcome *outcome)
{
	bool is_right = true;

	for (size_t j = 0; j < want->n; j++) {
		struct slice key = yaml_text(want->keys[j]);
		struct slice found = get_found(arena, outcome, key);

		if (slice_eq(found, yaml_text(want->items[j])))
			continue;
		printf("%.*s, signature %zu: %.*s is \"%.*s\", not \"%.*s\"\n",
		    SLICE_PRINTF(name), i + 1, SLICE_PRINTF(key),
		    SLICE_PRINTF(found),
		    SLICE_PRINTF(yaml_text(want->items[j])));
		is_right = false;
	}
	/* Only what verified may pass, whatever the file says. */
	return is_right && (outcome->result != DKIM_RESULT_PASS ||
	    (outcome->header_hash_valid && outcome->key_exists &&
	    outcome->covers_from));
}

static bool
check_outcomes(struct arena *arena, struct slice name,
    const struct yaml_value *wants, const struct dkim_outcome *outcomes,
    size_t n)
{
	bool is_right = true;

	if (wants == NULL || wants->kind != YAML_KIND_LIST || wants->n != n) {
		printf("%.*s: %zu signatures\n", SLICE_PRINTF(name), n);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!check_outcome(arena, name, i, wants->items[i],
		    &outcomes[i]))
			is_right = false;
	return is_right;
}

static bool
run_once(struct slice name, const struct yaml_value *test,
    struct resolver *zone, uint64_t now_s, size_t chunk)
{
	struct dkim_options options = DKIM_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	struct message_request request = {
		.resolver = zone, .options = &options,
		.text = case_get_message(arena, test), .chunk_octets = chunk,
		.is_header_whole = case_is_not_false(test, "header-whole"),
		.now_s = (int64_t)now_s,
	};
	const struct dkim_outcome *outcomes;
	size_t n;
	bool is_right;

	options.max_signatures = (unsigned)case_get_number(test, "max-signatures",
	    options.max_signatures);
	options.min_rsa_bits = (unsigned)case_get_number(test, "min-rsa-bits",
	    options.min_rsa_bits);
	options.max_rsa_bits = (unsigned)case_get_number(test, "max-rsa-bits",
	    options.max_rsa_bits);
	message_verify(arena, &request, &outcomes, &n);
	is_right = check_outcomes(arena, name, yaml_get(test, "signatures"),
	    outcomes, n);
	arena_destroy(&arena);
	return is_right;
}

static void
run_case(struct slice name, const struct yaml_value *test, uint64_t now_s,
    struct tally *tally)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zonedata_create_zone(arena,
	    yaml_get(test, "zonedata"));
	bool is_right = true;

	for (size_t i = 0; i < N_ELEMENTS(chunk_octets) && is_right; i++)
		is_right = run_once(name, test, zone, now_s, chunk_octets[i]);
	if (is_right)
		tally->n_passed++;
	else
		tally->n_failed++;
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *file = yaml_load(arena, SUITE)->items[0];
	const struct yaml_value *cases = yaml_get(file, "cases");
	uint64_t now_s = case_get_number(file, "now", 0);
	struct tally tally = { 0, 0 };

	for (size_t i = 0; cases != NULL && i < cases->n; i++)
		run_case(yaml_text(cases->keys[i]), cases->items[i], now_s,
		    &tally);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	arena_destroy(&arena);
	return tally.n_failed == 0 && tally.n_passed > 0 ? 0 : 1;
}
