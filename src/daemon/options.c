/* daemon/options.c - see options.h. */
#include "daemon/options.h"

#include <unistd.h>

#define DEFAULT_CONFIG ASSAY_SYSCONFDIR "/assay/assayd.conf"

bool
options_parse(int argc, char **argv, struct daemon_options *options_out)
{
	int c;

	*options_out = (struct daemon_options){ .config_path = DEFAULT_CONFIG };
	opterr = 0;
	optind = 0;	/* the libraries' way to start afresh, for the tests */
	while ((c = getopt(argc, argv, "fc:tVh")) != -1)
		switch (c) {
		case 'f':
			options_out->is_foreground = true;
			break;
		case 'c':
			options_out->config_path = optarg;
			break;
		case 't':
			options_out->task = OPTIONS_TEST;
			break;
		case 'V':
			options_out->task = OPTIONS_VERSION;
			break;
		case 'h':
			options_out->task = OPTIONS_HELP;
			break;
		default:
			return false;
		}
	return optind == argc;
}
