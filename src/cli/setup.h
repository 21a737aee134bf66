/* cli/setup.h - what most subcommands begin with.  Each of these tells on
 * stderr what went wrong, in a line, and gives the exit status for it. */
#ifndef ASSAY_CLI_SETUP_H
#define ASSAY_CLI_SETUP_H

struct command;
struct config;

#define SETUP_DEFAULT_CONFIG ASSAY_SYSCONFDIR "/assay/assayd.conf"

/* EX_CONFIG: *CONFIG_OUT is NULL then.  Release with config_unload. */
int setup_load_config(const char *path, struct config **config_out);

/* The same for what can do without one: PATH may be NULL for the daemon's own,
 * and where that may not be read, as by a user who is not root, its defaults
 * are taken and COMMAND says so on stderr. */
int setup_load_usable_config(const struct command *command, const char *path,
    struct config **config_out);

#endif
