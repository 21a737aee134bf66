/* cli/setup.h - what most subcommands begin with.  Each of these tells on stderr
 * what went wrong, in a line, and gives the exit status for it. */
#ifndef ASSAY_CLI_SETUP_H
#define ASSAY_CLI_SETUP_H

struct config;

#define SETUP_DEFAULT_CONFIG ASSAY_SYSCONFDIR "/assay/assayd.conf"

/* EX_CONFIG: *CONFIG_OUT is NULL then.  Release with config_unload. */
int setup_load_config(const char *path, struct config **config_out);

#endif
