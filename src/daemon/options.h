/* daemon/options.h - assayd's command line. */
#ifndef ASSAY_DAEMON_OPTIONS_H
#define ASSAY_DAEMON_OPTIONS_H

#include <stdbool.h>

enum options_task {
	OPTIONS_RUN = 0,
	OPTIONS_TEST,		/* -t: the configuration only */
	OPTIONS_VERSION,	/* -V */
	OPTIONS_HELP,		/* -h */
};

struct daemon_options {
	enum options_task task;
	const char *config_path;	/* -c; borrowed from ARGV */
	bool is_foreground;		/* -f */
};

#define OPTIONS_USAGE "usage: assayd [-f] [-c FILE] [-t] [-V] [-h]"

/* False where it is none of these; nothing is printed. */
bool options_parse(int argc, char **argv, struct daemon_options *options_out);

#endif
