/* The ARC validation suite, arc-validation-tests.yml, through arc/chain and a
 * zone in memory. */
#include <stdio.h>

#include "arc/chain.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "dns/dns.h"
#include "dns/zone.h"
#include "mail/field.h"
#include "suites/yaml.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define SUITE "tests/suites/arc-validation-tests.yml"

struct tally {
	unsigned n_passed, n_failed;
};

static struct resolver *
create_zone(const struct yaml_value *records)
{
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	for (size_t i = 0; records != NULL && i < records->n; i++) {
		const struct dns_record record = {
			.text = yaml_text(records->items[i]) };

		assert_true(zone_add_record(zone, yaml_text(records->keys[i]),
		    DNS_TXT, &record, 300));
	}
	return zone;
}

/* The suite's messages have LF; what has no header begins with an empty line. */
static struct slice
with_crlf(struct arena *arena, struct slice text)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 2 * text.len + 2);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			strbuf_append_char(&buf, '\r');
		strbuf_append_char(&buf, text.ptr[i]);
	}
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

static void
validate(struct arena *arena, struct resolver *zone, struct slice text,
    struct arc_outcome *outcome)
{
	static const struct arc_options options = ARC_OPTIONS_DEFAULT;
	struct dkim_body *body = dkim_body_create(arena);
	struct mail_header header;
	struct arc_chain *chain;
	struct slice rest;

	assert_non_null(body);
	chain = arc_create(arena, &options, zone, body);
	assert_non_null(chain);
	message_split(arena, text, &header, &rest);
	for (size_t i = 0; i < header.n_fields; i++)
		if (arc_is_field(header.fields[i].name))
			arc_add_field(chain, &header.fields[i]);
	arc_end_header(chain, &header, true);
	dkim_body_update(body, rest);
	arc_finish(chain, dkim_body_finish(body), CLOCK_NEVER_MS, outcome);
}

static void
run_case(struct slice name, const struct yaml_value *test,
    struct resolver *zone, struct tally *tally)
{
	struct arena *arena = test_arena();
	struct slice want = yaml_get_text(test, "cv");
	struct arc_outcome outcome;

	/* cv_fail_i1_as_cv_fail leaves its cv: empty.  A chain whose newest
	 * seal says fail has failed (RFC 8617 5.2 step 2). */
	if (want.len == 0)
		want = SLICE("Fail");
	validate(arena, zone, with_crlf(arena, yaml_get_text(test,
	    "message")), &outcome);
	if (slice_eq_nocase(want, slice_from_cstr(arc_result_name(
	    outcome.result)))) {
		tally->n_passed++;
	} else {
		tally->n_failed++;
		printf("%.*s (line %u): %s, not %.*s: %s\n",
		    SLICE_PRINTF(name), test->line,
		    arc_result_name(outcome.result), SLICE_PRINTF(want),
		    arc_reason_text(outcome.reason));
	}
	arena_destroy(&arena);
}

int
main(void)
{
	struct arena *arena = test_arena();
	const struct yaml_value *scenarios = yaml_load(arena, SUITE);
	struct tally tally = { 0, 0 };

	for (size_t i = 0; i < scenarios->n; i++) {
		const struct yaml_value *scenario = scenarios->items[i];
		const struct yaml_value *tests = yaml_get(scenario, "tests");
		struct resolver *zone = create_zone(yaml_get(scenario,
		    "txt-records"));

		for (size_t j = 0; tests != NULL && j < tests->n; j++)
			run_case(yaml_text(tests->keys[j]), tests->items[j],
			    zone, &tally);
		dns_destroy_resolver(&zone);
	}
	arena_destroy(&arena);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	return tally.n_failed == 0 && tally.n_passed > 0 ? 0 : 1;
}
