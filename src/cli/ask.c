/* cli/ask.c - see ask.h. */
#include "cli/ask.h"

#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "control/client.h"

#define MEMORY ((size_t)4 * 1024 * 1024)
#define PROBLEM_MAX ((size_t)1024 * 1024)

/* A message waits for DNS, as long as limits.message_time_ms may say, behind
 * others. */
#define ANSWER_MS 300000

bool
ask_begin(struct ask *ask, const struct command *command)
{
	*ask = (struct ask){ .command = command, .fd = -1,
		.arena = arena_create(MEMORY) };
	if (ask->arena == NULL) {
		fprintf(stderr, "%s: memory is out\n", command->path);
		return false;
	}
	strbuf_init(&ask->problem, ask->arena, PROBLEM_MAX);
	return true;
}

void
ask_end(struct ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	arena_destroy(&ask->arena);
}

/* ---- the command line ---------------------------------------------------- */

bool
ask_take_option(struct ask *ask, int c)
{
	switch (c) {
	case 'c':
		ask->config_path = optarg;
		return true;
	case ASK_OPTION_SOCKET:
		ask->socket = optarg;
		return true;
	case ASK_OPTION_JSON:
		ask->is_json = true;
		return true;
	}
	return false;
}

static const char *
take_option(void *context, int c)
{
	return ask_take_option(context, c) ? NULL : "an option is not known";
}

int
ask_parse(struct ask *ask, int argc, char **argv, int max_arguments,
    bool *wants_help)
{
	static const struct option options[] = {
		ASK_LONG_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(ask->command, argc, argv, ":c:h",
	    options, take_option, ask, wants_help);

	if (status != 0 || *wants_help)
		return status;
	return argc - optind <= max_arguments ? 0 :
	    command_misuse(ask->command, NULL);
}

/* ---- the socket ---------------------------------------------------------- */

static int
fail(struct ask *ask, int status)
{
	fprintf(stderr, "%s: %.*s\n", ask->command->path,
	    SLICE_PRINTF(strbuf_slice(&ask->problem)));
	return status;
}

/* Where the daemon's configuration cannot be read, for want of permission or
 * since it is wrong by now, it is most likely in its usual place. */
static int
find_socket(struct ask *ask)
{
	const char *path = ask->config_path != NULL ? ask->config_path :
	    SETUP_DEFAULT_CONFIG;
	struct config *config = NULL;
	struct strbuf problems;
	const char *socket;

	strbuf_init(&problems, ask->arena, PROBLEM_MAX);
	if (ask->config_path != NULL) {
		int status = setup_load_config(path, &config);

		if (status != 0)
			return status;
	} else {
		config = config_load(path, &problems);
	}
	socket = config != NULL ? config->control.socket :
	    CONTROL_DEFAULT_SOCKET;
	ask->socket = arena_copy_cstr(ask->arena, slice_from_cstr(socket));
	config_unload(&config);
	if (ask->socket == NULL || ask->socket[0] != '\0')
		return 0;
	strbuf_printf(&ask->problem, "%s: it names no control socket: write "
	    "control: { socket = \"" CONTROL_DEFAULT_SOCKET "\"; }; and "
	    "restart assayd", path);
	return fail(ask, EX_CONFIG);
}

static int
exit_status_of(enum client_status status)
{
	switch (status) {
	case CLIENT_OK:
		return 0;
	case CLIENT_BAD_SOCKET:
		return EX_USAGE;
	case CLIENT_NOT_RUNNING:
		return EX_UNAVAILABLE;
	case CLIENT_NOT_PERMITTED:
		return EX_NOPERM;
	case CLIENT_NO_ANSWER:
		return EX_TEMPFAIL;
	case CLIENT_BAD_ANSWER:
		return EX_PROTOCOL;
	case CLIENT_NO_MEMORY:
		return EX_OSERR;
	}
	return EX_SOFTWARE;
}

static int
connect_daemon(struct ask *ask)
{
	enum client_status status;
	int code = ask->socket == NULL ? find_socket(ask) : 0;

	if (code != 0)
		return code;
	if (ask->socket == NULL) {
		strbuf_append_cstr(&ask->problem, "memory is out");
		return fail(ask, EX_OSERR);
	}
	status = client_connect(ask->socket, &ask->fd, &ask->problem);
	return status == CLIENT_OK ? 0 : fail(ask, exit_status_of(status));
}

int
ask_daemon(struct ask *ask, json_t *request, json_t **answer_out)
{
	enum client_status status;
	int code = ask->fd < 0 ? connect_daemon(ask) : 0;

	*answer_out = NULL;
	if (code != 0) {
		json_decref(request);
		return code;
	}
	status = client_ask(ask->fd, request, clock_monotonic_ms() + ANSWER_MS,
	    answer_out, &ask->problem);
	json_decref(request);
	return status == CLIENT_OK ? 0 : fail(ask, exit_status_of(status));
}

/* ---- answers ------------------------------------------------------------- */

const char *
ask_get_error(const json_t *answer)
{
	return json_string_value(json_object_get(answer, "error"));
}

int
ask_for(struct ask *ask, json_t *request, json_t **answer_out)
{
	int status = ask_daemon(ask, request, answer_out);
	const char *error = ask_get_error(*answer_out);

	if (status != 0 || error == NULL)
		return status;
	strbuf_append_escaped(&ask->problem, slice_from_cstr(error),
	    PROBLEM_MAX);
	json_decref(*answer_out);
	*answer_out = NULL;
	return fail(ask, EX_PROTOCOL);
}

/* All in ASCII: what a terminal would obey may be a sender's. */
int
ask_print_json(const json_t *answer)
{
	char *text = json_dumps(answer, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	bool is_printed = text != NULL && puts(text) != EOF &&
	    fflush(stdout) == 0;

	free(text);
	return is_printed ? 0 : EX_IOERR;
}
