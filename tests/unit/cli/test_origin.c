/* From whom a saved message came, by its own fields. */
#include "base/strbuf.h"
#include "cli/origin.h"
#include "inspect/message.h"
#include "inspect/relay.h"
#include "mail/field.h"
#include "unit/test.h"

#define RECEIVED(helo, address) "Received: from " helo " (unknown [" address \
	"])\n\tby mx.example.org (Postfix) with ESMTP id 1\n"

static const struct {
	const char *name, *header;
	const char *client, *helo, *sender;	/* what is found; "-": unknown */
} cases[] = {
	{ "nothing", "Subject: x\n", "-", "-", "-" },
	{ "one hop", "Return-Path: <a@example.com>\n"
	    RECEIVED("host.example.com", "192.0.2.1"),
	    "192.0.2.1", "host.example.com", "<a@example.com>" },
	{ "null sender", "Return-Path: <>\n", "-", "-", "<>" },
	{ "the topmost counts", RECEIVED("a.example.com", "192.0.2.1")
	    RECEIVED("b.example.com", "192.0.2.2"),
	    "192.0.2.1", "a.example.com", "-" },
	{ "own hosts are stepped over", RECEIVED("localhost", "127.0.0.1")
	    RECEIVED("in.example.org", "10.1.2.3")
	    RECEIVED("in.example.org", "172.31.0.1")
	    RECEIVED("in.example.org", "192.168.7.7")
	    RECEIVED("in.example.org", "IPv6:fd00::1")
	    RECEIVED("in.example.org", "IPv6:fe80::1")
	    RECEIVED("relay.example.org", "198.51.100.1")
	    RECEIVED("a.example.com", "192.0.2.1"),
	    "192.0.2.1", "a.example.com", "-" },
	{ "172.32 is not private", RECEIVED("a.example.com", "172.32.0.1"),
	    "172.32.0.1", "a.example.com", "-" },
	{ "what cannot be read is stepped over", "Received: by mx.example.org "
	    "(Postfix, from userid 0)\n"
	    RECEIVED("a.example.com", "IPv6:2001:db8::1"),
	    "2001:db8::1", "a.example.com", "-" },
	{ "the first Return-Path", "Return-Path: <a@example.com>\n"
	    "Return-Path: <b@example.com>\n", "-", "-", "<a@example.com>" },
};

static const struct ip_network relay_list[] = {
	{ { IP_V4, { 198, 51, 100, 0 } }, 24 },
};
static const struct relay_networks relays = { relay_list, 1 };

static void
read_fields(struct arena *arena, const char *text, struct mail_header *header)
{
	static const struct mail_header_limits limits = { 100, 10000 };
	struct slice body;

	mail_header_init(header, arena);
	if (!message_read_header(slice_from_cstr(text), &limits, header,
	    &body))
		fail_msg("no memory");
}

static struct slice
show(struct arena *arena, const struct ip_address *address,
    enum origin_source source)
{
	struct strbuf text;

	strbuf_init(&text, arena, 100);
	if (source == ORIGIN_UNKNOWN)
		return SLICE("-");
	ip_append(&text, address);
	return strbuf_slice(&text);
}

static struct slice
show_text(struct slice text, enum origin_source source)
{
	return source == ORIGIN_UNKNOWN ? SLICE("-") : text;
}

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct origin origin = { .client_from = ORIGIN_UNKNOWN };
		struct mail_header header;

		read_fields(arena, cases[i].header, &header);
		origin_find(&header, &relays, &origin);
		test_assert_slice(cases[i].name, show(arena, &origin.client,
		    origin.client_from), cases[i].client);
		test_assert_slice(cases[i].name, show_text(origin.helo,
		    origin.helo_from), cases[i].helo);
		test_assert_slice(cases[i].name, show_text(origin.sender,
		    origin.sender_from), cases[i].sender);
		arena_destroy(&arena);
	}
}

/* What is given stays, and the HELO of another client is not taken for that of
 * the one given. */
static void
test_given(void **state)
{
	struct arena *arena = test_arena();
	struct origin origin = {
		.client = { IP_V4, { 203, 0, 113, 1 } },
		.client_from = ORIGIN_GIVEN,
		.sender = SLICE_INIT("<c@example.net>"),
		.sender_from = ORIGIN_GIVEN,
	};
	struct mail_header header;

	(void)state;
	read_fields(arena, cases[1].header, &header);
	origin_find(&header, &relays, &origin);
	assert_int_equal(origin.client_from, ORIGIN_GIVEN);
	assert_int_equal(origin.client.octets[0], 203);
	assert_int_equal(origin.helo_from, ORIGIN_UNKNOWN);
	test_assert_slice("sender", origin.sender, "<c@example.net>");

	origin = (struct origin){
		.client = { IP_V4, { 192, 0, 2, 1 } },
		.client_from = ORIGIN_GIVEN,
	};
	origin_find(&header, &relays, &origin);
	assert_int_equal(origin.helo_from, ORIGIN_FIELD);
	test_assert_slice("helo", origin.helo, "host.example.com");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
