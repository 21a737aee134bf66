/* cli/report_failures.c - see report_failures.h. */
#include "cli/report_failures.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/report_setup.h"
#include "cli/report_tools.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "report/failure_run.h"

#define ARENA_CEILING ((size_t)8 * 1024 * 1024)

struct sending {
	const char *config_path;
	bool is_dry, is_verbose;
	struct report_tools tools;	/* owned */
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

/* ---- the command line ---------------------------------------------------- */

static const char *
take_option(void *context, int c)
{
	struct sending *s = context;

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
	}
	return NULL;
}

static int
read_arguments(const struct command *self, struct sending *s, int argc,
    char **argv, bool *wants_help)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(self, argc, argv, ":c:hnv",
	    options, take_option, s, wants_help);

	if (status != 0 || *wants_help)
		return status;
	return optind == argc ? 0 : command_misuse(self, NULL);
}

/* ---- the run ------------------------------------------------------------- */

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
	const struct report_tools *tools = &s->tools;
	const struct failure_run run = {
		.store = tools->store,
		.sender = &tools->sender,
		.dmarc = &tools->config->inspect.dmarc,
		.resolver = tool_resolver_get(tools->resolver),
		.dns_timeout_ms = tools->config->resolver.timeout_ms,
		.deliverer = tools->deliverer,
		.now_s = clock_wall_s(),
		.should_stop = interrupt_catch(),
		.tell = tell_event,
		.context = s,
	};
	uint64_t counts[FAILURE_N_EVENTS];
	enum store_status store_status;
	enum failure_run_status status;

	status = failure_run(&run, counts, &store_status);
	sum_up(counts);
	switch (status) {
	case FAILURE_RUN_OK:
		return 0;
	case FAILURE_RUN_LEFTOVER:
		return EX_TEMPFAIL;
	case FAILURE_RUN_STORE:
		return report_setup_tell_store(tools->store, store_status);
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
	struct report_tools *tools = &s->tools;
	int status = setup_load_config(s->config_path, &tools->config);

	if (status != 0)
		return status;
	if (!tools->config->report.is_failure_enabled) {
		puts("report.failure.enabled is false: none are made");
		return 0;
	}
	status = report_tools_open(tools, !s->is_dry);
	if (status == 0)
		status = report_setup_read_secret(tools->store,
		    &tools->sender);
	if (status == 0)
		status = report_tools_open_resolver(tools);
	return status == 0 ? run_all(s) : status;
}

int
report_failures_run(const struct command *self, int argc, char **argv)
{
	struct sending s = { .config_path = SETUP_DEFAULT_CONFIG };
	bool wants_help = false;
	int status = read_arguments(self, &s, argc, argv, &wants_help);

	if (wants_help)
		return command_help(self);
	if (status != 0)
		return status;
	status = report_tools_init(&s.tools, ARENA_CEILING);
	if (status == 0)
		status = prepare_and_run(&s);
	report_tools_close(&s.tools);
	return status;
}
