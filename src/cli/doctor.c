/* cli/doctor.c - see doctor.h: the command. */
#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/check_show.h"
#include "cli/command.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "daemon/hostname.h"

#define MEMORY ((size_t)64 * 1024 * 1024)
#define MAX_TEXT ((size_t)64 * 1024)

enum long_option {
	OPTION_POSTFIX = 256,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{ "postfix", required_argument, NULL, OPTION_POSTFIX },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct doctor {
	const struct command *command;
	const char *config_path, *postfix;
	bool is_json;
};

static const char *
take_option(void *context, int c)
{
	struct doctor *doctor = context;

	switch (c) {
	case 'c':
		doctor->config_path = optarg;
		break;
	case OPTION_POSTFIX:
		doctor->postfix = optarg;
		break;
	case OPTION_JSON:
		doctor->is_json = true;
		break;
	}
	return NULL;
}

static int
show(const struct doctor *doctor, const struct check *check)
{
	json_t *object;
	int status = 0;

	if (!doctor->is_json) {
		check_print(stdout, check, terminal_has_colour(stdout));
		return 0;
	}
	object = check_make_json(check);
	if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) != 0)
		status = EX_IOERR;
	putchar('\n');
	json_decref(object);
	return status;
}

static int
examine(const struct doctor *doctor, struct check *check)
{
	int status;

	check_begin(check, check->hostname);
	doctor_check_host(check, doctor->config_path);
	doctor_check_postfix(check, doctor->postfix);
	doctor_check_milter(check);
	doctor_check_daemon(check);
	status = show(doctor, check);
	return status != 0 ? status : (int)check_worst(check);
}

static int
run(const struct doctor *doctor, struct arena *arena)
{
	struct check check = { .arena = arena, .now_s = clock_wall_s() };
	struct tool_resolver *tool = NULL;
	struct config *config = NULL;
	struct strbuf problem;
	int status = setup_load_config(doctor->config_path, &config);

	strbuf_init(&problem, arena, MAX_TEXT);
	if (status == 0 &&
	    (tool = tool_resolver_open(config, &problem)) == NULL) {
		fprintf(stderr, "assay doctor: %.*s\n",
		    SLICE_PRINTF(strbuf_slice(&problem)));
		status = EX_UNAVAILABLE;
	}
	if (status == 0) {
		check.resolver = tool_resolver_get(tool);
		check.config = config;
		check.hostname = slice_from_cstr(hostname_find(arena));
		status = examine(doctor, &check);
	}
	tool_resolver_close(&tool);
	config_unload(&config);
	return status;
}

int
doctor_run_command(const struct command *self, int argc, char **argv)
{
	struct doctor doctor = { .command = self,
		.config_path = SETUP_DEFAULT_CONFIG };
	bool wants_help = false;
	struct arena *arena;
	int status = command_parse_options(self, argc, argv, ":c:h",
	    long_options, take_option, &doctor, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (optind != argc)
		return command_misuse(self, "it takes no arguments");
	arena = arena_create(MEMORY);
	if (arena == NULL) {
		fputs("assay doctor: memory is out\n", stderr);
		return EX_OSERR;
	}
	status = run(&doctor, arena);
	arena_destroy(&arena);
	return status;
}
