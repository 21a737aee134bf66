/* Whom to ask: the notation of servers, and resolv.conf(5). */
#include "unit/test.h"

#include "base/strbuf.h"
#include "dns/server.h"

static const struct {
	struct slice text;
	bool want;
} servers[] = {
	{ SLICE_INIT("192.0.2.53"), true },
	{ SLICE_INIT("192.0.2.53@5353"), true },
	{ SLICE_INIT("2001:db8::53"), true },
	{ SLICE_INIT("2001:db8::53@65535"), true },
	{ SLICE_INIT("::1@1"), true },
	{ SLICE_INIT("fe80::1%eth0"), true },
	{ SLICE_INIT("fe80::1%eth0.1@53"), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT("@53"), false },
	{ SLICE_INIT("192.0.2.53@"), false },
	{ SLICE_INIT("192.0.2.53@0"), false },
	{ SLICE_INIT("192.0.2.53@65536"), false },
	{ SLICE_INIT("192.0.2.53@5353@53"), false },
	{ SLICE_INIT("192.0.2.53@+53"), false },
	{ SLICE_INIT("192.0.2.53:53"), false },
	{ SLICE_INIT("192.0.2.53 "), false },
	{ SLICE_INIT("192.0.2.53\0"), false },
	{ SLICE_INIT("192.0.2"), false },
	{ SLICE_INIT("[2001:db8::53]"), false },
	{ SLICE_INIT("192.0.2.53%eth0"), false },
	{ SLICE_INIT("fe80::1%"), false },
	{ SLICE_INIT("fe80::1%a/b"), false },
	{ SLICE_INIT("fe80::1%abcdefghijklmnop"), false },
	{ SLICE_INIT("recursive"), false },
	{ SLICE_INIT("localhost"), false },
};

static void
test_check_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(servers); i++) {
		struct slice in = test_exact_copy(servers[i].text);

		if (dns_check_server(in) != servers[i].want)
			fail_msg("%.*s: a server or not",
			    SLICE_PRINTF(servers[i].text));
		test_free_copy(in);
	}
}

static const struct {
	const char *name, *text, *want;
} files[] = {
	{ "empty", "", "" },
	{ "one", "nameserver 192.0.2.53\n", "192.0.2.53 " },
	{ "no line end", "nameserver 192.0.2.53", "192.0.2.53 " },
	{ "several and others", "# nameserver 192.0.2.1\n"
	    "search example.org\nnameserver\t2001:db8::53  # here\n"
	    "options edns0\n\nnameserver 192.0.2.53\r\n;nameserver 192.0.2.2\n",
	    "2001:db8::53 192.0.2.53 " },
	{ "a link's own", "nameserver fe80::1%eth0\n", "fe80::1%eth0 " },
	{ "not a server", "nameserver ns.example.org\n"
	    "nameserver\nnameserver \nnameservers 192.0.2.53\n"
	    "nameserver192.0.2.53\nnameserver 192.0.2.53@53\n", "" },
	{ "not at the start", " nameserver 192.0.2.53\n", "" },
};

static void
test_resolv_conf(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(files[i].text));
		struct slice rest = in, server;
		struct strbuf found;

		strbuf_init(&found, arena, 256);
		while (dns_take_nameserver(&rest, &server)) {
			strbuf_append(&found, server);
			strbuf_append_char(&found, ' ');
		}
		assert_int_equal(rest.len, 0);
		assert_int_equal(server.len, 0);
		test_assert_slice(files[i].name, strbuf_slice(&found),
		    files[i].want);
		test_free_copy(in);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_server),
		cmocka_unit_test(test_resolv_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
