/* tests/unit/inspect/test_limits.c - each limit against hostile mail: hit just
 * beyond it, and told. */
#include "unit/test.h"

#include <stdio.h>

#include "base/cursor.h"
#include "base/limit.h"
#include "base/strbuf.h"
#include "dns/cache.h"
#include "dns/throttle.h"
#include "inspect/forged.h"
#include "inspect/inspect.h"
#include "unit/asked.h"
#include "unit/inspect/sample.h"

static const char zone[] = SAMPLE_KEYS
    "example.org TXT v=spf1 -all\n"
    "two.example TXT one\n"
    "two.example TXT v=spf1 -all\n";

#define ARC(i) "ARC-Seal: i=" #i "; a=b\nARC-Message-Signature: i=" #i \
	"; a=b\nARC-Authentication-Results: i=" #i "; mx; none\n"

struct row {
	const char *name;
	void (*set)(struct inspect_options *options);
	const char *sender, *header;	/* NULL: the sample's */
	unsigned n_recipients, n_forged;
	bool is_spf_awaited;
	unsigned hit;
};

static void
set_header_octets(struct inspect_options *options)
{
	options->header.max_octets = 10;
}

static void
set_header_fields(struct inspect_options *options)
{
	options->header.max_fields = 2;
}

static void
set_memory(struct inspect_options *options)
{
	options->max_message_memory = 2500;
}

static void
set_signatures(struct inspect_options *options)
{
	options->dkim.max_signatures = 1;
}

static void
set_key_size(struct inspect_options *options)
{
	options->dkim.min_rsa_bits = 512;
	options->dkim.max_rsa_bits = 1023;
}

static void
set_arc_sets(struct inspect_options *options)
{
	options->arc.max_sets = 1;
}

static void
set_answer_octets(struct inspect_options *options)
{
	options->dns.max_answer_octets = 10;
}

static void
set_answer_records(struct inspect_options *options)
{
	options->dns.max_answer_records = 1;
}

static void
set_questions(struct inspect_options *options)
{
	options->dns.max_questions = 2;
}

static void
set_network_questions(struct inspect_options *options)
{
	options->throttle = throttle_create(
	    &(struct throttle_options){ .per_second = 1, .burst = 2 });
	assert_non_null(options->throttle);
}

static void
set_mail_time(struct inspect_options *options)
{
	options->spf.budget_ms = 0;
}

static void
set_message_time(struct inspect_options *options)
{
	options->finish_budget_ms = 0;
}

static void
set_nothing(struct inspect_options *options)
{
	(void)options;
}

#define BIT(limit) (1U << LIMIT_##limit)

static const struct row rows[] = {
	{ "the sample hits none", .set = set_nothing, .is_spf_awaited = true },
	{ "header octets", .set = set_header_octets,
	    .header = "Subject: 0123456789\n", .hit = BIT(HEADER_OCTETS) },
	{ "header octets, none beyond", .set = set_header_octets,
	    .header = "a: 01234567\n" },
	{ "header fields", .set = set_header_fields,
	    .header = "a: b\na: b\na: b\n", .hit = BIT(HEADER_FIELDS) },
	{ "header fields, none beyond", .set = set_header_fields,
	    .header = "a: b\na: b\n" },
	{ "memory", .set = set_memory, .hit = BIT(MESSAGE_MEMORY) },
	{ "recipients", .set = set_nothing,
	    .n_recipients = INSPECT_MAX_RECIPIENTS + 1,
	    .hit = BIT(RECIPIENTS) },
	{ "recipients, none beyond", .set = set_nothing,
	    .n_recipients = INSPECT_MAX_RECIPIENTS },
	{ "forged fields", .set = set_nothing,
	    .n_forged = FORGED_MAX_FIELDS + 1,
	    .hit = BIT(FORGED_FIELDS) | BIT(HEADER_FIELDS) },
	{ "signatures", .set = set_signatures, .hit = BIT(SIGNATURES) },
	{ "key size", .set = set_key_size, .hit = BIT(KEY_SIZE) },
	{ "ARC sets", .set = set_arc_sets, .header = ARC(1) ARC(2),
	    .hit = BIT(ARC_SETS) },
	{ "ARC sets, none beyond", .set = set_arc_sets, .header = ARC(1) },
	{ "answer octets", .set = set_answer_octets,
	    .hit = BIT(ANSWER_OCTETS) },
	{ "answer records", .set = set_answer_records,
	    .sender = "<a@two.example>", .hit = BIT(ANSWER_RECORDS) },
	{ "questions", .set = set_questions, .hit = BIT(QUESTIONS) },
	{ "questions, none beyond", .set = set_questions, .sender = "<>",
	    .header = "Subject: x\n" },
	{ "network questions", .set = set_network_questions,
	    .hit = BIT(NETWORK_QUESTIONS) },
	{ "time at MAIL", .set = set_mail_time, .is_spf_awaited = true,
	    .hit = BIT(MAIL_TIME) },
	{ "time at MAIL, not waited for", .set = set_mail_time },
	{ "time at the end", .set = set_message_time,
	    .hit = BIT(MESSAGE_TIME) },
};

static void
begin(struct inspect *in, const struct row *row)
{
	const struct ip_address client = { IP_V4, { 192, 0, 2, 1 } };
	const struct spf_outcome *spf;

	inspect_connect(in, &client);
	inspect_helo(in, SLICE("mail.example.org"));
	assert_int_equal(inspect_mail(in, slice_from_cstr(row->sender != NULL ?
	    row->sender : "<a@example.org>"), false, SLICE("mx")),
	    INSPECT_OK);
	if (row->is_spf_awaited)
		assert_int_equal(inspect_get_spf(in, &spf), INSPECT_OK);
	for (unsigned i = 0; i < row->n_recipients; i++)
		assert_int_equal(inspect_add_recipient(in,
		    SLICE("<b@example.org>")), INSPECT_OK);
}

/* What is out of memory is told at the end. */
static void
add_header(struct inspect *in, const struct row *row)
{
	struct cursor cur = cursor_of(slice_from_cstr(row->header != NULL ?
	    row->header : SAMPLE_HEADER));

	while (!cursor_at_end(&cur)) {
		struct slice name = cursor_take_until(&cur, ':'), value;
		const char *start = ++cur.pos;

		do {
			cursor_take_until(&cur, '\n');
			value = (struct slice){ start,
			    (size_t)(cur.pos - start) };
			cursor_take_char(&cur, '\n');
		} while (cursor_peek(&cur) == ' ');
		(void)inspect_add_field(in, name, value);
	}
	for (unsigned i = 0; i < row->n_forged; i++)
		(void)inspect_add_field(in, SLICE("Authentication-Results"),
		    SLICE(" mx; spf=pass"));
	(void)inspect_end_header(in);
}

static void
check_row(const struct row *row)
{
	struct arena *arena = test_arena();
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	const struct cache_options cache_options = CACHE_OPTIONS_DEFAULT;
	struct resolver *resolver = cache_create(test_zone(zone),
	    &cache_options);
	const struct inspect_results *results;
	struct strbuf got, want;
	struct inspect *in;

	assert_non_null(resolver);
	row->set(&options);
	in = inspect_create(&options, resolver, SLICE("mx"));
	assert_non_null(in);
	begin(in, row);
	add_header(in, row);
	inspect_add_body(in, SLICE(SAMPLE_BODY));
	(void)inspect_finish(in, &results);
	strbuf_init(&got, arena, 1000);
	strbuf_init(&want, arena, 1000);
	limit_append_names(&got, inspect_peek(in)->limits_hit);
	limit_append_names(&want, row->hit);
	assert_false(got.has_failed || want.has_failed);
	test_assert_slice(row->name, strbuf_slice(&got), want.len != 0 ?
	    strbuf_cstr(&want) : "");

	/* Each message begins anew. */
	assert_int_equal(inspect_mail_unchecked(in, SLICE("<>"), false,
	    SLICE("mx")), INSPECT_OK);
	assert_int_equal(inspect_peek(in)->limits_hit, 0);
	inspect_destroy(&in);
	throttle_destroy(&options.throttle);
	dns_destroy_resolver(&resolver);
	arena_destroy(&arena);
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* No limit of a message is without its row; those of the process come behind
 * them, and other tests hit them. */
static void
test_all_are_tried(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		tried |= rows[i].hit;
	assert_int_equal(tried, limit_bit(LIMIT_SESSIONS) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_all_are_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
