/* cli/report_send.c - see report_send.h. */
#include "cli/report_send.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/report_events.h"
#include "cli/report_setup.h"
#include "cli/report_tools.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "config/config.h"
#include "mail/domain.h"
#include "report/day.h"
#include "report/options.h"

#define ARENA_CEILING ((size_t)16 * 1024 * 1024)
#define PROBLEM_CEILING ((size_t)1024 * 1024)

struct sending {
	const char *config_path;
	bool is_dry, is_json, is_verbose, has_day;
	uint32_t day;
	struct slice *domains;		/* normalized */
	size_t n_domains;
	int64_t now_s;
	struct report_tools tools;	/* owned */
};

/* ---- the command line ---------------------------------------------------- */

static const char *
read_day(struct sending *s, const char *text)
{
	if (!report_parse_day(slice_from_cstr(text), &s->day))
		return "--day wants YYYY-MM-DD";
	if (s->day >= s->now_s / CLOCK_DAY_S)
		return "--day wants one that is over (UTC)";
	s->has_day = true;
	return NULL;
}

static const char *
take_option(void *context, int c)
{
	struct sending *s = context;

	switch (c) {
	case 'c':
		s->config_path = optarg;
		break;
	case 'd':
		return read_day(s, optarg);
	case 'n':
		s->is_dry = true;
		break;
	case 'j':
		s->is_json = true;
		break;
	case 'v':
		s->is_verbose = true;
		break;
	}
	return NULL;
}

static int
read_domains(const struct command *self, struct sending *s, int argc,
    char **argv)
{
	struct arena *arena = s->tools.arena;
	size_t n = (size_t)argc;

	s->domains = arena_alloc_array(arena, n + 1, sizeof(*s->domains));
	if (s->domains == NULL)
		return EX_OSERR;
	for (size_t i = 0; i < n; i++)
		if (!domain_normalize(arena, slice_from_cstr(argv[i]),
		    &s->domains[s->n_domains++]))
			return command_misuse(self, "a DOMAIN is none");
	return 0;
}

static int
read_arguments(const struct command *self, struct sending *s, int argc,
    char **argv, bool *wants_help)
{
	static const struct option options[] = {
		{ "day", required_argument, NULL, 'd' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(self, argc, argv, ":c:hnv",
	    options, take_option, s, wants_help);

	if (status != 0 || *wants_help)
		return status;
	return read_domains(self, s, argc - optind, argv + optind);
}

/* ---- the run ------------------------------------------------------------- */

static int
prune(struct sending *s)
{
	uint32_t today = (uint32_t)(s->now_s / CLOCK_DAY_S);
	uint32_t kept = s->tools.config->report.keep_days;
	uint64_t n;

	if (s->is_dry || kept >= today)
		return 0;
	return report_setup_tell_store(s->tools.store, store_prune(
	    s->tools.store, today - kept, &n));
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
		report_tools_tell(problem);
		return EX_UNAVAILABLE;
	case REPORT_RUN_STORE:
		return report_setup_tell_store(s->tools.store, store_status);
	}
	return EX_SOFTWARE;
}

static void
fill_run(const struct sending *s, struct report_events *events,
    struct report_run *run)
{
	const struct report_tools *tools = &s->tools;
	uint32_t last = (uint32_t)((s->now_s - REPORT_SETTLE_S) /
	    CLOCK_DAY_S) - 1;

	*run = (struct report_run){
		.agenda = {
			.store = tools->store,
			.sender = &tools->sender,
			.dmarc = &tools->config->inspect.dmarc,
			.resolver = tool_resolver_get(tools->resolver),
			.dns_timeout_ms = tools->config->resolver.timeout_ms,
			.domains = s->domains,
			.n_domains = s->n_domains,
		},
		.deliverer = tools->deliverer,
		.first_day = s->has_day ? s->day : last - REPORT_RUN_DAYS + 1,
		.last_day = s->has_day ? s->day : last,
		.now_s = s->now_s,
		.should_stop = interrupt_catch(),
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

	strbuf_init(&problem, s->tools.arena, PROBLEM_CEILING);
	report_events_init(&events, s->is_json, s->is_verbose, s->is_dry);
	fill_run(s, &events, &run);
	status = report_run(&run, &counts, &store_status, &problem);
	if (status == REPORT_RUN_ELSEWHERE) {
		fputs("assay: another run is at it\n", stderr);
		return 0;
	}
	report_events_sum_up(&events, &counts);
	exit_status = exit_status_of(s, status, store_status, &problem);
	if (status == REPORT_RUN_STORE || *run.should_stop)
		return exit_status;
	prune_status = prune(s);
	return exit_status != 0 ? exit_status : prune_status;
}

static int
prepare_and_run(struct sending *s)
{
	struct report_tools *tools = &s->tools;
	int status = setup_load_config(s->config_path, &tools->config);

	if (status == 0)
		status = report_tools_open(tools, !s->is_dry);
	if (status == 0 && !s->is_dry)
		status = report_setup_read_secret(tools->store,
		    &tools->sender);
	if (status == 0)
		status = report_tools_open_resolver(tools);
	return status == 0 ? run_all(s) : status;
}

int
report_send_run(const struct command *self, int argc, char **argv)
{
	struct sending s = {
		.config_path = SETUP_DEFAULT_CONFIG,
		.now_s = clock_wall_s(),
	};
	bool wants_help = false;
	int status = report_tools_init(&s.tools, ARENA_CEILING);

	if (status == 0)
		status = read_arguments(self, &s, argc, argv, &wants_help);
	if (wants_help)
		status = command_help(self);
	else if (status == 0)
		status = prepare_and_run(&s);
	report_tools_close(&s.tools);
	return status;
}
