/* cli/report_tools.c - see report_tools.h. */
#include "cli/report_tools.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/report_setup.h"
#include "cli/resolver.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "dmarc/psl.h"
#include "report/deliver.h"
#include "report/options.h"

#define PROBLEM_CEILING ((size_t)64 * 1024)

int
report_tools_init(struct report_tools *tools, size_t arena_ceiling)
{
	*tools = (struct report_tools){
		.arena = arena_create(arena_ceiling) };
	return tools->arena != NULL ? 0 : EX_OSERR;
}

int
report_tools_tell(const struct strbuf *problem)
{
	fputs("assay: ", stderr);
	terminal_print_escaped(stderr, strbuf_slice(problem));
	putc('\n', stderr);
	return EX_CONFIG;
}

static int
open_deliverer(struct report_tools *tools)
{
	const char *helo = arena_copy_cstr(tools->arena,
	    tools->sender.submitter);
	struct strbuf problem;

	strbuf_init(&problem, tools->arena, PROBLEM_CEILING);
	if (helo != NULL)
		tools->deliverer = deliver_open(
		    tools->config->report.transport, helo, &problem);
	return tools->deliverer != NULL ? 0 : report_tools_tell(&problem);
}

int
report_tools_open(struct report_tools *tools, bool is_sending)
{
	int status = report_setup_make_sender(tools->config, tools->arena,
	    &tools->sender);

	if (status == 0)
		status = report_setup_load_psl(tools->config, &tools->psl);
	if (status == 0 && is_sending)
		status = open_deliverer(tools);
	if (status == 0)
		status = report_setup_open_store(tools->config,
		    &tools->store);
	return status;
}

int
report_tools_open_resolver(struct report_tools *tools)
{
	struct strbuf problem;

	strbuf_init(&problem, tools->arena, PROBLEM_CEILING);
	tools->resolver = tool_resolver_open(tools->config, &problem);
	return tools->resolver != NULL ? 0 : report_tools_tell(&problem);
}

void
report_tools_close(struct report_tools *tools)
{
	tool_resolver_close(&tools->resolver);
	deliver_close(&tools->deliverer);
	store_close(&tools->store);
	dmarc_psl_free(&tools->psl);
	config_unload(&tools->config);
	arena_destroy(&tools->arena);
}
