/* Bounces (RFC 3464) of reports, and what is believed of them. */
#include "base/strbuf.h"
#include "report/bounce.h"
#include "report/input.h"
#include "report/store_bounce.h"
#include "report/store_secret.h"
#include "report/token.h"
#include "unit/report/store_cases.h"
#include "unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "From: MAILER-DAEMON@mx.example.net\r\n" \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n" \
	"\tboundary=\"b\"\r\n\r\n" \
	"--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n"
#define STATUS(action, status) \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n" \
	"Reporting-MTA: dns; mx.example.net\r\n\r\n" \
	"Final-Recipient: rfc822; r@example.org\r\n" \
	"Action: " action "\r\nStatus: " status "\r\n" \
	"Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user\r\n\r\n"
#define ID "0123456789abcdef0123456789abcdef"
#define RETURNED "--b\r\nContent-Type: message/rfc822\r\n\r\n" \
	"Subject: Report Domain: a\r\n" \
	"Message-ID: <" ID ".00112233445566aa@mx.example.net>\r\n" \
	"\r\nbody\r\n--b--\r\n"

static const struct {
	const char *name, *text;
	enum bounce_kind kind;
	const char *status, *id, *token;
} cases[] = {
	{ "Postfix", HEAD STATUS("failed", "5.1.1") RETURNED,
	    BOUNCE_PERMANENT, "5.1.1", ID, "00112233445566aa" },
	{ "headers only", HEAD STATUS("Failed (no such user)", "5.0.0 (x)")
	    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
	    "MESSAGE-id:\r\n <" ID ".00112233445566AA@mx>\r\n\r\n--b--\r\n",
	    BOUNCE_PERMANENT, "5.0.0", ID, "00112233445566AA" },
	{ "delayed", HEAD STATUS("delayed", "4.4.1") RETURNED,
	    BOUNCE_PASSING, "4.4.1", ID, "00112233445566aa" },
	{ "failed for now", HEAD STATUS("failed", "4.4.7") RETURNED,
	    BOUNCE_PASSING, "4.4.7", ID, "00112233445566aa" },
	{ "relayed", HEAD STATUS("relayed", "2.1.9") RETURNED,
	    BOUNCE_PASSING, "2.1.9", ID, "00112233445566aa" },
	{ "delivered", HEAD STATUS("delivered", "5.0.0") RETURNED,
	    BOUNCE_PASSING, "5.0.0", ID, "00112233445566aa" },
	{ "two recipients, one failed", HEAD
	    "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	    "Reporting-MTA: dns; a\r\n\r\nAction: relayed\r\nStatus: 2.0.0"
	    "\r\n\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
	    "Action: relayed\r\nStatus: 2.0.0\r\n\r\n" RETURNED,
	    BOUNCE_PERMANENT, "5.2.2", ID, "00112233445566aa" },
	{ "nothing returned", HEAD STATUS("failed", "5.1.1") "--b--\r\n",
	    BOUNCE_PERMANENT, "5.1.1", "", "" },
	{ "another one's message", HEAD STATUS("failed", "5.1.1")
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Message-ID: <abc@example.org>\r\n\r\n--b--\r\n",
	    BOUNCE_PERMANENT, "5.1.1", "", "" },
	{ "a report without a token", HEAD STATUS("failed", "5.1.1")
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Message-ID: <" ID "@mx.example.net>\r\n\r\n--b--\r\n",
	    BOUNCE_PERMANENT, "5.1.1", "", "" },
	{ "a token too short", HEAD STATUS("failed", "5.1.1")
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Message-ID: <" ID ".00@mx.example.net>\r\n\r\n--b--\r\n",
	    BOUNCE_PERMANENT, "5.1.1", "", "" },
	{ "no action", HEAD "--b\r\nContent-Type: message/delivery-status"
	    "\r\n\r\nStatus: 5.1.1\r\n\r\n" RETURNED, BOUNCE_NONE, "", ID,
	    "00112233445566aa" },
	{ "no status", HEAD "--b\r\nContent-Type: message/delivery-status"
	    "\r\n\r\nAction: failed\r\n\r\n" RETURNED, BOUNCE_PASSING, "",
	    ID, "00112233445566aa" },
	{ "a mail of another kind", "Subject: hello\r\n\r\nAction: failed\r\n"
	    "Status: 5.1.1\r\n", BOUNCE_NONE, "", "", "" },
	{ "empty", "", BOUNCE_NONE, "", "", "" },
};

static void
test_read(void **state)
{
	static const struct report_limits limits = REPORT_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice text =
		    test_exact_copy(slice_from_cstr(cases[i].text));
		struct strbuf problem;
		struct bounce bounce;

		strbuf_init(&problem, arena, 1000);
		bounce_read(input_from_slice(arena, &limits, &problem, &text),
		    &bounce);
		if (bounce.kind != cases[i].kind)
			fail_msg("%s: wrong kind %d", cases[i].name,
			    (int)bounce.kind);
		test_assert_slice(cases[i].name, bounce.status,
		    cases[i].status);
		test_assert_slice(cases[i].name, bounce.report_id,
		    cases[i].id);
		test_assert_slice(cases[i].name, bounce.token,
		    cases[i].token);
		test_free_copy(text);
		arena_destroy(&arena);
	}
}

/* A token is good for its report, its destination and its store alone. */
static void
test_token(void **state)
{
	static const struct siphash_key secret = { 1, 2 }, other = { 1, 3 };
	struct arena *arena = test_arena();
	struct strbuf token;
	struct slice good, id = SLICE(ID), to = SLICE("r@example.org");

	(void)state;
	strbuf_init(&token, arena, 100);
	report_append_token(&token, &secret, id, to);
	good = strbuf_slice(&token);
	assert_int_equal(good.len, REPORT_TOKEN_OCTETS);
	assert_true(report_check_token(&secret, id, to, good));
	assert_false(report_check_token(&other, id, to, good));
	assert_false(report_check_token(&secret, SLICE("0"), to, good));
	assert_false(report_check_token(&secret, id, SLICE("s@example.org"),
	    good));
	assert_false(report_check_token(&secret, id, to,
	    slice_head(good, 15)));
	assert_false(report_check_token(&secret, id, to,
	    SLICE("000000000000000g")));
	assert_false(report_check_token(&secret, id, to, SLICE_EMPTY));
	arena_destroy(&arena);
}

static void
set(struct store *store, const char *id, const char *to,
    enum store_delivery delivery, int64_t time_s)
{
	const struct store_delivery_key store_key = {
		.day = 20000, .policy_domain = SLICE("example.org"),
		.report_id = slice_from_cstr(id),
		.destination = slice_from_cstr(to),
	};

	assert_int_equal(store_set_delivery(store, &store_key, delivery,
	    time_s, SLICE_EMPTY), STORE_OK);
}

/* The ledger by report, and the secret that outlives a connection. */
static void
test_store(void **state)
{
	char directory[] = "/tmp/assay-test-bounce-XXXXXX", url[100], path[100];
	static const char *const suffixes[] = { "", "-wal", "-shm",
		"-reports" };
	struct arena *arena = test_arena();
	struct siphash_key first, second;
	struct slice *found;
	struct store *store;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(url, sizeof(url), "sqlite:%s/db", directory);
	store = store_cases_open(url);
	set(store, "a", "r@x", STORE_DELIVERY_SENT, 1000);
	set(store, "a", "s@x", STORE_DELIVERY_HANDED, 1000);
	set(store, "a", "t@x", STORE_DELIVERY_DROPPED, 1000);
	set(store, "a", "u@x", STORE_DELIVERY_SENT, 999);
	set(store, "a", "", STORE_DELIVERY_SENT, 1000);
	set(store, "b", "v@x", STORE_DELIVERY_SENT, 1000);
	assert_int_equal(store_find_destinations(store, SLICE("a"), 1000, 10,
	    arena, &found, &n), STORE_OK);
	assert_int_equal(n, 2);
	test_assert_slice("sent", found[0], "r@x");
	test_assert_slice("handed", found[1], "s@x");
	assert_int_equal(store_find_destinations(store, SLICE("a"), 0, 1,
	    arena, &found, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_find_destinations(store, SLICE("c"), 0, 10,
	    arena, &found, &n), STORE_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_get_secret(store, &first), STORE_OK);
	store_close(&store);
	store = store_cases_open(url);
	assert_int_equal(store_get_secret(store, &second), STORE_OK);
	store_close(&store);
	assert_memory_equal(&first, &second, sizeof(first));
	assert_true(first.k0 != 0 || first.k1 != 0);
	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		snprintf(path, sizeof(path), "%s/db%s", directory,
		    suffixes[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(directory), 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
