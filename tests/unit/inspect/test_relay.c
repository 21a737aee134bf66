/* tests/unit/inspect/test_relay.c - whose mail a relay of ours hands in. */
#include "unit/test.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "unit/asked.h"

static const struct mail_header_limits limits = { 1000, 100000 };

static struct ip_network
network(const char *text)
{
	struct ip_network result;

	assert_true(ip_parse_network(slice_from_cstr(text), &result));
	return result;
}

/* Lines "NAME:VALUE" as a header. */
static void
fill_header(struct mail_header *header, struct arena *arena,
    const char *lines)
{
	struct cursor cur = cursor_of(slice_from_cstr(lines));

	mail_header_init(header, arena);
	while (!cursor_at_end(&cur)) {
		struct slice name = cursor_take_until(&cur, ':');

		cursor_take_char(&cur, ':');
		assert_int_equal(mail_header_add(header, &limits, name,
		    cursor_take_until(&cur, '\n')), MAIL_HEADER_OK);
		cursor_take_char(&cur, '\n');
	}
}

#define RELAY "Received: from relay (relay [198.51.100.1]) by backup\n"
#define BACKUP "Received: from backup (backup [2001:db8:1::5]) by other\n"
#define LOCAL "Received: from localhost (localhost [127.0.0.1]) by relay\n"
#define LOCAL6 "Received: from localhost (localhost [IPv6:::1]) by relay\n"
#define OTHER "Received: from evil.example (x [192.0.2.66]) by relay\n"
#define FORGED "Received: from good.example (good [203.0.113.1]) by x\n"
#define FIVE LOCAL LOCAL LOCAL LOCAL LOCAL

static void
test_find_client(void **state)
{
	static const struct {
		const char *name, *header;
		const char *client, *helo;	/* NULL: unknown */
		bool is_hearsay;
	} cases[] = {
		{ "one hop", OTHER FORGED, "192.0.2.66", "evil.example", false },
		{ "other fields above", "Return-Path: <a@b>\n"
		    "X-Received: from a (b [192.0.2.9]) by c\n" OTHER,
		    "192.0.2.66", "evil.example", false },
		{ "any case", "RECEIVED: from a (b [192.0.2.9]) by c\n",
		    "192.0.2.9", "a", false },
		{ "two relays", RELAY OTHER FORGED, "192.0.2.66",
		    "evil.example", false },
		{ "three relays", BACKUP RELAY OTHER FORGED, "192.0.2.66",
		    "evil.example", false },
		{ "a filter on the relay", LOCAL OTHER, "192.0.2.66",
		    "evil.example", true },
		{ "a filter by IPv6", LOCAL6 OTHER, "192.0.2.66",
		    "evil.example", true },
		{ "a filter on the second relay", RELAY LOCAL OTHER,
		    "192.0.2.66", "evil.example", true },
		{ "a relay behind a filter", LOCAL RELAY OTHER, "192.0.2.66",
		    "evil.example", true },
		{ "nobody behind a filter", LOCAL, NULL, NULL, false },
		{ "only relays", RELAY RELAY, NULL, NULL, false },
		{ "a field that cannot be read", "Received: by relay (local)\n"
		    OTHER, NULL, NULL, false },
		{ "one between that cannot be read", RELAY
		    "Received: from ? by relay\n" OTHER, NULL, NULL, false },
		{ "no field", "Subject: x\n", NULL, NULL, false },
		{ "nothing", "", NULL, NULL, false },
		{ "ten hops", FIVE LOCAL LOCAL LOCAL LOCAL OTHER,
		    "192.0.2.66", "evil.example", true },
		{ "one too many", FIVE FIVE OTHER, NULL, NULL, false },
	};
	const struct ip_network networks[] = { network("198.51.100.0/24"),
		network("2001:db8:1::/48") };
	const struct relay_networks relays = { networks, 2 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct relay_client found;
		struct mail_header header;
		struct strbuf client;

		fill_header(&header, arena, cases[i].header);
		if (relay_find_client(&relays, &header, &found) !=
		    (cases[i].client != NULL))
			fail_msg("%s", cases[i].name);
		strbuf_init(&client, arena, 100);
		ip_append(&client, &found.seen.client);
		test_assert_slice(cases[i].name, strbuf_slice(&client),
		    cases[i].client != NULL ? cases[i].client : "unknown");
		test_assert_slice(cases[i].name, found.seen.helo,
		    cases[i].helo != NULL ? cases[i].helo : "");
		if (found.is_hearsay != cases[i].is_hearsay)
			fail_msg("%s: hearsay or not", cases[i].name);
		arena_destroy(&arena);
	}
}

static void
test_is_own(void **state)
{
	const struct ip_network networks[] = { network("198.51.100.0/24") };
	const struct relay_networks relays = { networks, 1 }, none = { NULL, 0 };
	struct ip_address own, other, unknown = { .family = IP_NONE };

	(void)state;
	assert_true(ip_parse(SLICE("198.51.100.9"), &own));
	assert_true(ip_parse(SLICE("127.0.0.1"), &other));
	assert_true(relay_is_own(&relays, &own));
	assert_false(relay_is_own(&relays, &other));
	assert_false(relay_is_own(&relays, &unknown));
	assert_false(relay_is_own(&none, &own));
}

/* ---- a message that comes by a relay ------------------------------------- */

static const char zone[] =
    "example.org TXT v=spf1 ip4:192.0.2.1 -all\n"
    "mail.example.org TXT v=spf1 ip4:192.0.2.1 -all\n"
    "relay.example TXT v=spf1 ip4:198.51.100.0/24 -all\n";

#define GOOD "Received: from mail.example.org (x [192.0.2.1]) by relay\n"

static void
send_header(struct inspect *in, const char *lines)
{
	struct cursor cur = cursor_of(slice_from_cstr(lines));

	while (!cursor_at_end(&cur)) {
		struct slice name = cursor_take_until(&cur, ':');

		cursor_take_char(&cur, ':');
		assert_int_equal(inspect_add_field(in, name,
		    cursor_take_until(&cur, '\n')), INSPECT_OK);
		cursor_take_char(&cur, '\n');
	}
}

static void
test_message(void **state)
{
	static const struct {
		const char *name, *from, *sender, *header;
		bool is_relayed;
		enum spf_result spf, helo_spf;
		const char *client, *helo;
	} cases[] = {
		{ "the client's address counts", "198.51.100.1",
		    "<a@example.org>", GOOD, true, SPF_PASS, SPF_PASS,
		    "192.0.2.1", "mail.example.org" },
		{ "null sender: the client's HELO", "198.51.100.1", "<>",
		    GOOD, true, SPF_PASS, SPF_PASS, "192.0.2.1",
		    "mail.example.org" },
		{ "a forger behind the relay", "198.51.100.1",
		    "<a@example.org>", OTHER GOOD, true, SPF_FAIL, SPF_NONE,
		    "192.0.2.66", "evil.example" },
		{ "a relay that tells nothing", "198.51.100.1",
		    "<a@example.org>", "Subject: x\n", true, SPF_NONE,
		    SPF_NONE, "unknown", "" },
		{ "nor is its own HELO taken", "198.51.100.1", "<>",
		    "Subject: x\n", true, SPF_NONE, SPF_NONE, "unknown",
		    "" },
		{ "no relay of ours: what it says is not read", "192.0.2.66",
		    "<a@example.org>", GOOD, false, SPF_FAIL, SPF_FAIL,
		    "192.0.2.66", "relay.example" },
	};
	const struct ip_network networks[] = { network("198.51.100.0/24") };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
		struct resolver *resolver = test_zone(zone);
		struct inspect *in;
		const struct inspect_results *results;
		const struct spf_outcome *spf;
		struct ip_address from;
		struct strbuf client;

		options.relays = (struct relay_networks){ networks, 1 };
		in = inspect_create(&options, resolver, SLICE("mx"));
		assert_non_null(in);
		assert_true(ip_parse(slice_from_cstr(cases[i].from), &from));
		assert_int_equal(inspect_connect(in, &from), INSPECT_OK);
		assert_int_equal(inspect_helo(in, SLICE("relay.example")),
		    INSPECT_OK);
		assert_int_equal(inspect_mail(in,
		    slice_from_cstr(cases[i].sender), false, SLICE("mx")),
		    INSPECT_OK);
		assert_int_equal(inspect_get_spf(in, &spf),
		    cases[i].is_relayed ? INSPECT_OUT_OF_ORDER : INSPECT_OK);
		send_header(in, "From: a@example.org\n");
		send_header(in, cases[i].header);
		assert_int_equal(inspect_end_header(in), INSPECT_OK);
		assert_int_equal(inspect_get_spf(in, &spf), INSPECT_OK);
		assert_int_equal(inspect_finish(in, &results), INSPECT_OK);
		if (results->spf.result != cases[i].spf ||
		    results->helo_spf.result != cases[i].helo_spf)
			fail_msg("%s: spf=%s helo_spf=%s", cases[i].name,
			    spf_result_name(results->spf.result),
			    spf_result_name(results->helo_spf.result));
		assert_int_equal(results->is_relayed, cases[i].is_relayed);
		strbuf_init(&client, arena, 100);
		ip_append(&client, &results->client);
		test_assert_slice(cases[i].name, strbuf_slice(&client),
		    cases[i].client);
		test_assert_slice(cases[i].name, results->helo,
		    cases[i].helo);
		if (cases[i].is_relayed)
			assert_true(ip_eq(&results->relay, &from));
		inspect_destroy(&in);
		dns_destroy_resolver(&resolver);
		arena_destroy(&arena);
	}
}

/* Nothing is asked about a relay itself, and its client before he is known. */
static void
test_questions(void **state)
{
	const struct ip_network networks[] = { network("198.51.100.0/24") };
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct resolver *asked = asked_create(test_zone(zone));
	struct ip_address from;
	struct inspect *in;

	(void)state;
	options.relays = (struct relay_networks){ networks, 1 };
	in = inspect_create(&options, asked, SLICE("mx"));
	assert_non_null(in);
	assert_true(ip_parse(SLICE("198.51.100.1"), &from));
	inspect_connect(in, &from);
	inspect_helo(in, SLICE("relay.example"));
	inspect_mail(in, SLICE("<a@example.org>"), false, SLICE("mx"));
	send_header(in, GOOD);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 0);
	inspect_end_header(in);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE("example.org")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT,
	    SLICE("mail.example.org")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 2);

	/* What is not checked is nobody's relayed mail. */
	inspect_mail_unchecked(in, SLICE("<>"), false, SLICE("mx"));
	assert_false(inspect_peek(in)->is_relayed);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_client),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_is_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
