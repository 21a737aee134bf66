/* cli/report_send.c - see report_send.h. */
#include "cli/report_send.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/report_events.h"
#include "cli/report_setup.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "config/config.h"
#include "dmarc/psl.h"
#include "mail/domain.h"
#include "report/day.h"
#include "report/deliver.h"
#include "report/options.h"

#define ARENA_CEILING ((size_t)16 * 1024 * 1024)
#define PROBLEM_CEILING ((size_t)1024 * 1024)

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t should_stop;

struct sending {
	const struct command *self;
	const char *config_path;
	bool is_dry, is_json, is_verbose, has_day;
	uint32_t day;
	struct slice *domains;		/* normalized */
	size_t n_domains;

	struct arena *arena;		/* owned, all of these */
	struct config *config;
	struct psl *psl;
	struct store *store;
	struct tool_resolver *resolver;
	struct deliverer *deliverer;
	struct report_sender sender;
	int64_t now_s;
};

/* ---- the command line ---------------------------------------------------- */

static int
read_day(struct sending *s, const char *text)
{
	if (!report_parse_day(slice_from_cstr(text), &s->day))
		return command_misuse(s->self, "--day wants YYYY-MM-DD");
	if (s->day >= s->now_s / CLOCK_DAY_S)
		return command_misuse(s->self, "--day wants one that is over "
		    "(UTC)");
	s->has_day = true;
	return 0;
}

static int
read_domains(struct sending *s, int argc, char **argv)
{
	size_t n = (size_t)argc;

	s->domains = arena_alloc_array(s->arena, n + 1, sizeof(*s->domains));
	if (s->domains == NULL)
		return EX_OSERR;
	for (size_t i = 0; i < n; i++)
		if (!domain_normalize(s->arena, slice_from_cstr(argv[i]),
		    &s->domains[s->n_domains++]))
			return command_misuse(s->self, "a DOMAIN is none");
	return 0;
}

static int
read_arguments(struct sending *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "day", required_argument, NULL, 'd' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c, status = 0;

	opterr = 0;
	optind = 0;
	while (status == 0 &&
	    (c = getopt_long(argc, argv, ":c:nv", options, NULL)) != -1)
		switch (c) {
		case 'c':
			s->config_path = optarg;
			break;
		case 'd':
			status = read_day(s, optarg);
			break;
		case 'n':
			s->is_dry = true;
			break;
		case 'j':
			s->is_json = true;
			break;
		case 'v':
			s->is_verbose = true;
			break;
		default:
			return command_misuse_option(s->self, c, argv);
		}
	return status != 0 ? status :
	    read_domains(s, argc - optind, argv + optind);
}

/* ---- what is needed ------------------------------------------------------ */

static int
tell_problem(struct strbuf *problem)
{
	fputs("assay: ", stderr);
	terminal_print_escaped(stderr, strbuf_slice(problem));
	putc('\n', stderr);
	return EX_CONFIG;
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
prepare(struct sending *s)
{
	int status = setup_load_config(s->config_path, &s->config);

	if (status == 0)
		status = report_setup_make_sender(s->config, s->arena,
		    &s->sender);
	if (status == 0)
		status = report_setup_load_psl(s->config, &s->psl);
	if (status == 0)
		status = open_deliverer(s);
	if (status == 0)
		status = report_setup_open_store(s->config, &s->store);
	if (status == 0 && !s->is_dry)
		status = report_setup_read_secret(s->store, &s->sender);
	if (status == 0)
		status = open_resolver(s);
	return status;
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

/* ---- the run ------------------------------------------------------------- */

static int
prune(struct sending *s)
{
	uint32_t today = (uint32_t)(s->now_s / CLOCK_DAY_S);
	uint32_t kept = s->config->report.keep_days;
	uint64_t n;

	if (s->is_dry || kept >= today)
		return 0;
	return report_setup_tell_store(s->store, store_prune(s->store,
	    today - kept, &n));
}

static int
exit_status_of(const struct sending *s, enum report_run_status status,
    enum store_status store_status, struct strbuf *problem)
{
	switch (status) {
	case REPORT_RUN_OK:
		return 0;
	case REPORT_RUN_LEFTOVER:
		return EX_TEMPFAIL;
	case REPORT_RUN_ELSEWHERE:
		return 0;
	case REPORT_RUN_BROKEN:
		tell_problem(problem);
		return EX_UNAVAILABLE;
	case REPORT_RUN_STORE:
		return report_setup_tell_store(s->store, store_status);
	}
	return EX_SOFTWARE;
}

static void
fill_run(const struct sending *s, struct report_events *events,
    struct report_run *run)
{
	uint32_t last = (uint32_t)((s->now_s - REPORT_SETTLE_S) /
	    CLOCK_DAY_S) - 1;

	*run = (struct report_run){
		.agenda = {
			.store = s->store,
			.sender = &s->sender,
			.dmarc = &s->config->inspect.dmarc,
			.resolver = tool_resolver_get(s->resolver),
			.dns_timeout_ms = s->config->resolver.timeout_ms,
			.domains = s->domains,
			.n_domains = s->n_domains,
		},
		.deliverer = s->deliverer,
		.first_day = s->has_day ? s->day : last - REPORT_RUN_DAYS + 1,
		.last_day = s->has_day ? s->day : last,
		.now_s = s->now_s,
		.should_stop = &should_stop,
		.tell = report_events_tell,
		.context = events,
	};
}

static int
run_all(struct sending *s)
{
	enum store_status store_status;
	enum report_run_status status;
	struct report_counts counts;
	struct report_events events;
	struct report_run run;
	struct strbuf problem;
	int exit_status, prune_status;

	strbuf_init(&problem, s->arena, PROBLEM_CEILING);
	report_events_init(&events, s->is_json, s->is_verbose, s->is_dry);
	fill_run(s, &events, &run);
	catch_signals();
	status = report_run(&run, &counts, &store_status, &problem);
	if (status == REPORT_RUN_ELSEWHERE) {
		fputs("assay: another run is at it\n", stderr);
		return 0;
	}
	report_events_sum_up(&events, &counts);
	exit_status = exit_status_of(s, status, store_status, &problem);
	if (status == REPORT_RUN_STORE || should_stop)
		return exit_status;
	prune_status = prune(s);
	return exit_status != 0 ? exit_status : prune_status;
}

int
report_send_run(const struct command *self, int argc, char **argv)
{
	struct sending s = {
		.self = self,
		.config_path = SETUP_DEFAULT_CONFIG,
		.arena = arena_create(ARENA_CEILING),
		.now_s = clock_wall_s(),
	};
	int status;

	if (s.arena == NULL)
		return EX_OSERR;
	if (argc == 2 && slice_eq(slice_from_cstr(argv[1]), SLICE("--help"))) {
		arena_destroy(&s.arena);
		return command_help(self);
	}
	status = read_arguments(&s, argc, argv);
	if (status == 0)
		status = prepare(&s);
	if (status == 0)
		status = run_all(&s);
	release(&s);
	return status;
}
