/* cli/report.c - see report.h. */
#include "cli/report.h"

#include "base/slice.h"
#include "cli/command.h"
#include "cli/report_show.h"

/* The row without a name is the last. */
static const struct command commands[] = {
	{ "show", "assay report show", "[--json] FILE...|-",
	  "print reports of any provider: xml, gz, zip, or a mail with one",
	  report_show_run },
	{ NULL, NULL, NULL, NULL, NULL },
};
#define N_COMMANDS (N_ELEMENTS(commands) - 1)

int
report_run_command(const struct command *self, int argc, char **argv)
{
	return command_dispatch(self, commands, N_COMMANDS, argc, argv);
}
