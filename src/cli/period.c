/* cli/period.c - see period.h. */
#include "cli/period.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/setup.h"
#include "config/config.h"
#include "report/day.h"
#include "report/store.h"

#define MAX_TOP 1000000
#define DEFAULT_TOP 20

enum long_option {
	OPTION_DAYS = 256,
	OPTION_FROM,
	OPTION_TO,
	OPTION_BY,
	OPTION_TOP,
	OPTION_JSON,
	OPTION_CSV,
};

static const struct option long_options[] = {
	{ "days", required_argument, NULL, OPTION_DAYS },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "by", required_argument, NULL, OPTION_BY },
	{ "top", required_argument, NULL, OPTION_TOP },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "csv", no_argument, NULL, OPTION_CSV },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool
parse_number(const char *text, uint64_t max, uint64_t *number_out)
{
	return slice_parse_uint(slice_from_cstr(text), max, number_out);
}

struct reading {
	struct period *period;
	uint64_t n_days;
};

static const char *
take_option(void *context, int c)
{
	struct reading *reading = context;
	struct period *period = reading->period;
	uint64_t number;

	switch (c) {
	case 'c':
		period->config_path = optarg;
		break;
	case OPTION_DAYS:
		if (!parse_number(optarg, PERIOD_MAX_DAYS,
		    &reading->n_days) || reading->n_days == 0)
			return "--days wants a number of days";
		break;
	case OPTION_FROM:
		if (!report_parse_day(slice_from_cstr(optarg), &period->from))
			return "--from wants a day, like 2026-11-01";
		break;
	case OPTION_TO:
		if (!report_parse_day(slice_from_cstr(optarg), &period->to))
			return "--to wants a day, like 2026-11-30";
		break;
	case OPTION_BY:
		period->by = optarg;
		break;
	case OPTION_TOP:
		if (!parse_number(optarg, MAX_TOP, &number))
			return "--top wants a number of rows, 0 for all";
		period->top = (unsigned)number;
		break;
	case OPTION_JSON:
		period->form = PERIOD_JSON;
		break;
	case OPTION_CSV:
		period->form = PERIOD_CSV;
		break;
	}
	return NULL;
}

/* The last N days up to TO, unless FROM says more. */
static void
complete(struct period *period, uint64_t n_days)
{
	if (period->to == 0)
		period->to = (uint32_t)(clock_wall_s() / CLOCK_DAY_S);
	if (period->from == 0)
		period->from = n_days > period->to ? 0 :
		    period->to - (uint32_t)n_days + 1;
}

int
period_parse(const struct command *command, int argc, char **argv,
    struct period *period, bool *wants_help)
{
	struct reading reading = { period, PERIOD_DEFAULT_DAYS };
	int status;

	*period = (struct period){ .config_path = SETUP_DEFAULT_CONFIG,
		.top = DEFAULT_TOP };
	status = command_parse_options(command, argc, argv, ":c:h",
	    long_options, take_option, &reading, wants_help);
	if (status != 0 || *wants_help)
		return status;
	if (optind != argc)
		return command_misuse(command, "it takes no arguments");
	complete(period, reading.n_days);
	if (period->from > period->to)
		return command_misuse(command, "--from is behind --to");
	return 0;
}

int
period_open(struct period *period)
{
	int status = setup_load_config(period->config_path, &period->config);

	if (status == 0)
		status = report_setup_open_store(period->config,
		    &period->store);
	return status;
}

void
period_close(struct period *period)
{
	store_close(&period->store);
	config_unload(&period->config);
}
