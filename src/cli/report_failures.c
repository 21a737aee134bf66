/* cli/report_failures.c - see report_failures.h. */
#include "cli/report_failures.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "dmarc/psl.h"
#include "report/deliver.h"
#include "report/failure_run.h"
#include "report/options.h"

#define ARENA_CEILING ((size_t)8 * 1024 * 1024)
#define PROBLEM_CEILING ((size_t)64 * 1024)

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t should_stop;

struct sending {
	const struct command *self;
	const char *config_path;
	bool is_dry, is_verbose;

	struct arena *arena;		/* owned, all of these */
	struct config *config;
	struct psl *psl;
	struct store *store;
	struct tool_resolver *resolver;
	struct deliverer *deliverer;
	struct report_sender sender;
};

static const struct {
	const char *name;
	bool is_news;		/* told of without -v */
} events[FAILURE_N_EVENTS] = {
	[FAILURE_EVENT_OWED] = { "owed", true },
	[FAILURE_EVENT_SENT] = { "sent", false },
	[FAILURE_EVENT_DEFERRED] = { "deferred", true },
	[FAILURE_EVENT_DROPPED] = { "dropped", true },
	[FAILURE_EVENT_LIMITED] = { "over the limit", false },
	[FAILURE_EVENT_SUPPRESSED] = { "suppressed", false },
	[FAILURE_EVENT_NOT_SENT] = { "not sent", false },
};

/* ---- what is needed ------------------------------------------------------ */

static int
read_arguments(struct sending *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":c:nv", options, NULL)) != -1)
		switch (c) {
		case 'c':
			s->config_path = optarg;
			break;
		case 'n':
			s->is_dry = true;
			break;
		case 'v':
			s->is_verbose = true;
			break;
		default:
			return command_misuse_option(s->self, c, argv);
		}
	return optind == argc ? 0 : command_misuse(s->self, NULL);
}

static int
tell_problem(const struct strbuf *problem)
{
	fputs("assay: ", stderr);
	terminal_print_escaped(stderr, strbuf_slice(problem));
	putc('\n', stderr);
	return EX_CONFIG;
}

static int
open_deliverer(struct sending *s)
{
	const char *helo = arena_copy_cstr(s->arena, s->sender.submitter);
	struct strbuf problem;

	if (s->is_dry)
		return 0;
	strbuf_init(&problem, s->arena, PROBLEM_CEILING);
	if (helo != NULL)
		s->deliverer = deliver_open(s->config->report.transport, helo,
		    &problem);
	return s->deliverer != NULL ? 0 : tell_problem(&problem);
}

static int
open_resolver(struct sending *s)
{
	struct strbuf problem;

	strbuf_init(&problem, s->arena, PROBLEM_CEILING);
	s->resolver = tool_resolver_open(s->config, &problem);
	return s->resolver != NULL ? 0 : tell_problem(&problem);
}

static int
prepare(struct sending *s)
{
	int status = report_setup_make_sender(s->config, s->arena, &s->sender);

	if (status == 0)
		status = report_setup_load_psl(s->config, &s->psl);
	if (status == 0)
		status = open_deliverer(s);
	if (status == 0)
		status = report_setup_open_store(s->config, &s->store);
	if (status == 0)
		status = report_setup_read_secret(s->store, &s->sender);
	return status == 0 ? open_resolver(s) : status;
}

static void
release(struct sending *s)
{
	tool_resolver_close(&s->resolver);
	deliver_close(&s->deliverer);
	store_close(&s->store);
	dmarc_psl_free(&s->psl);
	config_unload(&s->config);
	arena_destroy(&s->arena);
}

/* ---- the run ------------------------------------------------------------- */

static void
on_signal(int number)
{
	(void)number;
	should_stop = 1;
}

/* The message under way is finished first. */
static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;	/* a relay that hangs up */
	sigaction(SIGPIPE, &action, NULL);
}

static void
tell_event(void *context, const struct failure_event *event)
{
	const struct sending *s = context;

	if (!s->is_verbose && !events[event->kind].is_news)
		return;
	printf("%s: ", events[event->kind].name);
	terminal_print_escaped(stdout, event->policy_domain);
	if (event->destination.len != 0) {
		fputs(" to ", stdout);
		terminal_print_escaped(stdout, event->destination);
	}
	if (event->incidents != 1)
		printf(", %" PRIu64 " incidents", event->incidents);
	if (event->note.len != 0) {
		fputs(": ", stdout);
		terminal_print_escaped(stdout, event->note);
	}
	putchar('\n');
}

static void
sum_up(const uint64_t *counts)
{
	const char *separator = "incidents: ";

	for (size_t i = 0; i < FAILURE_N_EVENTS; i++) {
		if (counts[i] == 0)
			continue;
		printf("%s%" PRIu64 " %s", separator, counts[i],
		    events[i].name);
		separator = ", ";
	}
	puts(separator[0] == ',' ? "" : "nothing is owed");
}

static int
run_all(struct sending *s)
{
	const struct failure_run run = {
		.store = s->store,
		.sender = &s->sender,
		.dmarc = &s->config->inspect.dmarc,
		.resolver = tool_resolver_get(s->resolver),
		.dns_timeout_ms = s->config->resolver.timeout_ms,
		.deliverer = s->deliverer,
		.now_s = clock_wall_s(),
		.should_stop = &should_stop,
		.tell = tell_event,
		.context = s,
	};
	uint64_t counts[FAILURE_N_EVENTS];
	enum store_status store_status;
	enum failure_run_status status;

	catch_signals();
	status = failure_run(&run, counts, &store_status);
	sum_up(counts);
	switch (status) {
	case FAILURE_RUN_OK:
		return 0;
	case FAILURE_RUN_LEFTOVER:
		return EX_TEMPFAIL;
	case FAILURE_RUN_STORE:
		return report_setup_tell_store(s->store, store_status);
	case FAILURE_RUN_FAILED:
		fputs("assay: memory is out\n", stderr);
		return EX_OSERR;
	}
	return EX_SOFTWARE;
}

/* The timer runs whether or not there is anything to do for it. */
static int
prepare_and_run(struct sending *s)
{
	int status = setup_load_config(s->config_path, &s->config);

	if (status != 0)
		return status;
	if (!s->config->report.is_failure_enabled) {
		puts("report.failure.enabled is false: none are made");
		return 0;
	}
	status = prepare(s);
	return status == 0 ? run_all(s) : status;
}

int
report_failures_run(const struct command *self, int argc, char **argv)
{
	struct sending s = { .self = self,
		.config_path = SETUP_DEFAULT_CONFIG,
		.arena = arena_create(ARENA_CEILING) };
	int status;

	if (s.arena == NULL)
		return EX_OSERR;
	if (argc == 2 && slice_eq(slice_from_cstr(argv[1]), SLICE("--help"))) {
		arena_destroy(&s.arena);
		return command_help(self);
	}
	status = read_arguments(&s, argc, argv);
	if (status == 0)
		status = prepare_and_run(&s);
	release(&s);
	return status;
}
