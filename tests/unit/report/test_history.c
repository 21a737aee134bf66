/* Paths that mail habitually comes by, from a real store. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "report/history.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define TODAY 20000u

static void
test_client_path(void **state)
{
	static const struct {
		const char *client, *path;
		unsigned bits;
	} cases[] = {
		{ "192.0.2.255", "192.0.2.0", 24 },
		{ "2001:db8:1:2:3::4", "2001:db8:1::", 48 },
		{ "::ffff:192.0.2.9", "192.0.2.0", 24 },
	};
	struct ip_address client = { .family = IP_NONE }, want;
	struct ip_network path;

	(void)state;
	assert_false(report_find_path(&client, &path));
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_true(ip_parse(slice_from_cstr(cases[i].client),
		    &client));
		assert_true(ip_parse(slice_from_cstr(cases[i].path), &want));
		assert_true(report_find_path(&client, &path));
		assert_true(ip_eq(&path.address, &want));
		assert_int_equal(path.prefix_bits, cases[i].bits);
	}
}

static void
make_pass(struct store_pass *pass, uint32_t day, const char *author,
    const char *client)
{
	struct ip_address address;

	*pass = (struct store_pass){ .day = day, .count = 1,
		.author_domain = slice_from_cstr(author) };
	assert_true(ip_parse(slice_from_cstr(client), &address));
	assert_true(report_find_path(&address, &pass->path));
}

static void
test_record(void **state)
{
	static const char *const clients[] = { "192.0.2.1", "2001:db8::1" };
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(clients); i++) {
		struct store_pass pass, again;
		struct slice octets, copy;
		struct strbuf out;

		make_pass(&pass, TODAY, "a.example", clients[i]);
		strbuf_init(&out, arena, REPORT_PASS_MAX_OCTETS);
		report_encode_pass(&pass, &out);
		assert_false(out.has_failed);
		octets = strbuf_slice(&out);
		copy = test_exact_copy(octets);
		assert_true(report_decode_pass(copy, &again));
		assert_int_equal(again.day, TODAY);
		assert_int_equal(again.count, 1);
		assert_int_equal(again.path.prefix_bits, pass.path.prefix_bits);
		assert_true(ip_eq(&again.path.address, &pass.path.address));
		test_assert_slice("domain", again.author_domain, "a.example");
		test_free_copy(copy);
		for (size_t n = 0; n < octets.len - strlen("a.example") + 1;
		    n++) {
			copy = test_exact_copy(slice_head(octets, n));
			if (n <= octets.len - strlen("a.example"))
				assert_false(report_decode_pass(copy, &again));
			test_free_copy(copy);
		}
	}
	arena_destroy(&arena);
}

static void
test_bad_record(void **state)
{
	static const struct store_pass none[] = {
		{ .author_domain = SLICE_INIT("a.example") },
		{ .path = { .address = { .family = IP_V4 } } },
	};
	struct arena *arena = test_arena();
	struct store_pass pass;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(none); i++) {
		struct strbuf out;

		strbuf_init(&out, arena, REPORT_PASS_MAX_OCTETS);
		report_encode_pass(&none[i], &out);
		assert_true(out.has_failed);
	}
	assert_false(report_decode_pass(SLICE("\0\0\0\0\0\0\0\0x"), &pass));
	assert_false(report_decode_pass(SLICE("\0\0\0\0\3\0\0\0x"), &pass));
	arena_destroy(&arena);
}

static bool
asks(const struct report_history *history, const char *author,
    const char *client)
{
	const struct policy_history *h = report_describe_history(history);
	struct ip_address address = { .family = IP_NONE };

	if (client != NULL)
		assert_true(ip_parse(slice_from_cstr(client), &address));
	return h->has_passed(h->context, slice_from_cstr(author), &address);
}

static void
test_ask(void **state)
{
	static const struct {
		const char *author, *client;
		uint32_t days[4];
	} passes[] = {
		{ "a.example", "192.0.2.1", { TODAY, TODAY - 1, TODAY - 9 } },
		{ "a.example", "198.51.100.1", { TODAY, TODAY - 1 } },
		{ "b.example", "2001:db8:7::1", { TODAY, TODAY - 2,
		    TODAY - 3, TODAY - 4 } },
		{ "old.example", "192.0.2.1", { TODAY - 31, TODAY - 32,
		    TODAY - 33 } },
	};
	struct report_history *history = report_create_history(REPORT_HISTORY_MAX);
	struct store *store = NULL;
	struct strbuf problem;
	struct arena *arena = test_arena();
	bool is_whole;
	size_t n;

	(void)state;
	strbuf_init(&problem, arena, 10000);
	assert_non_null(history);
	assert_false(asks(history, "a.example", "192.0.2.1"));
	assert_int_equal(store_open(temporary_url(), &store, &problem),
	    STORE_OK);
	assert_int_equal(report_load_history(history, store, TODAY - 30, &n,
	    &is_whole), STORE_OK);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < N_ELEMENTS(passes); i++)
		for (size_t k = 0; k < 4 && passes[i].days[k] != 0; k++) {
			struct store_pass pass;

			make_pass(&pass, passes[i].days[k], passes[i].author,
			    passes[i].client);
			assert_int_equal(store_write(store,
			    &(struct store_batch){ .passes = &pass,
			    .n_passes = 1 }), STORE_OK);
		}
	/* Known only once it was read. */
	assert_false(asks(history, "a.example", "192.0.2.1"));
	assert_int_equal(report_load_history(history, store, TODAY - 30, &n,
	    &is_whole), STORE_OK);
	assert_int_equal(n, 2);
	assert_true(is_whole);
	assert_true(asks(history, "a.example", "192.0.2.1"));
	assert_true(asks(history, "a.example", "192.0.2.254"));
	assert_true(asks(history, "b.example", "2001:db8:7:ffff::9"));
	assert_false(asks(history, "a.example", "192.0.3.1"));
	assert_false(asks(history, "a.example", "198.51.100.1"));
	assert_false(asks(history, "b.example", "192.0.2.1"));
	assert_false(asks(history, "b.example", "2001:db8:8::1"));
	assert_false(asks(history, "old.example", "192.0.2.1"));
	assert_false(asks(history, "example", "192.0.2.1"));
	assert_false(asks(history, "a.example", NULL));
	store_close(&store);
	report_destroy_history(&history);
	assert_null(history);
	arena_destroy(&arena);
}

/* Three days of more domains than are remembered, which come first in the
 * alphabet: those of more days stay. */
static void
test_flood(void **state)
{
	struct report_history *history = report_create_history(10);
	struct store *store = NULL;
	struct strbuf problem;
	struct arena *arena = test_arena();
	struct store_pass pass;
	bool is_whole;
	size_t n;

	(void)state;
	strbuf_init(&problem, arena, 10000);
	assert_int_equal(store_open(temporary_url(), &store, &problem),
	    STORE_OK);
	for (unsigned i = 0; i < 11 * 5 + 6; i++) {
		char name[32];

		snprintf(name, sizeof(name), "a%u.forger.example", i % 11);
		make_pass(&pass, TODAY - i / 11, i < 55 ? name :
		    "friend.example", "192.0.2.1");
		if (i >= 55)
			pass.day = TODAY - (i - 55);
		assert_int_equal(store_write(store, &(struct store_batch){
		    .passes = &pass, .n_passes = 1 }), STORE_OK);
	}
	assert_int_equal(report_load_history(history, store, TODAY - 30, &n,
	    &is_whole), STORE_OK);
	assert_false(is_whole);
	assert_int_equal(n, 1);
	assert_true(asks(history, "friend.example", "192.0.2.1"));
	assert_false(asks(history, "a1.forger.example", "192.0.2.1"));
	store_close(&store);
	report_destroy_history(&history);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_path),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_bad_record),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
