/* libmilter's names of sockets, and what is commonly written instead. */
#include "config/socket.h"
#include "unit/test.h"

#define PATH_10 "/123456789"
#define PATH_100 PATH_10 PATH_10 PATH_10 PATH_10 PATH_10 PATH_10 PATH_10 \
	PATH_10 PATH_10 PATH_10

static const struct {
	const char *input;
	enum socket_problem problem;
	const char *path, *host;
} cases[] = {
	{ "unix:/run/assay/assayd.sock", SOCKET_OK,
	    "/run/assay/assayd.sock", "" },
	{ "local:/run/a", SOCKET_OK, "/run/a", "" },
	{ "/run/a", SOCKET_OK, "/run/a", "" },
	{ "unix:run/a", SOCKET_RELATIVE_PATH, "", "" },
	{ "unix:", SOCKET_RELATIVE_PATH, "", "" },
	{ "unix:" PATH_100 "/123456", SOCKET_OK, PATH_100 "/123456", "" },
	{ "unix:" PATH_100 "/1234567", SOCKET_LONG_PATH, "", "" },
	{ "inet:8891@127.0.0.1", SOCKET_OK, "", "127.0.0.1" },
	{ "inet:8891@mx.example.org", SOCKET_OK, "", "mx.example.org" },
	{ "inet:8891", SOCKET_OK, "", "" },
	{ "inet6:8891@::1", SOCKET_OK, "", "::1" },
	{ "inet6:8891@[2001:db8::1]", SOCKET_OK, "", "2001:db8::1" },
	{ "inet6:8891@127.0.0.1", SOCKET_WRONG_FAMILY, "", "127.0.0.1" },
	{ "inet:8891@::1", SOCKET_WRONG_FAMILY, "", "::1" },
	{ "inet:127.0.0.1:8891", SOCKET_REVERSED, "", "" },
	{ "inet:localhost:8891", SOCKET_REVERSED, "", "" },
	{ "inet:0@127.0.0.1", SOCKET_BAD_PORT, "", "" },
	{ "inet:65536@127.0.0.1", SOCKET_BAD_PORT, "", "" },
	{ "inet:milter@127.0.0.1", SOCKET_BAD_PORT, "", "" },
	{ "inet:", SOCKET_BAD_PORT, "", "" },
	{ "inet:8891@", SOCKET_BAD_HOST, "", "" },
	{ "inet:8891@a b", SOCKET_BAD_HOST, "", "a b" },
	{ "inet:8891@[]", SOCKET_BAD_HOST, "", "[]" },
	{ "tcp:8891@127.0.0.1", SOCKET_NO_FORM, "", "" },
	{ "run/a", SOCKET_NO_FORM, "", "" },
	{ "", SOCKET_NO_FORM, "", "" },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(slice_from_cstr(
		    cases[i].input));
		struct socket_name name;

		if (socket_parse(in, &name) != cases[i].problem)
			fail_msg("%s: wrong problem", cases[i].input);
		test_assert_slice(cases[i].input, name.path, cases[i].path);
		test_assert_slice(cases[i].input, name.host, cases[i].host);
		if (name.is_unix != (name.path.len != 0))
			fail_msg("%s: wrong kind", cases[i].input);
		test_free_copy(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
