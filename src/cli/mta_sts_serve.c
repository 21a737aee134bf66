/* cli/mta_sts_serve.c - see mta_sts.h: the server's process. */
#include "cli/mta_sts.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/policy_fetch.h"
#include "cli/policy_server.h"
#include "cli/policy_store.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "config/config.h"
#include "config/socket.h"
#include "daemon/log_setup.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "milter/listener.h"

#define MEMORY ((size_t)256 * 1024)
#define PROBLEM_MAX ((size_t)64 * 1024)
#define FETCH_TIMEOUT_MS 30000	/* half of what RFC 8461 3.3 suggests: mail
				 * does not wait for it, but other domains do */
#define SIGNALS 2
#define OPTION_SOCKET 256	/* no short one */

struct serving {
	const struct command *command;
	const char *config_path, *socket;
	struct arena *arena;		/* owned, and so on */
	struct strbuf problem;
	struct config *config;
	struct log *log;
	struct event_base *base;
	struct event *signals[SIGNALS], *beat;
	struct tool_resolver *resolver;
	struct policy_store *store;
	struct policy_server *server;
	struct sockaddr_un address;	/* its path is empty until it is ours */
};

static int
fail(struct serving *s, int status)
{
	fprintf(stderr, "%s: %.*s\n", s->command->path,
	    SLICE_PRINTF(strbuf_slice(&s->problem)));
	return status;
}

/* ---- the socket ---------------------------------------------------------- */

static bool
parse_socket(struct serving *s, struct sockaddr_un *address)
{
	struct socket_name name;
	enum socket_problem problem = socket_parse(
	    slice_from_cstr(s->socket), &name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (problem == SOCKET_OK && name.is_unix &&
	    name.path.len < sizeof(address->sun_path)) {
		memcpy(address->sun_path, name.path.ptr, name.path.len);
		return true;
	}
	strbuf_append_cstr(&s->problem, problem == SOCKET_RELATIVE_PATH ||
	    problem == SOCKET_LONG_PATH ? socket_problem_text(problem) :
	    "a socket is \"unix:/PATH\"");
	return false;
}

static bool
bind_socket(struct serving *s, int fd, const struct sockaddr_un *address)
{
	const struct milter_options access = {
		.socket = s->socket,
		.socket_mode = s->config->mta_sts.socket_mode,
		.socket_group = s->config->mta_sts.socket_group,
	};
	/* Nobody may connect before mode and group are as they should be. */
	mode_t old_mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	int code = bind(fd, (const struct sockaddr *)address,
	    sizeof(*address));

	umask(old_mask);
	if (code != 0) {
		strbuf_printf(&s->problem, "socket \"%s\": %s", s->socket,
		    strerror(errno));
		return false;
	}
	s->address = *address;
	return listener_give_access(&access, address->sun_path, &s->problem);
}

/* -1 with the problem appended. */
static int
open_socket(struct serving *s)
{
	struct sockaddr_un address;
	int fd;

	if (!parse_socket(s, &address) || !listener_make_way(s->socket,
	    address.sun_path, &s->problem))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		strbuf_append_cstr(&s->problem, strerror(errno));
		return -1;
	}
	if (bind_socket(s, fd, &address))
		return fd;
	close(fd);
	return -1;
}

/* ---- the loop ------------------------------------------------------------ */

static void
on_signal(evutil_socket_t number, short what, void *context)
{
	struct serving *s = context;

	(void)number;
	(void)what;
	notify_stopping();
	event_base_loopbreak(s->base);
}

static void
on_beat(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	notify_alive();
}

static bool
add_events(struct serving *s)
{
	static const int numbers[SIGNALS] = { SIGTERM, SIGINT };
	uint64_t interval_us = notify_watchdog_us() / 2;
	const struct timeval interval = {
		(time_t)(interval_us / 1000000),
		(suseconds_t)(interval_us % 1000000),
	};

	for (size_t i = 0; i < SIGNALS; i++) {
		s->signals[i] = evsignal_new(s->base, numbers[i], on_signal,
		    s);
		if (s->signals[i] == NULL ||
		    event_add(s->signals[i], NULL) != 0)
			return false;
	}
	if (interval_us == 0)
		return true;
	s->beat = event_new(s->base, -1, EV_PERSIST, on_beat, NULL);
	return s->beat != NULL && event_add(s->beat, &interval) == 0;
}

/* ---- the process --------------------------------------------------------- */

static int
prepare(struct serving *s)
{
	const struct config *config = s->config;
	struct log_settings settings;

	if (!log_setup_choose(config, true, &settings, &s->problem))
		return EX_CONFIG;
	s->log = log_create(settings.sink, config->log_level, "assay-mta-sts",
	    settings.facility);
	if (s->log != NULL)
		log_reconfigure(s->log, &settings);
	/* Before there is any thread, both of these. */
	if (s->log == NULL || evthread_use_pthreads() != 0 ||
	    (s->base = event_base_new()) == NULL || !policy_fetch_start() ||
	    !add_events(s)) {
		strbuf_append_cstr(&s->problem, "memory is out");
		return EX_OSERR;
	}
	s->resolver = tool_resolver_open(config, &s->problem);
	if (s->resolver == NULL)
		return EX_UNAVAILABLE;
	if (config->report.store[0] == '\0')
		return 0;
	s->store = policy_store_create(config->report.store, s->log);
	if (s->store != NULL)
		return 0;
	strbuf_append_cstr(&s->problem, "memory is out");
	return EX_OSERR;
}

static int
start(struct serving *s, int listener)
{
	const struct tls_policy_finder finder = {
		.resolver = tool_resolver_get(s->resolver),
		.store = s->store,
		.wants_dane = s->config->resolver.dnssec,
		.fetch_timeout_ms = FETCH_TIMEOUT_MS,
	};
	size_t n = 0;

	s->server = policy_server_create(s->base, s->log, &finder,
	    s->config->mta_sts.timeout_s, listener);
	if (s->server == NULL) {
		strbuf_append_cstr(&s->problem, "memory is out");
		return EX_OSERR;
	}
	if (s->store != NULL)
		n = policy_server_load(s->server);
	else
		log_write(s->log, LOG_LEVEL_WARNING, "store = \"\": policies "
		    "are remembered in memory only");
	log_write(s->log, LOG_LEVEL_INFO, "serving at %s, %zu policies "
	    "remembered, DANE %s", s->socket, n, finder.wants_dane ?
	    "looked for" : "not looked for: resolver.dnssec is false");
	return 0;
}

static int
serve(struct serving *s)
{
	int listener, status;

	process_prepare();
	listener = open_socket(s);
	if (listener < 0)
		return fail(s, EX_UNAVAILABLE);
	if (!process_drop_privileges(s->config->user, &s->problem)) {
		close(listener);
		return fail(s, EX_NOUSER);
	}
	status = prepare(s);
	if (status != 0)
		close(listener);
	else
		status = start(s, listener);
	if (status != 0)
		return fail(s, status);
	notify_ready();
	if (event_base_dispatch(s->base) != 0)
		status = EX_SOFTWARE;
	log_write(s->log, LOG_LEVEL_INFO, "ending");
	return status;
}

static void
release(struct serving *s)
{
	/* Another process may have made it its own since. */
	struct strbuf unused;

	policy_server_destroy(&s->server);
	policy_store_destroy(&s->store);
	tool_resolver_close(&s->resolver);
	for (size_t i = 0; i < SIGNALS; i++)
		if (s->signals[i] != NULL)
			event_free(s->signals[i]);
	if (s->beat != NULL)
		event_free(s->beat);
	if (s->base != NULL) {
		event_base_free(s->base);
		policy_fetch_stop();
	}
	strbuf_init(&unused, s->arena, PROBLEM_MAX);
	if (s->address.sun_path[0] != '\0')
		listener_make_way(s->socket, s->address.sun_path, &unused);
	log_destroy(&s->log);
	config_unload(&s->config);
	arena_destroy(&s->arena);
}

static const char *
take_option(void *context, int c)
{
	struct serving *s = context;

	if (c == 'c')
		s->config_path = optarg;
	else
		s->socket = optarg;
	return NULL;
}

static int
read_arguments(struct serving *s, int argc, char **argv, bool *wants_help)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, OPTION_SOCKET },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(s->command, argc, argv, ":c:h",
	    options, take_option, s, wants_help);

	if (status != 0 || *wants_help)
		return status;
	return optind == argc ? 0 : command_misuse(s->command, NULL);
}

int
mta_sts_serve_run(const struct command *self, int argc, char **argv)
{
	struct serving s = { .command = self,
		.config_path = SETUP_DEFAULT_CONFIG,
		.arena = arena_create(MEMORY) };
	bool wants_help = false;
	int status = read_arguments(&s, argc, argv, &wants_help);

	if (s.arena == NULL)
		return EX_OSERR;
	strbuf_init(&s.problem, s.arena, PROBLEM_MAX);
	if (status == 0 && wants_help)
		status = command_help(self);
	else if (status == 0) {
		status = setup_load_config(s.config_path, &s.config);
		if (status == 0 && s.socket == NULL)
			s.socket = s.config->mta_sts.socket;
		if (status == 0)
			status = serve(&s);
	}
	release(&s);
	return status;
}
