/* cli/check_run.c - see check.h: the command. */
#include "cli/check.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check_show.h"
#include "cli/command.h"
#include "cli/policy_fetch.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "daemon/hostname.h"
#include "mail/domain.h"

#define MEMORY ((size_t)64 * 1024 * 1024)	/* of one domain */
#define MAX_TEXT ((size_t)64 * 1024)
#define MAX_DOMAINS 10000

enum long_option {
	OPTION_SELECTOR = 256,
	OPTION_CONNECT,
	OPTION_AS_SENDER,
	OPTION_JSON,
	OPTION_DIFF,
	OPTION_FILE,
};

static const struct option long_options[] = {
	{ "selector", required_argument, NULL, OPTION_SELECTOR },
	{ "connect", no_argument, NULL, OPTION_CONNECT },
	{ "as-sender", required_argument, NULL, OPTION_AS_SENDER },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "diff", required_argument, NULL, OPTION_DIFF },
	{ "file", required_argument, NULL, OPTION_FILE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct run {
	const struct command *command;
	struct arena *arena;		/* of the whole run */
	struct strbuf problem;
	const char *config_path, *diff_path, *file_path;
	struct slice selectors[CHECK_MAX_SELECTORS];
	size_t n_selectors;
	bool wants_connect, is_json;
	struct ip_address as_sender;
	struct config *config;
	struct tool_resolver *tool;
	json_t *then;			/* --diff's file; or NULL */
	json_t *all;			/* --json's array */
	struct slice hostname;
	bool has_colour;
	struct terminal_progress progress;
	size_t n_done, n_all;
	enum check_severity worst;
};

/* ---- the command line ---------------------------------------------------- */

static bool
add_selector(struct run *run, const char *text)
{
	struct slice selector;

	if (run->n_selectors == CHECK_MAX_SELECTORS ||
	    !domain_normalize(run->arena, slice_from_cstr(text), &selector))
		return false;
	run->selectors[run->n_selectors++] = selector;
	return true;
}

static const char *
take_option(void *context, int c)
{
	struct run *run = context;
	switch (c) {
	case 'c':
		run->config_path = optarg;
		break;
	case OPTION_SELECTOR:
		return add_selector(run, optarg) ? NULL :
		    "--selector wants the name of a key, 64 times at most";
	case OPTION_CONNECT:
		run->wants_connect = true;
		break;
	case OPTION_AS_SENDER:
		return ip_parse(slice_from_cstr(optarg), &run->as_sender) ?
		    NULL : "--as-sender wants an address, like 192.0.2.1";
	case OPTION_JSON:
		run->is_json = true;
		break;
	case OPTION_DIFF:
		run->diff_path = optarg;
		break;
	case OPTION_FILE:
		run->file_path = optarg;
		break;
	}
	return NULL;
}

static int
parse_options(struct run *run, int argc, char **argv, bool *wants_help)
{
	int status = command_parse_options(run->command, argc, argv, ":c:h",
	    long_options, take_option, run, wants_help);

	if (status != 0 || *wants_help)
		return status;
	if (optind == argc && run->file_path == NULL)
		return command_misuse(run->command, "name a domain");
	return 0;
}

/* ---- what it works with -------------------------------------------------- */

static int
fail(struct run *run, int status)
{
	struct slice problem = strbuf_slice(&run->problem);

	terminal_clear_progress(&run->progress);
	fprintf(stderr, "assay check: %.*s\n", SLICE_PRINTF(problem));
	return status;
}

static int
load_then(struct run *run)
{
	json_error_t error;

	if (run->diff_path == NULL)
		return 0;
	run->then = json_load_file(run->diff_path, 0, &error);
	if (run->then != NULL)
		return 0;
	strbuf_printf(&run->problem, "%s:%d: ", run->diff_path, error.line);
	strbuf_append_escaped(&run->problem, slice_from_cstr(error.text),
	    sizeof(error.text));
	return fail(run, EX_NOINPUT);
}

static int
prepare(struct run *run)
{
	int status = load_then(run);

	if (status == 0)
		status = setup_load_usable_config(run->command,
		    run->config_path, &run->config);
	if (status != 0)
		return status;
	if (!policy_fetch_start()) {
		strbuf_append_cstr(&run->problem, "libcurl cannot start");
		return fail(run, EX_OSERR);
	}
	run->tool = tool_resolver_open(run->config, &run->problem);
	if (run->tool == NULL)
		return fail(run, EX_UNAVAILABLE);
	run->hostname = slice_from_cstr(hostname_find(run->arena));
	run->has_colour = terminal_has_colour(stdout);
	if (run->is_json)
		run->all = json_array();
	return 0;
}

static void
release(struct run *run)
{
	tool_resolver_close(&run->tool);
	config_unload(&run->config);
	policy_fetch_stop();
	json_decref(run->then);
	json_decref(run->all);
	arena_destroy(&run->arena);
}

/* ---- one domain ---------------------------------------------------------- */

static bool
show(struct run *run, const struct check *check)
{
	json_t *now = NULL, *diff = NULL;
	bool ok = true;

	terminal_clear_progress(&run->progress);
	if (run->is_json || run->then != NULL) {
		now = check_make_json(check);
		ok = now != NULL;
	}
	if (ok && run->then != NULL) {
		diff = check_make_diff(run->then, now);
		ok = diff != NULL;
	}
	if (ok && run->is_json)
		ok = json_array_append(run->all, diff != NULL ? diff :
		    now) == 0;
	else if (ok && diff != NULL)
		check_print_diff(stdout, diff, run->has_colour);
	else if (ok)
		check_print(stdout, check, run->has_colour);
	json_decref(now);
	json_decref(diff);
	return ok;
}

static enum check_severity
worse_of(enum check_severity a, enum check_severity b)
{
	if (a == CHECK_CRITICAL || b == CHECK_CRITICAL)
		return CHECK_CRITICAL;
	return a > b ? a : b;
}

static int
check_domain(struct run *run, struct slice text)
{
	struct arena *arena = arena_create(MEMORY);
	struct check check = {
		.arena = arena, .resolver = tool_resolver_get(run->tool),
		.config = run->config, .selectors = run->selectors,
		.n_selectors = run->n_selectors,
		.wants_connect = run->wants_connect,
		.as_sender = run->as_sender, .hostname = run->hostname,
		.now_s = clock_wall_s(),
	};
	struct slice domain;
	int status = 0;

	if (arena == NULL)
		return EX_OSERR;
	terminal_show_progress(&run->progress, run->n_done++, run->n_all);
	if (!domain_normalize(arena, text, &domain)) {
		strbuf_append_escaped(&run->problem, text, MAX_TEXT);
		strbuf_append_cstr(&run->problem, " is no domain");
		status = fail(run, EX_USAGE);
	} else {
		check_begin(&check, domain);
		check_all(&check);
		run->worst = worse_of(run->worst, check_worst(&check));
		if (!show(run, &check))
			status = EX_OSERR;
	}
	arena_destroy(&arena);
	return status;
}

/* ---- all of them --------------------------------------------------------- */

/* A domain a line; "#" begins a comment. */
static int
read_file(struct run *run, struct slice *domains, size_t *n)
{
	FILE *file = fopen(run->file_path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = 0;

	if (file == NULL) {
		strbuf_printf(&run->problem, "%s: %s", run->file_path,
		    strerror(errno));
		return fail(run, EX_NOINPUT);
	}
	while (status == 0 && (length = getline(&line, &size, file)) >= 0) {
		struct slice text = { line, (size_t)length };

		text = slice_trim(slice_head(text, slice_find(text, '#')));
		if (text.len == 0)
			continue;
		if (*n == MAX_DOMAINS || !arena_copy(run->arena, text,
		    &domains[(*n)++])) {
			strbuf_printf(&run->problem, "%s: more than %d "
			    "domains", run->file_path, MAX_DOMAINS);
			status = fail(run, EX_DATAERR);
		}
	}
	free(line);
	fclose(file);
	return status;
}

static int
check_domains(struct run *run, char **names, size_t n_names)
{
	struct slice *domains = arena_alloc_array(run->arena,
	    MAX_DOMAINS + n_names, sizeof(*domains));
	int status = domains != NULL ? 0 : EX_OSERR;

	if (status == 0 && run->file_path != NULL)
		status = read_file(run, domains, &run->n_all);
	for (size_t i = 0; i < n_names && status == 0; i++)
		domains[run->n_all++] = slice_from_cstr(names[i]);
	terminal_begin_progress(&run->progress, "domains");
	if (run->n_all < 2)
		run->progress.is_shown = false;
	for (size_t i = 0; i < run->n_all && status == 0; i++)
		status = check_domain(run, domains[i]);
	terminal_clear_progress(&run->progress);
	if (status == 0 && run->is_json) {
		if (json_dumpf(run->all, stdout, JSON_INDENT(2)) != 0)
			status = EX_IOERR;
		putchar('\n');
	}
	return status;
}

int
check_run_command(const struct command *self, int argc, char **argv)
{
	struct run run = { .command = self, .arena = arena_create(MEMORY) };
	bool wants_help = false;
	int status;

	if (run.arena == NULL) {
		fputs("assay check: memory is out\n", stderr);
		return EX_OSERR;
	}
	strbuf_init(&run.problem, run.arena, MAX_TEXT);
	status = parse_options(&run, argc, argv, &wants_help);
	if (status == 0 && wants_help)
		status = command_help(self);
	else if (status == 0 && (status = prepare(&run)) == 0)
		status = check_domains(&run, argv + optind,
		    (size_t)(argc - optind));
	if (status == 0)
		status = (int)run.worst;
	release(&run);
	return status;
}
