/* cli/control.h - assay reload, log-level, cache and zones: what the running
 * assayd is told, and asked. */
#ifndef ASSAY_CLI_CONTROL_H
#define ASSAY_CLI_CONTROL_H

struct command;

/* Each: 0; of sysexits(3), as cli/ask.h says; and for reload: */
enum {
	CONTROL_REFUSED = 1,	/* the old configuration stays */
};

int control_run_reload(const struct command *self, int argc, char **argv);
int control_run_log_level(const struct command *self, int argc, char **argv);
int control_run_cache(const struct command *self, int argc, char **argv);
int control_run_zones(const struct command *self, int argc, char **argv);

#endif
