/* cli/report.c - see report.h. */
#include "cli/report.h"

#include "base/slice.h"
#include "cli/command.h"

/* The row without a name is the last. */
static const struct command commands[] = {
	{ NULL, NULL, NULL, NULL, NULL },
};
#define N_COMMANDS (N_ELEMENTS(commands) - 1)

int
report_run_command(const struct command *self, int argc, char **argv)
{
	return command_dispatch(self, commands, N_COMMANDS, argc, argv);
}
