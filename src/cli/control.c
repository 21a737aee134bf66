/* cli/control.c - see control.h. */
#include "cli/control.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/ask.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "control/results.h"

/* Of a command: what to ask, and how to show what comes. */
struct exchange {
	const char *command;
	const char *argument;	/* what it may be given; NULL: nothing */
	int (*show)(struct ask *ask, const json_t *answer);
	bool takes_errors;	/* SHOW does */
};

static int
exchange(struct ask *ask, const struct exchange *e, const char *argument)
{
	json_t *request = argument == NULL ?
	    json_pack("{s:s}", "command", e->command) :
	    json_pack("{s:s, s:s}", "command", e->command, e->argument,
	    argument);
	json_t *answer = NULL;
	int status = e->takes_errors ? ask_daemon(ask, request, &answer) :
	    ask_for(ask, request, &answer);

	if (status == 0 && !ask->is_json)
		status = e->show(ask, answer);
	else if (status == 0) {
		status = ask_print_json(answer);
		if (status == 0 && ask_get_error(answer) != NULL)
			status = CONTROL_REFUSED;
	}
	json_decref(answer);
	return status;
}

static int
run(const struct command *self, int argc, char **argv,
    const struct exchange *e)
{
	struct ask ask;
	bool wants_help = false;
	int status;

	if (!ask_begin(&ask, self))
		return EX_OSERR;
	status = ask_parse(&ask, argc, argv, e->argument != NULL, &wants_help);
	if (status == 0)
		status = wants_help ? command_help(self) :
		    exchange(&ask, e, argv[optind]);
	ask_end(&ask);
	return status;
}

/* ---- reload -------------------------------------------------------------- */

static void
print_lines(FILE *out, const json_t *lines)
{
	for (size_t i = 0; i < json_array_size(lines); i++) {
		terminal_print_escaped(out, results_get_text(
		    json_array_get(lines, i)));
		putc('\n', out);
	}
}

static int
show_reload(struct ask *ask, const json_t *answer)
{
	const char *error = ask_get_error(answer);
	const json_t *changes = json_object_get(answer, "changes");

	if (error != NULL) {
		print_lines(stderr, json_object_get(answer, "problems"));
		fprintf(stderr, "%s: ", ask->command->path);
		terminal_print_escaped(stderr, slice_from_cstr(error));
		putc('\n', stderr);
		return CONTROL_REFUSED;
	}
	print_lines(stdout, changes);
	if (json_array_size(changes) == 0)
		puts("nothing has changed");
	return 0;
}

int
control_run_reload(const struct command *self, int argc, char **argv)
{
	static const struct exchange e = {
		.command = "reload",
		.show = show_reload,
		.takes_errors = true,
	};

	return run(self, argc, argv, &e);
}

/* ---- the log ------------------------------------------------------------- */

static int
show_log_level(struct ask *ask, const json_t *answer)
{
	const char *level = json_string_value(json_object_get(answer,
	    "level")), *error = ask_get_error(answer);

	if (error != NULL)
		return command_misuse(ask->command, error);
	terminal_print_escaped(stdout, slice_from_cstr(level));
	putchar('\n');
	return 0;
}

int
control_run_log_level(const struct command *self, int argc, char **argv)
{
	static const struct exchange e = {
		.command = "log-level",
		.argument = "level",
		.show = show_log_level,
		.takes_errors = true,
	};

	return run(self, argc, argv, &e);
}

/* ---- the cache ----------------------------------------------------------- */

static void
show_count(const struct rows *rows, const json_t *answer, const char *label,
    const char *name, const char *what)
{
	struct strbuf text;

	rows_begin(rows, &text);
	strbuf_printf(&text, "%" PRId64 " %s", (int64_t)json_integer_value(
	    json_object_get(answer, name)), what);
	rows_print(rows, label, TERMINAL_PLAIN, &text);
}

static int
show_cache(struct ask *ask, const json_t *answer)
{
	const struct rows rows = { .arena = ask->arena,
		.has_colour = terminal_has_colour(stdout) };

	rows_print_cache(&rows, answer);
	show_count(&rows, answer, "hits", "hits", "answered from memory");
	show_count(&rows, answer, "merged", "merged",
	    "waited for a question that was under way");
	show_count(&rows, answer, "misses", "misses", "asked");
	show_count(&rows, answer, "prefetches", "prefetches",
	    "asked ahead of the need");
	show_count(&rows, answer, "evictions", "evictions",
	    "answers that made room before their time");
	return 0;
}

int
control_run_cache(const struct command *self, int argc, char **argv)
{
	static const struct exchange e = {
		.command = "cache",
		.show = show_cache,
	};

	return run(self, argc, argv, &e);
}

/* ---- zones --------------------------------------------------------------- */

static void
show_zone(const json_t *zone)
{
	static const char *const columns[] = { "questions", "failures" };
	static const char *const times[] = { "mean_us", "max_us" };

	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		printf("%10" PRId64, (int64_t)json_integer_value(
		    json_object_get(zone, columns[i])));
	for (size_t i = 0; i < N_ELEMENTS(times); i++)
		printf("%10.1f", (double)json_integer_value(
		    json_object_get(zone, times[i])) / 1000);
	fputs("  ", stdout);
	terminal_print_escaped(stdout, results_get_text(
	    json_object_get(zone, "zone")));
	putchar('\n');
}

static int
show_zones(struct ask *ask, const json_t *answer)
{
	const json_t *zones = json_object_get(answer, "zones");

	(void)ask;
	if (json_array_size(zones) == 0)
		puts("no zone was slow");
	else
		printf("%10s%10s%10s%10s  %s\n", "QUESTIONS", "FAILURES",
		    "MEAN MS", "MAX MS", "ZONE");
	for (size_t i = 0; i < json_array_size(zones); i++)
		show_zone(json_array_get(zones, i));
	return 0;
}

int
control_run_zones(const struct command *self, int argc, char **argv)
{
	static const struct exchange e = {
		.command = "zones",
		.show = show_zones,
	};

	return run(self, argc, argv, &e);
}
