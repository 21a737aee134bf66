/* cli/report_prune.c - see report_prune.h. */
#include "cli/report_prune.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/setup.h"
#include "config/config.h"

static int
prune_store(const struct config *config, struct store *store)
{
	int64_t today = clock_wall_s() / CLOCK_DAY_S;
	unsigned kept = config->report.keep_days;
	uint64_t n = 0;
	int status = 0;

	if (kept < today)
		status = report_setup_tell_store(store, store_prune(store,
		    (uint32_t)today - kept, &n));
	if (status == 0)
		printf("%" PRIu64 " rows older than %u days are gone\n", n,
		    kept);
	return status;
}

/* A timer runs this wherever assay is installed: that there is no store is no
 * fault. */
static int
prune(const struct config *config)
{
	struct store *store = NULL;
	int status;

	if (config->report.store[0] == '\0') {
		puts("there is no store, and nothing to forget");
		return 0;
	}
	status = report_setup_open_store(config, &store);
	if (status == 0)
		status = prune_store(config, store);
	store_close(&store);
	return status;
}

static const char *
take_option(void *context, int c)
{
	const char **path = context;

	if (c == 'c')
		*path = optarg;
	return NULL;
}

int
report_prune_run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = SETUP_DEFAULT_CONFIG;
	struct config *config = NULL;
	bool wants_help = false;
	int status = command_parse_options(self, argc, argv, ":c:h", options,
	    take_option, &path, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (optind != argc)
		return command_misuse(self, NULL);
	status = setup_load_config(path, &config);
	if (status == 0)
		status = prune(config);
	config_unload(&config);
	return status;
}
