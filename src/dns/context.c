/* dns/context.c - see context.h. */
#include "dns/context.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unbound-event.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "dns/server.h"

#define RESOLV_CONF_MAX 65536	/* octets read of it */
#define ROOT_HINTS "/usr/share/dns/root.hints"

/* One socket for each question that a server has not answered yet, with a port
 * of its own; what is over waits.  The library's default, 16, lets a few dead
 * servers hold up all.  At most this share of the process's descriptors. */
#define SOCKETS_MAX 512
#define SOCKETS_MIN 16
#define DESCRIPTOR_SHARE 4

/* Replies over TCP at a time; each has a buffer of 64 KB ready. */
#define TCP_SOCKETS 16

struct option {
	const char *name, *value;
};

static const struct option common_options[] = {
	{ "msg-cache-size:", "4m" },
	{ "rrset-cache-size:", "8m" },
	{ "infra-keep-probing:", "yes" },
};

/* A forwarder is asked whatever it did before, as there is nobody else: its
 * silence is forgotten within a second, where the library would stop asking a
 * server whose retries took too long.  It is asked until our own deadline, not
 * a number of times: 1.17 asks twice as often as this says, 1.22 does not, and
 * what they give up they keep as a SERVFAIL for some seconds. */
static const struct option forwarding_options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "infra-host-ttl:", "1" },
	{ "outbound-msg-retry:", "10" },
};

/* The pause before the second try.  The pauses then double, more or less: four
 * to six tries fit into 12 times this.  A forwarder on this very host answers
 * most questions in no time and some in seconds, when it must ask around
 * itself; the library's way, the time that answers have taken so far, would
 * give up long before. */
#define TRY_SHARE 12
#define TRY_MIN_MS 50
#define TRY_MAX_MS 5000

#define LOOPBACK_V6_ZONE "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." \
	"0.0.0.0.0.0.0.0.ip6.arpa."

/* What the library would answer by itself, beyond unblock-lan-zones.  A
 * forwarder is asked even so: the operator may well have such zones.  Which of
 * these there are depends on the library's version. */
static const char *const made_up_zones[] = {
	"localhost.", "test.", "invalid.", "onion.", "home.arpa.",
	"resolver.arpa.", "service.arpa.", "127.in-addr.arpa.",
	LOOPBACK_V6_ZONE,
};

static const char *const root_keys[] = {
	"/usr/share/dns/root.key",
	"/var/lib/unbound/root.key",
};

static bool
set_option(struct ub_ctx *ctx, const char *name, const char *value,
    struct strbuf *problem)
{
	int error = ub_ctx_set_option(ctx, name, value);

	if (error != 0)
		strbuf_printf(problem, "libunbound refuses \"%s %s\": %s",
		    name, value, ub_strerror(error));
	return error == 0;
}

static bool
set_number(struct ub_ctx *ctx, const char *name, unsigned value,
    struct strbuf *problem)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return set_option(ctx, name, text, problem);
}

static bool
set_options(struct ub_ctx *ctx, const struct option *options, size_t n,
    struct strbuf *problem)
{
	for (size_t i = 0; i < n; i++)
		if (!set_option(ctx, options[i].name, options[i].value,
		    problem))
			return false;
	return true;
}

static unsigned
count_udp_sockets(const struct unbound_options *options,
    uint64_t max_descriptors)
{
	uint64_t n = max_descriptors / DESCRIPTOR_SHARE;

	if (n > SOCKETS_MAX)
		n = SOCKETS_MAX;
	if (n > options->max_in_flight)
		n = options->max_in_flight;
	return n < SOCKETS_MIN ? SOCKETS_MIN : (unsigned)n;
}

unsigned
dns_context_count_sockets(const struct unbound_options *options,
    uint64_t max_descriptors)
{
	return count_udp_sockets(options, max_descriptors) + TCP_SOCKETS;
}

static unsigned
choose_udp_sockets(const struct unbound_options *options)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) != 0 ? SOCKETS_MIN :
	    count_udp_sockets(options, limit.rlim_cur);
}

/* ---- whom to ask --------------------------------------------------------- */

bool
dns_context_is_recursive(const struct unbound_options *options)
{
	return options->n_servers == 1 &&
	    strcmp(options->servers[0], "recursive") == 0;
}

static bool
add_server(struct ub_ctx *ctx, const char *server, struct strbuf *problem)
{
	int error;

	if (!dns_check_server(slice_from_cstr(server))) {
		strbuf_append_char(problem, '"');
		strbuf_append_escaped(problem, slice_from_cstr(server), 80);
		strbuf_append_cstr(problem, "\" is no server: write an "
		    "address, as \"192.0.2.53\" or \"2001:db8::53@5353\"");
		return false;
	}
	error = ub_ctx_set_fwd(ctx, server);
	if (error != 0)
		strbuf_printf(problem, "libunbound refuses the server %s: %s",
		    server, ub_strerror(error));
	return error == 0;
}

/* The text of the file in ARENA; an empty one where it cannot be read. */
static struct slice
read_resolv_conf(struct arena *arena)
{
	FILE *file = fopen(DNS_RESOLV_CONF, "re");
	char *text = arena_alloc(arena, RESOLV_CONF_MAX);
	size_t len = 0;

	if (file != NULL && text != NULL)
		len = fread(text, 1, RESOLV_CONF_MAX, file);
	if (file != NULL)
		fclose(file);	/* only read: nothing can be lost */
	return (struct slice){ text, len };
}

static bool
add_system_servers(struct ub_ctx *ctx, struct arena *arena,
    struct strbuf *problem)
{
	struct slice text = read_resolv_conf(arena), server;
	size_t n = 0;

	while (dns_take_nameserver(&text, &server)) {
		const char *name = arena_copy_cstr(arena, server);

		if (name == NULL || !add_server(ctx, name, problem))
			return false;
		n++;
	}
	if (n == 0)
		strbuf_append_cstr(problem, DNS_RESOLV_CONF " names no server: "
		    "write resolver.servers = [\"192.0.2.53\"], with the "
		    "address of yours, or [\"recursive\"] to ask from the "
		    "root");
	return n != 0;
}

static bool
add_servers(struct ub_ctx *ctx, const struct unbound_options *options,
    struct strbuf *problem)
{
	struct arena *arena;
	bool is_done;

	for (size_t i = 0; i < options->n_servers; i++)
		if (!add_server(ctx, options->servers[i], problem))
			return false;
	if (options->n_servers != 0)
		return true;
	if ((arena = arena_create(2 * RESOLV_CONF_MAX)) == NULL) {
		strbuf_append_cstr(problem, "no memory");
		return false;
	}
	is_done = add_system_servers(ctx, arena, problem);
	arena_destroy(&arena);
	return is_done;
}

static unsigned
first_pause_ms(unsigned timeout_ms)
{
	if (timeout_ms / TRY_SHARE < TRY_MIN_MS)
		return TRY_MIN_MS;
	if (timeout_ms / TRY_SHARE > TRY_MAX_MS)
		return TRY_MAX_MS;
	return timeout_ms / TRY_SHARE;
}

static bool
set_forwarding(struct ub_ctx *ctx, const struct unbound_options *options,
    struct strbuf *problem)
{
	unsigned pause_ms = first_pause_ms(options->timeout_ms);

	return set_options(ctx, forwarding_options,
	    N_ELEMENTS(forwarding_options), problem) &&
	    set_number(ctx, "infra-cache-min-rtt:", pause_ms, problem) &&
	    set_number(ctx, "unknown-server-time-limit:", pause_ms,
	    problem) && add_servers(ctx, options, problem);
}

/* From the root the made-up zones stay: nobody out there has them either (RFC
 * 6303, 6761).  The library has hints of its own, as old as itself. */
static bool
set_recursive(struct ub_ctx *ctx, struct strbuf *problem)
{
	return access(ROOT_HINTS, R_OK) != 0 ||
	    set_option(ctx, "root-hints:", ROOT_HINTS, problem);
}

/* ---- putting it together ------------------------------------------------- */

static bool
set_trust_anchor(struct ub_ctx *ctx, const char *file, struct strbuf *problem)
{
	if (file != NULL && access(file, R_OK) == 0)
		return set_option(ctx, "trust-anchor-file:", file, problem);
	if (file != NULL) {
		strbuf_printf(problem, "resolver.trust_anchor_file: %s: %s",
		    file, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < N_ELEMENTS(root_keys); i++)
		if (access(root_keys[i], R_OK) == 0)
			return set_option(ctx, "trust-anchor-file:",
			    root_keys[i], problem);
	strbuf_printf(problem, "resolver.dnssec needs the root's key, in %s "
	    "or %s: install dns-root-data or unbound-anchor, or set dnssec "
	    "to false", root_keys[0], root_keys[1]);
	return false;
}

static bool
set_validation(struct ub_ctx *ctx, const struct unbound_options *options,
    struct strbuf *problem)
{
	if (!options->dnssec)
		return set_option(ctx, "module-config:", "iterator", problem);
	return set_option(ctx, "module-config:", "validator iterator",
	    problem) && set_trust_anchor(ctx, options->trust_anchor_file,
	    problem);
}

/* A change of zones ends the setting of options: what is wrong with all of them
 * together is seen here. */
static bool
set_zones(struct ub_ctx *ctx, bool is_forwarding, struct strbuf *problem)
{
	int error = 0;

	if (!is_forwarding)	/* as it is already */
		error = ub_ctx_zone_add(ctx, "localhost.", "static");
	for (size_t i = 0; i < N_ELEMENTS(made_up_zones); i++)
		if (error == 0 && is_forwarding)
			error = ub_ctx_zone_remove(ctx, made_up_zones[i]);
	if (error != 0)
		strbuf_printf(problem, "libunbound does not start: %s",
		    ub_strerror(error));
	return error == 0;
}

/* What is wrong with a file of the operator's is said on stderr.  Later each
 * failure is told ten times there, a line for a try, and once by us. */
static void
be_quiet(struct ub_ctx *ctx)
{
	(void)ub_ctx_debugout(ctx, NULL);	/* it cannot fail */
}

struct ub_ctx *
dns_context_create(struct event_base *base,
    const struct unbound_options *options, unsigned max_questions,
    struct strbuf *problem)
{
	bool is_forwarding = !dns_context_is_recursive(options);
	struct ub_ctx *ctx = ub_ctx_create_event(base);

	if (ctx == NULL) {
		strbuf_append_cstr(problem, "libunbound does not start: no "
		    "memory, or it is built without libevent");
		return NULL;
	}
	if (set_options(ctx, common_options, N_ELEMENTS(common_options),
	    problem) &&
	    set_number(ctx, "outgoing-range:", choose_udp_sockets(options),
	    problem) &&
	    set_number(ctx, "outgoing-num-tcp:", TCP_SOCKETS, problem) &&
	    set_number(ctx, "num-queries-per-thread:", max_questions,
	    problem) && set_validation(ctx, options, problem) &&
	    (is_forwarding ? set_forwarding(ctx, options, problem) :
	    set_recursive(ctx, problem)) &&
	    set_zones(ctx, is_forwarding, problem)) {
		be_quiet(ctx);
		return ctx;
	}
	ub_ctx_delete(ctx);
	return NULL;
}
