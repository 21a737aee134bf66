/* cli/test_send.c - see test_send.h. */
#include "cli/test_send.h"

#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/mailbox.h"
#include "cli/mx.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/smtp.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "daemon/hostname.h"
#include "mail/path.h"

#define MEMORY ((size_t)8 * 1024 * 1024)
#define MAX_TEXT ((size_t)64 * 1024)
#define MAX_RECIPIENTS 100
#define DEFAULT_TIMEOUT_S 60
#define MAX_TIMEOUT_S 600
#define MAX_DATE 40

enum long_option {
	OPTION_FROM = 256,
	OPTION_HELO,
	OPTION_SERVER,
	OPTION_TLS,
	OPTION_MESSAGE,
	OPTION_TIMEOUT,
};

static const struct option long_options[] = {
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "helo", required_argument, NULL, OPTION_HELO },
	{ "server", required_argument, NULL, OPTION_SERVER },
	{ "tls", no_argument, NULL, OPTION_TLS },
	{ "message", required_argument, NULL, OPTION_MESSAGE },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct test_send {
	const struct command *command;
	struct arena *arena;
	struct strbuf problem;
	const char *config_path;
	const char *from, *helo, *server, *message;
	bool wants_tls;
	int timeout_s;
	char **recipients;		/* argv's */
	int n_recipients;
	unsigned port;
	struct smtp *smtp;
	int64_t start_ms;		/* of the step */
	bool has_colour;
	bool offers_tls;		/* said in reply to EHLO */
	unsigned worst;			/* code of a reply so far */
};

/* ---- the command line ---------------------------------------------------- */

static const char *
take_option(void *context, int c)
{
	struct test_send *t = context;
	uint64_t seconds;

	switch (c) {
	case 'c':
		t->config_path = optarg;
		break;
	case OPTION_FROM:
		t->from = optarg;
		break;
	case OPTION_HELO:
		t->helo = optarg;
		break;
	case OPTION_SERVER:
		t->server = optarg;
		break;
	case OPTION_TLS:
		t->wants_tls = true;
		break;
	case OPTION_MESSAGE:
		t->message = optarg;
		break;
	case OPTION_TIMEOUT:
		if (!slice_parse_uint(slice_from_cstr(optarg), MAX_TIMEOUT_S,
		    &seconds) || seconds == 0)
			return "--timeout wants seconds, from 1 to 600";
		t->timeout_s = (int)seconds;
		break;
	}
	return NULL;
}

static int
parse_options(struct test_send *t, int argc, char **argv, bool *wants_help)
{
	int status = command_parse_options(t->command, argc, argv, ":c:h",
	    long_options, take_option, t, wants_help);

	if (status != 0 || *wants_help)
		return status;
	t->recipients = argv + optind;
	t->n_recipients = argc - optind;
	if (t->n_recipients == 0)
		return command_misuse(t->command, "name a recipient");
	if (t->n_recipients > MAX_RECIPIENTS)
		return command_misuse(t->command, "100 recipients at most");
	return 0;
}

/* ---- what is shown ------------------------------------------------------- */

static void
print_client(struct test_send *t, struct slice line)
{
	fputs("> ", stdout);
	terminal_print_styled(stdout, t->has_colour, TERMINAL_BOLD, line, 0);
	putchar('\n');
	fflush(stdout);
	t->start_ms = clock_monotonic_ms();
}

static enum terminal_style
style_of(unsigned code)
{
	return code < 400 ? TERMINAL_GOOD : code < 500 ? TERMINAL_DOUBTFUL :
	    TERMINAL_BAD;
}

static void
print_reply(struct test_send *t, const struct smtp_reply *reply)
{
	const char *detail = smtp_enhanced_text(reply->enhanced);
	char code[4];

	snprintf(code, sizeof(code), "%03u", reply->code);
	for (size_t i = 0; i < reply->n_lines; i++) {
		fputs("< ", stdout);
		terminal_print_styled(stdout, t->has_colour,
		    style_of(reply->code), slice_from_cstr(code), 0);
		putchar(i + 1 < reply->n_lines ? '-' : ' ');
		terminal_print_escaped(stdout, reply->lines[i]);
		putchar('\n');
	}
	printf("    %s%s%s (%" PRId64 " ms)\n", smtp_code_text(reply->code),
	    detail != NULL ? "; " : "", detail != NULL ? detail : "",
	    clock_monotonic_ms() - t->start_ms);
}

static int
fail(struct test_send *t, int status)
{
	struct slice problem = strbuf_slice(&t->problem);

	fflush(stdout);
	fprintf(stderr, "assay test-send: %.*s\n", SLICE_PRINTF(problem));
	return status;
}

/* ---- steps --------------------------------------------------------------- */

/* 0 where the reply is 2xx or 3xx; else the exit status. */
static int
read_reply(struct test_send *t, struct smtp_reply *reply)
{
	if (smtp_read_reply(t->smtp, reply) != SMTP_OK)
		return fail(t, EX_PROTOCOL);
	print_reply(t, reply);
	if (reply->code < 400)
		return 0;
	return reply->code < 500 ? TEST_SEND_DEFERRED : TEST_SEND_REFUSED;
}

static int
say(struct test_send *t, const char *verb, const char *argument,
    const char *end, struct smtp_reply *reply)
{
	struct strbuf line;

	strbuf_init(&line, t->arena, MAX_TEXT);
	strbuf_printf(&line, "%s%s%s", verb, argument, end);
	print_client(t, strbuf_slice(&line));
	if (smtp_send(t->smtp, strbuf_slice(&line)) != SMTP_OK)
		return fail(t, EX_PROTOCOL);
	return read_reply(t, reply);
}

static int
greet(struct test_send *t)
{
	struct smtp_reply reply;
	int status = say(t, "EHLO ", t->helo, "", &reply);

	if (status == TEST_SEND_REFUSED)
		return say(t, "HELO ", t->helo, "", &reply);
	t->offers_tls = false;
	for (size_t i = 0; status == 0 && i < reply.n_lines; i++)
		if (slice_eq_nocase(reply.lines[i], SLICE("STARTTLS")))
			t->offers_tls = true;
	return status;
}

static void
print_tls(const struct smtp_tls *tls)
{
	char date[MAX_DATE];
	time_t end_s = (time_t)tls->not_after_s;
	struct tm end;

	printf("    %s, %s\n    certificate: ", tls->version, tls->cipher);
	terminal_print_escaped(stdout, tls->subject);
	fputs("\n    by: ", stdout);
	terminal_print_escaped(stdout, tls->issuer);
	if (gmtime_r(&end_s, &end) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%d", &end) != 0)
		printf("\n    until: %s", date);
	fputs("\n    ", stdout);
	if (tls->is_verified) {
		puts("it holds, for this name");
	} else {
		fputs("it does not hold: ", stdout);
		terminal_print_escaped(stdout, tls->problem);
		putchar('\n');
	}
}

static int
start_tls(struct test_send *t)
{
	struct smtp_reply reply;
	struct smtp_tls tls;
	int status;

	if (!t->offers_tls) {
		strbuf_append_cstr(&t->problem,
		    "the server does not offer STARTTLS");
		return fail(t, EX_PROTOCOL);
	}
	status = say(t, "STARTTLS", "", "", &reply);
	if (status != 0)
		return status;
	if (smtp_start_tls(t->smtp, t->server, &tls) != SMTP_OK)
		return fail(t, EX_PROTOCOL);
	print_tls(&tls);
	return greet(t);
}

/* One refused recipient does not hold up the others. */
static int
name_recipients(struct test_send *t)
{
	int worst = 0, n_taken = 0;

	for (int i = 0; i < t->n_recipients; i++) {
		struct smtp_reply reply;
		int status = say(t, "RCPT TO:<", t->recipients[i], ">",
		    &reply);

		if (status > TEST_SEND_DEFERRED)
			return status;
		if (status == 0)
			n_taken++;
		else if (worst != TEST_SEND_REFUSED)
			worst = status;
	}
	return n_taken != 0 && t->message != NULL ? 0 : worst;
}

static int
send_message(struct test_send *t)
{
	struct mailbox_message message = { .problem = NULL };
	struct mailbox *mailbox = mailbox_open(t->message, &t->problem);
	struct smtp_reply reply;
	int status;

	if (mailbox == NULL)
		return fail(t, EX_NOINPUT);
	status = say(t, "DATA", "", "", &reply);
	if (status == 0 && mailbox_next(mailbox, &message)) {
		printf("> (%zu octets and the final dot)\n",
		    message.octets.len);
		t->start_ms = clock_monotonic_ms();
		status = smtp_send_message(t->smtp, message.octets) ==
		    SMTP_OK ? read_reply(t, &reply) : fail(t, EX_PROTOCOL);
	}
	mailbox_release(&message);
	mailbox_close(&mailbox);
	return status;
}

static int
hold_dialogue(struct test_send *t)
{
	struct smtp_reply reply;
	int status = read_reply(t, &reply);

	if (status == 0)
		status = greet(t);
	if (status == 0 && t->wants_tls)
		status = start_tls(t);
	if (status == 0)
		status = say(t, "MAIL FROM:<", t->from, ">", &reply);
	if (status == 0)
		status = name_recipients(t);
	if (status == 0 && t->message != NULL)
		status = send_message(t);
	if (status <= TEST_SEND_DEFERRED) {
		int quit = say(t, "QUIT", "", "", &reply);

		if (status == 0)
			status = quit;
	}
	return status;
}

/* ---- where to ------------------------------------------------------------ */

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT, or an IPv6 address alone. */
static bool
parse_server(struct test_send *t, const char *text)
{
	struct slice s = slice_from_cstr(text), host = s, port = SLICE_EMPTY;
	size_t colon = slice_find_last(s, ':');
	struct ip_address address;
	uint64_t number = SMTP_PORT;

	if (s.len != 0 && s.ptr[0] == '[') {
		size_t end = slice_find(s, ']');

		if (end == SIZE_MAX)
			return false;
		host = slice_from(slice_head(s, end), 1);
		port = slice_from(s, end + 1);
		if (port.len != 0 && port.ptr[0] != ':')
			return false;
		port = slice_from(port, 1);
	} else if (colon != SIZE_MAX && !ip_parse(s, &address)) {
		host = slice_head(s, colon);
		port = slice_from(s, colon + 1);
	}
	if (host.len == 0 || (port.len != 0 &&
	    !slice_parse_uint(port, 65535, &number)))
		return false;
	t->port = (unsigned)number;
	t->server = arena_copy_cstr(t->arena, host);
	return t->server != NULL;
}

static bool
connect_to_host(struct test_send *t, struct resolver *resolver)
{
	struct ip_address addresses[MX_MAX_ADDRESSES];
	const char *why;
	bool has_failed;
	size_t n = mx_find_addresses(resolver, t->arena,
	    slice_from_cstr(t->server), addresses, &why,
	    &has_failed);

	if (n != 0)
		return smtp_connect(t->arena, addresses, n, t->port,
		    1000 * t->timeout_s, &t->problem, &t->smtp) == SMTP_OK;
	strbuf_append_escaped(&t->problem, slice_from_cstr(t->server),
	    MAX_TEXT / 4);
	strbuf_printf(&t->problem, ": %s", why);
	return false;
}

/* The first exchange of the first recipient's domain that can be reached. */
static int
connect_by_mx(struct test_send *t, struct resolver *resolver)
{
	struct slice local, domain;
	struct mx_hosts hosts;

	mail_split_address(slice_from_cstr(t->recipients[0]), &local, &domain);
	if (domain.len == 0) {
		strbuf_append_cstr(&t->problem, "the recipient has no domain: "
		    "say where to with --server");
		return fail(t, EX_USAGE);
	}
	if (!mx_find(resolver, t->arena, domain, &hosts, &t->problem))
		return fail(t, EX_NOHOST);
	t->port = SMTP_PORT;
	for (size_t i = 0; i < hosts.n && t->smtp == NULL; i++) {
		t->server = arena_copy_cstr(t->arena, hosts.names[i]);
		if (t->server == NULL)
			return EX_OSERR;
		strbuf_truncate(&t->problem, 0);
		if (!connect_to_host(t, resolver))
			fail(t, 0);
	}
	return t->smtp != NULL ? 0 : EX_UNAVAILABLE;
}

static int
find_and_connect(struct test_send *t)
{
	struct config *config = NULL;
	struct tool_resolver *tool;
	int status = setup_load_usable_config(t->command, t->config_path,
	    &config);

	if (status != 0)
		return status;
	tool = tool_resolver_open(config, &t->problem);
	status = tool != NULL ? connect_by_mx(t, tool_resolver_get(tool)) :
	    fail(t, EX_UNAVAILABLE);
	tool_resolver_close(&tool);
	config_unload(&config);
	return status;
}

/* A server that was named is found as every program on this host would find it:
 * in /etc/hosts, too. */
static size_t
find_named_host(struct test_send *t,
    struct ip_address addresses[MX_MAX_ADDRESSES])
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int error = getaddrinfo(t->server, NULL, &hints, &found);
	size_t n = 0;

	if (error != 0) {
		strbuf_append_escaped(&t->problem,
		    slice_from_cstr(t->server), MAX_TEXT / 4);
		strbuf_printf(&t->problem, ": %s", gai_strerror(error));
		return 0;
	}
	for (const struct addrinfo *next = found;
	    next != NULL && n < MX_MAX_ADDRESSES; next = next->ai_next)
		addresses[n++] = ip_from_sockaddr(next->ai_addr);
	freeaddrinfo(found);
	return n;
}

static int
connect_to_server(struct test_send *t)
{
	struct ip_address addresses[MX_MAX_ADDRESSES];
	size_t n;

	if (t->server == NULL)
		return find_and_connect(t);
	if (!parse_server(t, t->server))
		return command_misuse(t->command, "--server wants HOST, "
		    "HOST:PORT or [ADDRESS]:PORT");
	n = find_named_host(t, addresses);
	if (n == 0 || smtp_connect(t->arena, addresses, n, t->port,
	    1000 * t->timeout_s, &t->problem, &t->smtp) != SMTP_OK)
		return fail(t, EX_UNAVAILABLE);
	return 0;
}

static int
run(struct test_send *t)
{
	struct strbuf peer;
	int status;

	if (t->helo == NULL)
		t->helo = hostname_find(t->arena);
	if (t->helo == NULL)
		return EX_OSERR;
	t->has_colour = terminal_has_colour(stdout);
	status = connect_to_server(t);
	if (status != 0)
		return status;
	strbuf_init(&peer, t->arena, MAX_TEXT);
	ip_append(&peer, smtp_peer(t->smtp));
	printf("connected to %s [%s] port %u\n", t->server,
	    strbuf_cstr(&peer), t->port);
	t->start_ms = clock_monotonic_ms();
	return hold_dialogue(t);
}

int
test_send_run_command(const struct command *self, int argc, char **argv)
{
	struct test_send t = { .command = self, .from = "",
		.timeout_s = DEFAULT_TIMEOUT_S };
	bool wants_help = false;
	int status = parse_options(&t, argc, argv, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	t.arena = arena_create(MEMORY);
	if (t.arena == NULL) {
		fputs("assay test-send: memory is out\n", stderr);
		return EX_OSERR;
	}
	strbuf_init(&t.problem, t.arena, MAX_TEXT);
	status = run(&t);
	smtp_close(&t.smtp);
	arena_destroy(&t.arena);
	return status;
}
