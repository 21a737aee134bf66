/* cli/report_prune.c - see report_prune.h. */
#include "cli/report_prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/setup.h"
#include "config/config.h"

static int
prune(const struct config *config, struct store *store)
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

int
report_prune_run(const struct command *self, int argc, char **argv)
{
	const char *path = SETUP_DEFAULT_CONFIG;
	struct config *config = NULL;
	struct store *store = NULL;
	int c, status;

	opterr = 0;
	optind = 0;
	while ((c = getopt(argc, argv, ":c:")) != -1) {
		if (c != 'c')
			return command_misuse_option(self, c, argv);
		path = optarg;
	}
	if (optind != argc)
		return command_misuse(self, NULL);
	status = setup_load_config(path, &config);
	if (status == 0)
		status = report_setup_open_store(config, &store);
	if (status == 0)
		status = prune(config, store);
	store_close(&store);
	config_unload(&config);
	return status;
}
