/* cli/report.c - see report.h. */
#include "cli/report.h"

#include "base/slice.h"
#include "cli/command.h"
#include "cli/report_bounce.h"
#include "cli/report_failures.h"
#include "cli/report_preview.h"
#include "cli/report_prune.h"
#include "cli/report_send.h"
#include "cli/report_show.h"
#include "cli/report_status.h"

static const struct command commands[] = {
	{ "send", "assay report send", "[-c FILE] [-v] [--day YYYY-MM-DD] "
	  "[--dry-run] [--json] [DOMAIN...]",
	  "send the aggregate reports that are owed", report_send_run },
	{ "preview", "assay report preview", "[-c FILE] [--day YYYY-MM-DD] "
	  "[--mail] [--part N] DOMAIN",
	  "print the report that would go out", report_preview_run },
	{ "status", "assay report status", "[-c FILE] [--json]",
	  "what became of the reports of each day", report_status_run },
	{ "prune", "assay report prune", "[-c FILE]",
	  "forget what is older than report.keep_days", report_prune_run },
	{ "failures", "assay report failures", "[-c FILE] [-v] [--dry-run]",
	  "send the failure reports that are owed", report_failures_run },
	{ "bounce", "assay report bounce", "[-c FILE] < MAIL",
	  "take a bounce from the MTA: leave that address alone for a time",
	  report_bounce_run },
	{ "show", "assay report show", "[--json] FILE...|-",
	  "print reports of any provider: xml, gz, zip, or a mail with one",
	  report_show_run },
};

int
report_run_command(const struct command *self, int argc, char **argv)
{
	return command_dispatch(self, commands, N_ELEMENTS(commands), argc,
	    argv);
}
