/* daemon/main.c - assayd's beginning: see daemon.h for the rest. */
#include <stdio.h>
#include <sysexits.h>

#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/version.h"

int
main(int argc, char **argv)
{
	struct daemon_options options;

	if (!options_parse(argc, argv, &options)) {
		fputs(OPTIONS_USAGE "\n", stderr);
		return EX_USAGE;
	}
	switch (options.task) {
	case OPTIONS_RUN:
		return daemon_run(&options);
	case OPTIONS_TEST:
		return daemon_test_config(options.config_path);
	case OPTIONS_VERSION:
		version_print(stdout);
		return 0;
	case OPTIONS_HELP:
		puts(OPTIONS_USAGE);
		return 0;
	}
	return EX_USAGE;
}
