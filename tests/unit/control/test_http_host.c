/* The names we answer to, and the addresses we listen on. */
#include "control/http_host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/strbuf.h"
#include "control/http.h"
#include "unit/test.h"

static const struct {
	const char *name, *host;
	bool is_ours;
} hosts[] = {
	{ "IPv4", "127.0.0.1", true },
	{ "with a port", "127.0.0.1:8892", true },
	{ "any address, it led here", "192.0.2.1:1", true },
	{ "IPv6", "[::1]", true },
	{ "IPv6 with a port", "[2001:db8::1]:8892", true },
	{ "an empty port (RFC 3986 3.2.3)", "localhost:", true },
	{ "localhost", "localhost", true },
	{ "case", "LocalHost:80", true },
	{ "our name", "mx.example.org", true },
	{ "our name, with a port and a dot", "MX.Example.ORG.:8892", true },
	{ "a stranger's", "evil.example", false },
	{ "one below localhost", "evil.localhost", false },
	{ "ours, and more", "mx.example.org.evil.example", false },
	{ "below ours", "a.mx.example.org", false },
	{ "an address, and more", "127.0.0.1.evil.example", false },
	{ "an address in another form", "2130706433", false },
	{ "octal", "0177.0.0.1", false },
	{ "empty", "", false },
	{ "a port alone", ":80", false },
	{ "a dot", ".", false },
	{ "no port", "localhost:evil", false },
	{ "two ports", "localhost:80:80", false },
	{ "user info", "a@localhost", false },
	{ "a path", "localhost/a", false },
	{ "IPv6 without brackets", "::1", false },
	{ "brackets left open", "[::1", false },
	{ "nothing in brackets", "[]", false },
	{ "a name in brackets", "[localhost]", false },
	{ "IPv4 in brackets", "[127.0.0.1]", false },
	{ "something behind brackets", "[::1]evil", false },
	{ "a zone", "[fe80::1%25eth0]", false },
	{ "blanks", "localhost ", false },
};

static void
test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(hosts); i++) {
		struct slice host = test_exact_copy(
		    slice_from_cstr(hosts[i].host));

		if (http_is_our_host(host, SLICE("mx.example.org")) !=
		    hosts[i].is_ours)
			fail_msg("%s: %s", hosts[i].name, hosts[i].host);
		test_free_copy(host);
	}
	assert_false(http_is_our_host(SLICE(""), SLICE("")));
	assert_false(http_is_our_host(SLICE("."), SLICE("")));
}

static const struct {
	const char *name, *text;
	const char *address;	/* NULL: refused */
	uint16_t port;
} listens[] = {
	{ "IPv4", "127.0.0.1:8892", "127.0.0.1", 8892 },
	{ "IPv6", "[2001:db8::1]:1", "2001:db8::1", 1 },
	{ "everybody", "[::]:65535", "::", 65535 },
	{ "no port", "127.0.0.1", NULL, 0 },
	{ "an empty port", "127.0.0.1:", NULL, 0 },
	{ "port 0", "127.0.0.1:0", NULL, 0 },
	{ "a port too high", "127.0.0.1:65536", NULL, 0 },
	{ "a name", "localhost:80", NULL, 0 },
	{ "a port alone", ":80", NULL, 0 },
	{ "a number alone", "80", NULL, 0 },
	{ "IPv6 without brackets", "::1:80", NULL, 0 },
	{ "IPv4 in brackets", "[127.0.0.1]:80", NULL, 0 },
	{ "libmilter's form", "inet:80@127.0.0.1", NULL, 0 },
	{ "empty", "", NULL, 0 },
	{ "blanks", " 127.0.0.1:80", NULL, 0 },
};

static void
test_listens(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(listens); i++) {
		struct slice text = test_exact_copy(
		    slice_from_cstr(listens[i].text));
		struct arena *arena = test_arena();
		struct ip_address address;
		struct strbuf shown;
		uint16_t port;
		bool is_good = http_parse_listen(text, &address, &port);

		if (is_good != (listens[i].address != NULL))
			fail_msg("%s: %s", listens[i].name, listens[i].text);
		strbuf_init(&shown, arena, 100);
		ip_append(&shown, &address);
		if (is_good) {
			test_assert_slice(listens[i].name,
			    strbuf_slice(&shown), listens[i].address);
			assert_int_equal(port, listens[i].port);
		}
		arena_destroy(&arena);
		test_free_copy(text);
	}
}

/* A port that somebody has; and one that nobody has any more. */
static void
test_open(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);
	struct arena *arena = test_arena();
	struct strbuf text, problem;
	int taken = socket(AF_INET, SOCK_STREAM, 0), fd;

	(void)state;
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(taken, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&name, &len),
	    0);
	strbuf_init(&text, arena, 100);
	strbuf_init(&problem, arena, 1000);
	strbuf_printf(&text, "127.0.0.1:%u", ntohs(name.sin_port));
	assert_int_equal(http_open(strbuf_cstr(&text), &problem), -1);
	assert_true(slice_starts_with(strbuf_slice(&problem),
	    SLICE("http.listen: 127.0.0.1:")));
	assert_true(slice_ends_with_nocase(strbuf_slice(&problem),
	    SLICE("Address already in use")));
	close(taken);
	fd = http_open(strbuf_cstr(&text), &problem);
	assert_true(fd >= 0);
	close(fd);
	strbuf_truncate(&problem, 0);
	assert_int_equal(http_open("nonsense", &problem), -1);
	test_assert_slice("nonsense", strbuf_slice(&problem),
	    "http.listen: nonsense is no ADDRESS:PORT");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_listens),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
