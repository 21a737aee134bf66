/* The resolver on libunbound, against a name server of our own: NSD, which
 * tests/e2e/private-nsd starts on loopback, and a relay before it that can fall
 * silent.  Threads other than the test's record; the test's own judges. */
#include "unit/test.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limit.h"
#include "base/strbuf.h"
#include "dns/budget.h"
#include "dns/cache.h"
#include "dns/metrics.h"
#include "dns/resolver.h"
#include "dns/unbound.h"

#define NSD_STARTS 5		/* another port each time */
#define LONG_TXT_STRINGS 49
#define N_THREADS 10
#define N_QUERIES 20		/* of each thread */

extern char **environ;

/* ---- a name server ------------------------------------------------------- */

struct fixture {
	char dir[64];
	char server[64];	/* "127.0.0.1@PORT" */
	uint16_t port;
};

static const char zone_head[] =
    "example.org. TXT \"v=spf1 -all\"\n"
    "example.org. MX 10 mail.example.org.\n"
    "example.org. MX 20 mail2.example.org.\n"
    "mail.example.org. A 192.0.2.1\n"
    "mail.example.org. AAAA 2001:db8::1\n"
    "upper.example.org. CNAME MAIL.Example.Org.\n"
    "split.example.org. TXT \"one \" \"two\" \"\" \" three\"\n"
    "chain1.example.org. CNAME chain2.example.org.\n"
    "chain2.example.org. CNAME example.org.\n"
    "dangling.example.org. CNAME nowhere.example.org.\n"
    "bare.example.org. CNAME mail.example.org.\n"
    "loop1.example.org. CNAME loop2.example.org.\n"
    "loop2.example.org. CNAME loop1.example.org.\n"
    "mail.test. TXT \"below test\"\n"
    "mail.invalid. TXT \"below invalid\"\n"
    "mail.localhost. TXT \"below localhost\"\n"
    "mail.onion. TXT \"below onion\"\n"
    "mail.home.arpa. TXT \"below home.arpa\"\n"
    "5.2.0.192.in-addr.arpa. PTR mail.example.org.\n"
    "1.0.0.127.in-addr.arpa. PTR local.example.org.\n"
    "1.2.0.10.in-addr.arpa. PTR private.example.org.\n"
    "1.0.64.100.in-addr.arpa. PTR shared.example.org.\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    ".ip6.arpa. PTR doc.example.org.\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
    ".ip6.arpa. PTR local6.example.org.\n"
    "_x\\032y\\064.example.org. TXT \"odd octets\"\n"
    "*.many.example.org. TXT \"one of many\"\n"
    "*.calm.example.org. TXT \"before\"\n"
    "long.example.org. TXT";

static void
write_zone(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(zone_head, file);
	for (int i = 0; i < LONG_TXT_STRINGS; i++) {
		fputs(" \"", file);
		for (int j = 0; j < 255; j++)
			fputc('a' + i % 26, file);
		fputc('"', file);
	}
	fputc('\n', file);
	assert_int_equal(fclose(file), 0);
}

/* Its exit code, or -1. */
static int
run(const char *const argv[])
{
	pid_t pid;
	int status;

	/* posix_spawn does not write to its arguments. */
	if (posix_spawn(&pid, argv[0], NULL, NULL,
	    (char *const *)(uintptr_t)argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A UDP socket on a port that the system chooses. */
static int
open_socket(uint16_t *port_out)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port_out = ntohs(addr.sin_port);
	return fd;
}

static int
run_script(const struct fixture *fixture, const char *command, bool has_zone)
{
	const char *srcdir = getenv("srcdir");
	char script[512], dir[128], zone[128];

	snprintf(script, sizeof(script), "%s/tests/e2e/private-nsd",
	    srcdir != NULL ? srcdir : ".");
	snprintf(dir, sizeof(dir), "%s/nsd-%u", fixture->dir, fixture->port);
	snprintf(zone, sizeof(zone), "%s/zone", fixture->dir);
	return run((const char *const[]){ script, command, dir,
	    has_zone ? zone : NULL, fixture->server, NULL });
}

static int
start_nsd(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char path[128];

	assert_non_null(fixture);
	*state = fixture;
	snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/assay-dns.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(path, sizeof(path), "%s/zone", fixture->dir);
	write_zone(path);
	for (int i = 0; i < NSD_STARTS; i++) {
		close(open_socket(&fixture->port));
		snprintf(fixture->server, sizeof(fixture->server),
		    "127.0.0.1@%u", fixture->port);
		if (run_script(fixture, "start", true) == 0)
			return 0;
	}
	return -1;
}

static int
stop_nsd(void **state)
{
	struct fixture *fixture = *state;
	int status = run_script(fixture, "stop", false);

	if (run((const char *const[]){ "/bin/rm", "-r", fixture->dir,
	    NULL }) != 0)
		status = -1;
	free(fixture);
	return status;
}

/* ---- a relay ------------------------------------------------------------- */

enum relay_mode {
	RELAY_FORWARD,
	RELAY_SILENT,
	RELAY_SERVFAIL,
};

struct relay {
	int fd;
	uint16_t upstream;
	char server[64];
	pthread_t thread;
	atomic_int mode;
	_Atomic int64_t silent_until_ms;	/* whatever the mode */
	atomic_uint n_received;
	atomic_bool has_ended;
};

static bool
can_read(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1;
}

/* The length of the reply to the LEN octets at BUF, or -1. */
static ssize_t
ask_upstream(uint16_t port, char *buf, ssize_t len, size_t size)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    send(fd, buf, (size_t)len, 0) == len && can_read(fd, 2000))
		n = recv(fd, buf, size, 0);
	close(fd);
	return n;
}

static ssize_t
make_reply(struct relay *relay, char *buf, ssize_t len, size_t size)
{
	if (clock_monotonic_ms() < atomic_load(&relay->silent_until_ms))
		return -1;
	switch ((enum relay_mode)atomic_load(&relay->mode)) {
	case RELAY_FORWARD:
		return ask_upstream(relay->upstream, buf, len, size);
	case RELAY_SILENT:
		break;
	case RELAY_SERVFAIL:
		buf[2] = (char)(buf[2] | 0x80);
		buf[3] = (char)((buf[3] & 0x70) | 2);
		return len;
	}
	return -1;
}

static void *
run_relay(void *arg)
{
	struct relay *relay = arg;
	char buf[65535];

	while (!atomic_load(&relay->has_ended)) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t len;

		if (!can_read(relay->fd, 20))
			continue;
		len = recvfrom(relay->fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &from_len);
		if (len < 12)
			continue;
		atomic_fetch_add(&relay->n_received, 1);
		len = make_reply(relay, buf, len, sizeof(buf));
		if (len > 0 && sendto(relay->fd, buf, (size_t)len, 0,
		    (struct sockaddr *)&from, from_len) != len)
			break;
	}
	return NULL;
}

static void
start_relay(struct relay *relay, const struct fixture *fixture,
    enum relay_mode mode)
{
	uint16_t port;

	relay->fd = open_socket(&port);
	relay->upstream = fixture->port;
	snprintf(relay->server, sizeof(relay->server), "127.0.0.1@%u", port);
	atomic_init(&relay->mode, mode);
	atomic_init(&relay->silent_until_ms, 0);
	atomic_init(&relay->n_received, 0);
	atomic_init(&relay->has_ended, false);
	assert_int_equal(pthread_create(&relay->thread, NULL, run_relay,
	    relay), 0);
}

static void
stop_relay(struct relay *relay)
{
	atomic_store(&relay->has_ended, true);
	pthread_join(relay->thread, NULL);
	close(relay->fd);
}

/* ---- a loop -------------------------------------------------------------- */

struct loop {
	struct event_base *base;
	struct event *quit;
	struct resolver *resolver;
	struct dns_metrics metrics;
	unsigned max_in_flight;	/* 0: the default */
	const char *trust_anchor_file;	/* NULL: nothing is validated */
	pthread_t thread;
};

static void
on_quit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void *
run_loop(void *arg)
{
	event_base_loop(arg, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void
create_resolver(struct loop *loop, const char *server, unsigned timeout_ms)
{
	struct unbound_options options = UNBOUND_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	struct strbuf problem;

	options.servers = &server;
	options.n_servers = 1;
	options.timeout_ms = timeout_ms;
	if (loop->max_in_flight != 0)
		options.max_in_flight = loop->max_in_flight;
	options.dnssec = loop->trust_anchor_file != NULL;
	options.trust_anchor_file = loop->trust_anchor_file;
	strbuf_init(&problem, arena, 1024);
	loop->base = event_base_new();
	assert_non_null(loop->base);
	loop->resolver = unbound_create(loop->base, &options, NULL, &problem);
	if (loop->resolver == NULL)
		fail_msg("%s", strbuf_cstr(&problem));
	unbound_set_metrics(loop->resolver, &loop->metrics);
	loop->quit = event_new(loop->base, -1, EV_PERSIST, on_quit,
	    loop->base);
	assert_non_null(loop->quit);
	arena_destroy(&arena);
}

static void
start_loop(struct loop *loop, const char *server, unsigned timeout_ms)
{
	create_resolver(loop, server, timeout_ms);
	assert_int_equal(pthread_create(&loop->thread, NULL, run_loop,
	    loop->base), 0);
}

static void
start_cached_loop(struct loop *loop, const char *server, unsigned timeout_ms)
{
	const struct cache_options options = CACHE_OPTIONS_DEFAULT;
	struct resolver *cache;

	start_loop(loop, server, timeout_ms);
	cache = cache_create(loop->resolver, &options);
	assert_non_null(cache);
	loop->resolver = cache;
}

static void
destroy_resolver(struct loop *loop)
{
	dns_destroy_resolver(&loop->resolver);
	event_free(loop->quit);
	event_base_free(loop->base);
}

static void
stop_loop(struct loop *loop)
{
	/* Unlike event_base_loopbreak also right if it has not begun. */
	event_active(loop->quit, EV_TIMEOUT, 0);
	pthread_join(loop->thread, NULL);
	destroy_resolver(loop);
}

/* ---- what is asked ------------------------------------------------------- */

static int64_t
in_ms(int64_t ms)
{
	return clock_monotonic_ms() + ms;
}

static const struct {
	const char *name;
	enum dns_type type;
	enum dns_status status;
	bool is_alias;
	const char *text;	/* of the first record, if it has one */
	size_t n_records;
} lookups[] = {
	{ "example.org", DNS_TXT, DNS_NOERROR, false, "v=spf1 -all", 1 },
	{ "EXAMPLE.ORG.", DNS_TXT, DNS_NOERROR, false, "v=spf1 -all", 1 },
	{ "example.org", DNS_MX, DNS_NOERROR, false, NULL, 2 },
	{ "example.org", DNS_A, DNS_NODATA, false, NULL, 0 },
	{ "mail.example.org", DNS_A, DNS_NOERROR, false, NULL, 1 },
	{ "mail.example.org", DNS_AAAA, DNS_NOERROR, false, NULL, 1 },
	{ "0.8.b.d.0.1.0.0.2.ip6.arpa", DNS_PTR, DNS_NODATA, false, NULL, 0 },
	{ "nobody.example.org", DNS_TXT, DNS_NXDOMAIN, false, NULL, 0 },
	{ "split.example.org", DNS_TXT, DNS_NOERROR, false, "one two three",
	    1 },
	{ "chain1.example.org", DNS_TXT, DNS_NOERROR, true, "v=spf1 -all", 1 },
	{ "upper.example.org", DNS_CNAME, DNS_NOERROR, true,
	    "mail.example.org", 1 },
	{ "upper.example.org", DNS_A, DNS_NOERROR, true, NULL, 1 },
	{ "dangling.example.org", DNS_TXT, DNS_NXDOMAIN, true, NULL, 0 },
	{ "bare.example.org", DNS_TXT, DNS_NODATA, true, NULL, 0 },
	/* Which of the statuses a loop has is the server's to say; here it is
	 * the library that refuses it. */
	{ "loop1.example.org", DNS_TXT, DNS_TEMPFAIL, false, NULL, 0 },
	{ "mail.test", DNS_TXT, DNS_NOERROR, false, "below test", 1 },
	{ "nobody.test", DNS_TXT, DNS_NXDOMAIN, false, NULL, 0 },
	{ "mail.invalid", DNS_TXT, DNS_NOERROR, false, "below invalid", 1 },
	{ "mail.localhost", DNS_TXT, DNS_NOERROR, false, "below localhost", 1 },
	{ "mail.onion", DNS_TXT, DNS_NOERROR, false, "below onion", 1 },
	{ "mail.home.arpa", DNS_TXT, DNS_NOERROR, false, "below home.arpa", 1 },
	{ "5.2.0.192.in-addr.arpa", DNS_PTR, DNS_NOERROR, false,
	    "mail.example.org", 1 },
	{ "1.0.0.127.in-addr.arpa", DNS_PTR, DNS_NOERROR, false,
	    "local.example.org", 1 },
	{ "1.2.0.10.in-addr.arpa", DNS_PTR, DNS_NOERROR, false,
	    "private.example.org", 1 },
	{ "1.0.64.100.in-addr.arpa", DNS_PTR, DNS_NOERROR, false,
	    "shared.example.org", 1 },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa", DNS_PTR, DNS_NOERROR, false, "doc.example.org", 1 },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	    ".ip6.arpa", DNS_PTR, DNS_NOERROR, false, "local6.example.org", 1 },
	{ "_x y@.example.org", DNS_TXT, DNS_NOERROR, false, "odd octets", 1 },
	{ "a..example.org", DNS_TXT, DNS_NXDOMAIN, false, NULL, 0 },
	{ "", DNS_TXT, DNS_NXDOMAIN, false, NULL, 0 },
};

static void
check_lookup(struct resolver *resolver, struct arena *arena, size_t i)
{
	const char *name = lookups[i].name;
	struct slice asked = test_exact_copy(slice_from_cstr(name));
	const struct dns_answer *answer = dns_query(resolver, arena, asked,
	    lookups[i].type, in_ms(5000));

	if (answer->status != lookups[i].status)
		fail_msg("%s %s: %s, %s", name,
		    dns_type_name(lookups[i].type),
		    dns_status_name(answer->status),
		    answer->why != NULL ? answer->why : "");
	if (answer->n_records != lookups[i].n_records)
		fail_msg("%s: %zu records", name, answer->n_records);
	if (answer->is_alias != lookups[i].is_alias)
		fail_msg("%s: alias or not", name);
	if (lookups[i].text != NULL)
		test_assert_slice(name, answer->records[0].text,
		    lookups[i].text);
	assert_false(answer->secure);
	test_free_copy(asked);
}

static void
test_lookups(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct loop loop = { .max_in_flight = 0 };

	start_loop(&loop, fixture->server, 5000);
	/* Twice: the second time out of the library's memory. */
	for (size_t i = 0; i < 2 * N_ELEMENTS(lookups); i++)
		check_lookup(loop.resolver, arena, i % N_ELEMENTS(lookups));
	stop_loop(&loop);
	arena_destroy(&arena);
}

static void
test_records(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct loop loop = { .max_in_flight = 0 };

	start_loop(&loop, fixture->server, 5000);
	answer = dns_query(loop.resolver, arena, SLICE("mail.example.org"),
	    DNS_A, in_ms(5000));
	assert_int_equal(answer->n_records, 1);
	assert_memory_equal(answer->records[0].address, "\xc0\0\2\1", 4);
	assert_in_range(answer->ttl_s, 295, 300);
	answer = dns_query(loop.resolver, arena, SLICE("mail.example.org"),
	    DNS_AAAA, in_ms(5000));
	assert_int_equal(answer->n_records, 1);
	assert_memory_equal(answer->records[0].address,
	    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	answer = dns_query(loop.resolver, arena, SLICE("example.org"),
	    DNS_MX, in_ms(5000));
	assert_int_equal(answer->n_records, 2);
	assert_int_equal(answer->records[0].preference +
	    answer->records[1].preference, 30);
	/* The SOA's minimum (RFC 2308 5). */
	answer = dns_query(loop.resolver, arena, SLICE("nobody.example.org"),
	    DNS_MX, in_ms(5000));
	assert_int_equal(answer->status, DNS_NXDOMAIN);
	assert_in_range(answer->ttl_s, 55, 60);
	stop_loop(&loop);
	arena_destroy(&arena);
}

/* 12 KB do not fit in a datagram: this came over TCP. */
static void
test_long_txt(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct loop loop = { .max_in_flight = 0 };

	start_loop(&loop, fixture->server, 5000);
	answer = dns_query(loop.resolver, arena, SLICE("long.example.org"),
	    DNS_TXT, in_ms(5000));
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_int_equal(answer->n_records, 1);
	assert_int_equal(answer->records[0].text.len, LONG_TXT_STRINGS * 255);
	for (size_t i = 0; i < LONG_TXT_STRINGS * 255; i++)
		assert_int_equal(answer->records[0].text.ptr[i],
		    'a' + i / 255 % 26);
	stop_loop(&loop);
	arena_destroy(&arena);
}

/* ---- trouble ------------------------------------------------------------- */

static void
test_silence(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };
	int64_t start;

	start_relay(&relay, fixture, RELAY_SILENT);
	start_loop(&loop, relay.server, 400);
	/* The caller's deadline is the nearer one, then the resolver's. */
	for (int i = 0; i < 2; i++) {
		start = clock_monotonic_ms();
		answer = dns_query(loop.resolver, arena, i == 0 ?
		    SLICE("a.calm.example.org") : SLICE("b.calm.example.org"),
		    DNS_TXT, i == 0 ? start + 400 : CLOCK_NEVER_MS);
		assert_int_equal(answer->status, DNS_TEMPFAIL);
		assert_string_equal(answer->why, "timeout");
		assert_in_range(clock_monotonic_ms() - start, 390, 1000);
	}
	start = clock_monotonic_ms();
	answer = dns_query(loop.resolver, arena, SLICE("c.calm.example.org"),
	    DNS_TXT, start - 1);
	assert_string_equal(answer->why, "timeout");
	assert_in_range(clock_monotonic_ms() - start, 0, 200);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

static void
test_servfail(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };

	start_relay(&relay, fixture, RELAY_SERVFAIL);
	start_loop(&loop, relay.server, 5000);
	answer = dns_query(loop.resolver, arena, SLICE("a.calm.example.org"),
	    DNS_TXT, in_ms(5000));
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "SERVFAIL");
	assert_int_equal(answer->ttl_s, DNS_FAILURE_TTL_S);
	/* The library remembers it; a cache must not begin to count anew. */
	answer = dns_query(loop.resolver, arena, SLICE("a.calm.example.org"),
	    DNS_TXT, in_ms(5000));
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "SERVFAIL");
	assert_int_equal(answer->ttl_s, 0);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* A name that was not asked before; the answer before goes. */
static const struct dns_answer *
ask_fresh(struct resolver *resolver, struct arena *arena, unsigned n,
    int64_t ms)
{
	struct strbuf name;

	arena_reset(arena);
	strbuf_init(&name, arena, 64);
	strbuf_printf(&name, "n%u.calm.example.org", n);
	return dns_query(resolver, arena, strbuf_slice(&name), DNS_TXT,
	    in_ms(ms));
}

/* A forwarder that has answered at once so far may take its time over a name
 * that it must find first. */
static void
test_slow_server(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };
	unsigned n = 0;

	start_relay(&relay, fixture, RELAY_FORWARD);
	start_loop(&loop, relay.server, 5000);
	while (n < 20)
		assert_int_equal(ask_fresh(loop.resolver, arena, n++,
		    5000)->status, DNS_NOERROR);
	atomic_store(&relay.silent_until_ms, in_ms(2000));
	answer = ask_fresh(loop.resolver, arena, n++, 5000);
	if (answer->status != DNS_NOERROR)
		fail_msg("%s", answer->why);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* The names that were asked in vain during an outage can be had soon after it,
 * as others can: within less than the 5 s that the library keeps a failure. */
static void
test_recovery(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };
	int64_t end;

	start_relay(&relay, fixture, RELAY_FORWARD);
	start_loop(&loop, relay.server, 1500);
	assert_int_equal(ask_fresh(loop.resolver, arena, 0, 5000)->status,
	    DNS_NOERROR);
	atomic_store(&relay.mode, RELAY_SILENT);
	end = in_ms(4000);
	for (unsigned n = 1; clock_monotonic_ms() < end; n = n % 4 + 1)
		assert_int_equal(ask_fresh(loop.resolver, arena, n,
		    400)->status, DNS_TEMPFAIL);
	atomic_store(&relay.mode, RELAY_FORWARD);
	end = in_ms(3000);
	for (unsigned n = 1; n <= 5; n++)
		while (ask_fresh(loop.resolver, arena, n, 1000)->status !=
		    DNS_NOERROR)
			if (clock_monotonic_ms() > end)
				fail_msg("no answer after an outage");
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* Failures in a row, with questions under way, make the resolver start afresh
 * time and again; nothing is lost on the way. */
static void
fail_in_a_row(const struct fixture *fixture, struct loop *loop)
{
	struct arena *arena = test_arena();
	struct relay relay;
	int64_t end = in_ms(2500);

	start_relay(&relay, fixture, RELAY_SERVFAIL);
	start_loop(loop, relay.server, 3000);
	if (loop->trust_anchor_file != NULL)
		test_free_copy(slice_from_cstr(loop->trust_anchor_file));
	for (unsigned n = 0; clock_monotonic_ms() < end; n = (n + 1) % 5) {
		const struct dns_answer *answer = ask_fresh(loop->resolver,
		    arena, n, 5000);

		assert_int_equal(answer->status, DNS_TEMPFAIL);
		assert_string_equal(answer->why, "SERVFAIL");
		dns_prefetch(loop->resolver, SLICE("x.calm.example.org"),
		    DNS_TXT);
		usleep(5000);
	}
	atomic_store(&relay.mode, RELAY_FORWARD);
	usleep(1100000);
	assert_int_equal(ask_fresh(loop->resolver, arena, 0, 5000)->status,
	    DNS_NOERROR);
	stop_loop(loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

static void
test_failures_in_a_row(void **state)
{
	struct loop loop = { .max_in_flight = 0 };

	fail_in_a_row(*state, &loop);
}

/* The configuration that the first one was made by may be gone when the
 * resolver starts afresh: another one shares it. */
static void
test_options_gone(void **state)
{
	const struct fixture *fixture = *state;
	struct loop loop = { .max_in_flight = 0 };
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/anchor", fixture->dir);
	assert_non_null(file = fopen(path, "w"));
	fputs("example.net. IN DS 1 13 2 000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f\n", file);
	assert_int_equal(fclose(file), 0);
	/* With its end. */
	loop.trust_anchor_file = test_exact_copy((struct slice){ path,
	    strlen(path) + 1 }).ptr;
	fail_in_a_row(fixture, &loop);
	assert_int_equal(unlink(path), 0);
}

/* ---- threads ------------------------------------------------------------- */

struct asker {
	struct resolver *resolver;
	pthread_t thread;
	unsigned number, n_right;
	const char *zone;	/* below which it asks */
	enum dns_status want;
	int64_t deadline_ms;
};

static void *
run_asker(void *arg)
{
	struct asker *asker = arg;
	struct arena *arena = arena_create(TEST_ARENA_CEILING);
	struct strbuf name;

	for (unsigned i = 0; arena != NULL && i < N_QUERIES; i++) {
		strbuf_init(&name, arena, 128);
		/* Half of the names are each thread's own. */
		strbuf_printf(&name, "q%u.%s", i % 2 == 0 ? i :
		    i + N_QUERIES * asker->number, asker->zone);
		dns_prefetch(asker->resolver, strbuf_slice(&name), DNS_TXT);
		if (dns_query(asker->resolver, arena, strbuf_slice(&name),
		    DNS_TXT, asker->deadline_ms)->status == asker->want)
			asker->n_right++;
		arena_reset(arena);
	}
	arena_destroy(&arena);
	return NULL;
}

static void
start_askers(struct asker askers[N_THREADS], const struct asker *model)
{
	for (unsigned i = 0; i < N_THREADS; i++) {
		askers[i] = *model;
		askers[i].number = i;
		assert_int_equal(pthread_create(&askers[i].thread, NULL,
		    run_asker, &askers[i]), 0);
	}
}

static void
join_askers(struct asker askers[N_THREADS])
{
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(askers[i].thread, NULL);
	for (unsigned i = 0; i < N_THREADS; i++)
		assert_int_equal(askers[i].n_right, N_QUERIES);
}

static void
test_many_threads(void **state)
{
	const struct fixture *fixture = *state;
	struct asker askers[N_THREADS];
	struct loop loop = { .max_in_flight = 0 };

	start_loop(&loop, fixture->server, 10000);
	start_askers(askers, &(struct asker){ .resolver = loop.resolver,
	    .zone = "many.example.org", .want = DNS_NOERROR,
	    .deadline_ms = in_ms(20000) });
	join_askers(askers);
	stop_loop(&loop);
}

/* Few may be on their way at once: the others wait in line, and all are
 * answered. */
static void
test_line(void **state)
{
	const struct fixture *fixture = *state;
	struct asker askers[N_THREADS];
	struct loop loop = { .max_in_flight = 2 };
	const int64_t end_ms = in_ms(10000), least_ms = in_ms(50);
	int64_t now_ms;
	unsigned n, most = 0;

	start_loop(&loop, fixture->server, 10000);
	start_askers(askers, &(struct asker){ .resolver = loop.resolver,
	    .zone = "many.example.org", .want = DNS_NOERROR,
	    .deadline_ms = in_ms(20000) });
	do {
		n = atomic_load(&loop.metrics.n_in_flight);
		if (n > most)
			most = n;
		now_ms = clock_monotonic_ms();
	} while (now_ms < least_ms || (most == 0 && now_ms < end_ms));
	join_askers(askers);
	assert_in_range(most, 1, 2);
	/* A prefetch may still be on its way. */
	stop_loop(&loop);
	assert_int_equal(loop.metrics.n_in_flight, 0);
}

struct waiter {
	struct resolver *resolver;
	pthread_t thread;
	struct arena *arena;
	const char *name;
	const char *why;
	unsigned limits_hit;
};

static void *
run_waiter(void *arg)
{
	const struct budget_options options = BUDGET_OPTIONS_DEFAULT;
	const struct ip_address client = { .family = IP_NONE };
	struct waiter *waiter = arg;
	struct resolver *budget = budget_create(waiter->arena,
	    waiter->resolver, &options, NULL, &client);

	if (budget == NULL)
		return NULL;
	waiter->why = dns_query(budget, waiter->arena,
	    slice_from_cstr(waiter->name), DNS_TXT, in_ms(10000))->why;
	waiter->limits_hit = budget_limits_hit(budget);
	return NULL;
}

/* Who waits in line until it is too late is told so. */
static void
test_end_of_line(void **state)
{
	const struct fixture *fixture = *state;
	struct waiter waiters[] = {
		{ .name = "w1.calm.example.org" },
		{ .name = "w2.calm.example.org" },
		{ .name = "w3.calm.example.org" },
	};
	struct relay relay;
	struct loop loop = { .max_in_flight = 1 };
	unsigned n_late = 0, n_sent = 0;

	start_relay(&relay, fixture, RELAY_SILENT);
	start_cached_loop(&loop, relay.server, 2000);
	for (size_t i = 0; i < N_ELEMENTS(waiters); i++) {
		waiters[i].resolver = loop.resolver;
		waiters[i].arena = test_arena();
		assert_int_equal(pthread_create(&waiters[i].thread, NULL,
		    run_waiter, &waiters[i]), 0);
	}
	for (size_t i = 0; i < N_ELEMENTS(waiters); i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_non_null(waiters[i].why);
		if (waiters[i].limits_hit == limit_bit(LIMIT_DNS_IN_FLIGHT) &&
		    waiters[i].why == dns_answer_no_place.why)
			n_late++;
		else if (waiters[i].limits_hit == 0 &&
		    strcmp(waiters[i].why, "timeout") == 0)
			n_sent++;
		arena_destroy(&waiters[i].arena);
	}
	assert_int_equal(n_late, 2);
	assert_int_equal(n_sent, 1);
	stop_loop(&loop);
	stop_relay(&relay);
}

/* Of questions all of which come to their deadline at about the same time,
 * none is lost, and the loop goes on. */
static void
test_many_timeouts(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct asker askers[N_THREADS];
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };

	start_relay(&relay, fixture, RELAY_SILENT);
	start_loop(&loop, relay.server, 40);
	start_askers(askers, &(struct asker){ .resolver = loop.resolver,
	    .zone = "calm.example.org", .want = DNS_TEMPFAIL,
	    .deadline_ms = CLOCK_NEVER_MS });
	join_askers(askers);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

struct destroyer {
	struct loop *loop;
	struct event *event;
};

static void
destroy_on_loop(evutil_socket_t fd, short what, void *arg)
{
	struct destroyer *destroyer = arg;

	(void)fd;
	(void)what;
	dns_destroy_resolver(&destroyer->loop->resolver);
	event_base_loopbreak(destroyer->loop->base);
}

static void *
ask_once(void *arg)
{
	struct asker *asker = arg;
	struct arena *arena = arena_create(TEST_ARENA_CEILING);
	const struct dns_answer *answer;

	if (arena == NULL)
		return NULL;
	answer = ask_fresh(asker->resolver, arena, asker->number, 20000);
	if (answer->status == DNS_TEMPFAIL &&
	    strcmp(answer->why, "shutting down") == 0)
		asker->n_right++;
	arena_destroy(&arena);
	return NULL;
}

/* Waiting threads are sent home, prefetches dropped, nothing is leaked, though
 * no answer will ever come. */
static void
test_destroy_in_flight(void **state)
{
	const struct fixture *fixture = *state;
	struct asker askers[N_THREADS];
	struct arena *arena = test_arena();
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };
	struct destroyer destroyer = { .loop = &loop };
	int64_t start = clock_monotonic_ms();

	start_relay(&relay, fixture, RELAY_SILENT);
	start_loop(&loop, relay.server, 20000);
	destroyer.event = event_new(loop.base, -1, EV_PERSIST,
	    destroy_on_loop, &destroyer);
	assert_non_null(destroyer.event);
	for (unsigned i = 0; i < N_THREADS; i++) {
		askers[i] = (struct asker){ .resolver = loop.resolver,
		    .number = i };
		assert_int_equal(pthread_create(&askers[i].thread, NULL,
		    ask_once, &askers[i]), 0);
	}
	/* More than there may be. */
	for (unsigned i = 0; i < 2000; i++) {
		struct strbuf name;

		strbuf_init(&name, arena, 64);
		strbuf_printf(&name, "p%u.calm.example.org", i);
		dns_prefetch(loop.resolver, strbuf_slice(&name), DNS_TXT);
	}
	while (atomic_load(&relay.n_received) < N_THREADS)
		usleep(1000);
	usleep(50000);
	event_active(destroyer.event, EV_TIMEOUT, 0);
	pthread_join(loop.thread, NULL);
	for (unsigned i = 0; i < N_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].n_right, 1);
	}
	assert_in_range(clock_monotonic_ms() - start, 0, 15000);
	event_free(destroyer.event);
	destroy_resolver(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* A loop that stands still holds up nobody past his deadline. */
static void
test_no_loop(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct loop loop = { .max_in_flight = 0 };
	int64_t start = clock_monotonic_ms();

	create_resolver(&loop, fixture->server, 300);
	answer = ask_fresh(loop.resolver, arena, 1, 20000);
	assert_string_equal(answer->why, "timeout");
	assert_in_range(clock_monotonic_ms() - start, 300, 2000);
	destroy_resolver(&loop);
	arena_destroy(&arena);
}

struct loop_asker {
	struct loop *loop;
	const char *why;
	atomic_bool is_done;
};

static void
ask_on_loop(evutil_socket_t fd, short what, void *arg)
{
	struct loop_asker *asker = arg;
	struct arena *arena = arena_create(TEST_ARENA_CEILING);

	(void)fd;
	(void)what;
	if (arena != NULL) {
		/* A prefetch waits for nobody, so it may come from anywhere. */
		dns_prefetch(asker->loop->resolver, SLICE("example.org"),
		    DNS_A);
		asker->why = dns_query(asker->loop->resolver, arena,
		    SLICE("example.org"), DNS_TXT, in_ms(5000))->why;
	}
	arena_destroy(&arena);
	atomic_store(&asker->is_done, true);
}

static void
test_query_on_loop(void **state)
{
	const struct fixture *fixture = *state;
	struct loop loop = { .max_in_flight = 0 };
	struct loop_asker asker = { .loop = &loop };
	struct event *event;

	start_loop(&loop, fixture->server, 5000);
	atomic_init(&asker.is_done, false);
	event = event_new(loop.base, -1, EV_PERSIST, ask_on_loop, &asker);
	assert_non_null(event);
	event_active(event, EV_TIMEOUT, 0);
	while (!atomic_load(&asker.is_done))
		usleep(1000);
	assert_string_equal(asker.why, "asked on the loop's own thread");
	event_free(event);
	stop_loop(&loop);
}

static void
test_prefetch(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };
	unsigned n_received;
	int64_t end = in_ms(5000);

	start_relay(&relay, fixture, RELAY_FORWARD);
	start_loop(&loop, relay.server, 5000);
	dns_prefetch(loop.resolver, SLICE("x.calm.example.org"), DNS_TXT);
	while (atomic_load(&relay.n_received) == 0)
		assert_true(clock_monotonic_ms() < end);
	assert_int_equal(dns_query(loop.resolver, arena,
	    SLICE("x.calm.example.org"), DNS_TXT, in_ms(5000))->status,
	    DNS_NOERROR);
	n_received = atomic_load(&relay.n_received);
	assert_int_equal(n_received, 1);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* ---- behind a cache ------------------------------------------------------ */

static void
test_cached(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *answer;
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };

	start_relay(&relay, fixture, RELAY_FORWARD);
	start_cached_loop(&loop, relay.server, 5000);
	dns_prefetch(loop.resolver, SLICE("x.calm.example.org"), DNS_TXT);
	for (unsigned i = 0; i < 100; i++) {
		answer = dns_query(loop.resolver, arena,
		    SLICE("x.calm.example.org"), DNS_TXT, in_ms(5000));
		assert_int_equal(answer->status, DNS_NOERROR);
	}
	assert_int_equal(atomic_load(&relay.n_received), 1);
	stop_loop(&loop);
	stop_relay(&relay);
	test_assert_slice("text", answer->records[0].text, "before");
	arena_destroy(&arena);
}

/* A caller's own deadline leaves the question on its way; the resolver's is the
 * servers' failure, and is kept. */
static void
test_cached_silence(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	const struct dns_answer *first, *second;
	struct cache_counters counters;
	struct relay relay;
	struct loop loop = { .max_in_flight = 0 };

	start_relay(&relay, fixture, RELAY_SILENT);
	start_cached_loop(&loop, relay.server, 400);
	first = dns_query(loop.resolver, arena, SLICE("x.calm.example.org"),
	    DNS_TXT, in_ms(50));
	assert_string_equal(first->why, "timeout");
	assert_int_equal(first->ttl_s, 0);
	first = dns_query(loop.resolver, arena, SLICE("x.calm.example.org"),
	    DNS_TXT, in_ms(5000));
	assert_int_equal(first->status, DNS_TEMPFAIL);
	assert_int_equal(first->ttl_s, DNS_FAILURE_TTL_S);
	second = dns_query(loop.resolver, arena, SLICE("x.calm.example.org"),
	    DNS_TXT, in_ms(5000));
	assert_ptr_equal(first, second);
	cache_read_counters(loop.resolver, &counters);
	assert_int_equal(counters.n_misses, 1);
	assert_int_equal(counters.n_merged, 1);
	assert_int_equal(counters.n_hits, 1);
	/* One that is still on its way ends with the resolver. */
	dns_prefetch(loop.resolver, SLICE("y.calm.example.org"), DNS_TXT);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* ---- what is counted ----------------------------------------------------- */

static uint64_t
sum_histogram(const struct histogram *histogram)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_N_BOUNDS + 1; i++)
		n += histogram->counts[i];
	return n;
}

static void
test_counted(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct dns_metrics metrics = { .n_timeouts = 0 };
	struct relay relay;
	struct loop loop = { .trust_anchor_file = NULL };

	start_relay(&relay, fixture, RELAY_FORWARD);
	create_resolver(&loop, relay.server, 400);
	unbound_set_metrics(loop.resolver, &metrics);
	assert_int_equal(pthread_create(&loop.thread, NULL, run_loop,
	    loop.base), 0);
	dns_query(loop.resolver, arena, SLICE("example.org"), DNS_TXT,
	    in_ms(5000));
	dns_query(loop.resolver, arena, SLICE("example.org"), DNS_A,
	    in_ms(5000));
	dns_query(loop.resolver, arena, SLICE("nobody.example.org"), DNS_TXT,
	    in_ms(5000));
	/* Out of the library's memory: nobody was asked. */
	dns_query(loop.resolver, arena, SLICE("example.org"), DNS_TXT,
	    in_ms(5000));
	assert_int_equal(metrics.answers[DNS_NOERROR], 1);
	assert_int_equal(metrics.answers[DNS_NODATA], 1);
	assert_int_equal(metrics.answers[DNS_NXDOMAIN], 1);
	assert_int_equal(metrics.answers[DNS_TEMPFAIL], 0);
	assert_int_equal(sum_histogram(&metrics.time), 3);
	assert_true(metrics.time.sum_us > 0);
	atomic_store(&relay.mode, RELAY_SILENT);
	dns_prefetch(loop.resolver, SLICE("s._domainkey.a.calm.example.org"),
	    DNS_TXT);
	dns_query(loop.resolver, arena, SLICE("b.calm.example.org"), DNS_TXT,
	    in_ms(5000));
	/* The loop's own timers may be a moment behind. */
	for (int i = 0; i < 200 && atomic_load(&metrics.n_timeouts) < 2; i++)
		usleep(10000);
	assert_int_equal(metrics.n_timeouts, 2);
	/* One that is on its way when all ends has no answer to count. */
	dns_prefetch(loop.resolver, SLICE("c.calm.example.org"), DNS_TXT);
	stop_loop(&loop);
	stop_relay(&relay);
	assert_int_equal(metrics.answers[DNS_TEMPFAIL], 2);
	assert_int_equal(metrics.n_in_flight, 0);
	assert_string_equal(metrics.slow_zones[0].name, "example.org");
	assert_int_equal(metrics.slow_zones[0].n_questions, 2);
	assert_int_equal(metrics.slow_zones[0].n_failures, 2);
	assert_in_range(metrics.slow_zones[0].max_us, 390000, 1000000);
	arena_destroy(&arena);
}

static void
test_counted_waits(void **state)
{
	const struct fixture *fixture = *state;
	struct arena *arena = test_arena();
	struct dns_metrics metrics = { .n_timeouts = 0 };
	struct relay relay;
	struct loop loop = { .trust_anchor_file = NULL };

	start_relay(&relay, fixture, RELAY_FORWARD);
	start_cached_loop(&loop, relay.server, 5000);
	cache_set_metrics(loop.resolver, &metrics);
	for (unsigned i = 0; i < 10; i++)
		dns_query(loop.resolver, arena, SLICE("x.calm.example.org"),
		    DNS_TXT, in_ms(5000));
	assert_int_equal(sum_histogram(&metrics.wait), 1);
	dns_query(loop.resolver, arena, SLICE("y.calm.example.org"), DNS_TXT,
	    in_ms(5000));
	assert_int_equal(sum_histogram(&metrics.wait), 2);
	stop_loop(&loop);
	stop_relay(&relay);
	arena_destroy(&arena);
}

/* ---- setting up ---------------------------------------------------------- */

static const struct {
	const char *server, *problem;
} bad_servers[] = {
	{ "", "\"\" is no server" },
	{ "ns.example.org", "\"ns.example.org\" is no server" },
	{ "192.0.2.1@0", "\"192.0.2.1@0\" is no server" },
	{ "192.0.2.1\n", "\"192.0.2.1\\x0a\" is no server" },
};

static void
test_bad_servers(void **state)
{
	struct event_base *base = event_base_new();

	(void)state;
	assert_non_null(base);
	for (size_t i = 0; i < N_ELEMENTS(bad_servers); i++) {
		struct unbound_options options = UNBOUND_OPTIONS_DEFAULT;
		struct arena *arena = test_arena();
		struct strbuf problem;

		options.servers = &bad_servers[i].server;
		options.n_servers = 1;
		strbuf_init(&problem, arena, 1024);
		assert_null(unbound_create(base, &options, NULL, &problem));
		if (!slice_starts_with_nocase(strbuf_slice(&problem),
		    slice_from_cstr(bad_servers[i].problem)))
			fail_msg("%s", strbuf_cstr(&problem));
		arena_destroy(&arena);
	}
	event_base_free(base);
}

/* From the root: nothing can be asked here, but it must come up and say of
 * names that no root has that there are none. */
static void
test_recursive(void **state)
{
	struct arena *arena = test_arena();
	struct loop loop = { .max_in_flight = 0 };

	(void)state;
	start_loop(&loop, "recursive", 5000);
	assert_int_equal(dns_query(loop.resolver, arena,
	    SLICE("mail.invalid"), DNS_TXT, in_ms(5000))->status,
	    DNS_NXDOMAIN);
	stop_loop(&loop);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_long_txt),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_servfail),
		cmocka_unit_test(test_slow_server),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_failures_in_a_row),
		cmocka_unit_test(test_options_gone),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_end_of_line),
		cmocka_unit_test(test_many_timeouts),
		cmocka_unit_test(test_destroy_in_flight),
		cmocka_unit_test(test_no_loop),
		cmocka_unit_test(test_query_on_loop),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_cached),
		cmocka_unit_test(test_cached_silence),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_counted_waits),
		cmocka_unit_test(test_bad_servers),
		cmocka_unit_test(test_recursive),
	};

	if (evthread_use_pthreads() != 0)
		return 1;
	return cmocka_run_group_tests(tests, start_nsd, stop_nsd);
}
