/* cli/mta_sts.c - see mta_sts.h. */
#include "cli/mta_sts.h"

#include "base/slice.h"
#include "cli/command.h"

static const struct command commands[] = {
	{ "serve", "assay mta-sts serve", "[-c FILE] [--socket PATH]",
	  "answer Postfix's smtp_tls_policy_maps: MTA-STS and DANE",
	  mta_sts_serve_run },
	{ "query", "assay mta-sts query", "[-c FILE] [--json] DOMAIN...",
	  "what the server would answer, and why", mta_sts_query_run },
};

int
mta_sts_run_command(const struct command *self, int argc, char **argv)
{
	return command_dispatch(self, commands, N_ELEMENTS(commands), argc,
	    argv);
}
