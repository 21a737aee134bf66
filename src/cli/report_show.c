/* cli/report_show.c - see report_show.h. */
#include "cli/report_show.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/feedback_json.h"
#include "cli/feedback_table.h"
#include "cli/terminal.h"
#include "report/input.h"
#include "report/unpack.h"

#define FILE_MEMORY ((size_t)16 * 1024 * 1024)
#define TABLE_MEMORY ((size_t)16 * 1024 * 1024)
#define PROBLEM_CEILING ((size_t)4096)

struct show {
	bool is_json;
	bool has_many;		/* files: each is named */
	bool has_begun;		/* one has been shown */
	unsigned width;
	bool has_colour;
};

/* What FD has, by way of VISITOR. */
static void
read_report(int fd, const struct feedback_visitor *visitor,
    struct arena *arena, struct strbuf *problem)
{
	static const struct report_limits limits = REPORT_LIMITS_DEFAULT;
	struct report_input *file = input_from_fd(arena, &limits, problem, fd);
	struct report_input *xml;

	if (file == NULL)
		strbuf_append_cstr(problem, "needs too much memory");
	else if ((xml = report_unpack(file)) != NULL)
		feedback_read(xml, visitor);
}

static void
open_and_read(const char *path, const struct feedback_visitor *visitor,
    struct arena *arena, struct strbuf *problem)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1) {
		strbuf_printf(problem, "cannot be opened: %s",
		    strerror(errno));
		return;
	}
	read_report(fd, visitor, arena, problem);
	if (fd != STDIN_FILENO)
		close(fd);
}

static const char *
name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "(standard input)" : path;
}

static bool
show_json(struct show *show, const char *path, struct arena *arena,
    struct strbuf *problem)
{
	struct feedback_json json;
	const struct feedback_visitor visitor = { feedback_json_head,
		feedback_json_record, &json };

	if (show->has_begun)
		fputs(",\n", stdout);
	feedback_json_begin(&json, stdout, slice_from_cstr(path));
	open_and_read(path, &visitor, arena, problem);
	return feedback_json_end(&json, strbuf_slice(problem));
}

static bool
show_table(struct show *show, const char *path, struct arena *arena,
    struct strbuf *problem)
{
	struct arena *cells = arena_create(TABLE_MEMORY);
	struct feedback_table *table = malloc(sizeof(*table));
	const struct feedback_visitor visitor = { feedback_table_head,
		feedback_table_record, table };
	bool has_memory = cells != NULL && table != NULL;

	if (show->has_begun)
		putchar('\n');
	if (show->has_many) {
		terminal_print_styled(stdout, show->has_colour, TERMINAL_BOLD,
		    slice_from_cstr(name_of(path)), 0);
		fputs(":\n", stdout);
	}
	if (has_memory) {
		feedback_table_init(table, stdout, show->width,
		    show->has_colour, cells);
		open_and_read(path, &visitor, arena, problem);
		if (problem->len == 0 || table->n_records != 0)
			feedback_table_end(table);
	}
	free(table);
	arena_destroy(&cells);
	return has_memory;
}

static void
tell_problem(const char *path, const struct strbuf *problem)
{
	fflush(stdout);
	fputs("assay: ", stderr);
	terminal_print_escaped(stderr, slice_from_cstr(name_of(path)));
	fprintf(stderr, " %.*s\n", SLICE_PRINTF(strbuf_slice(problem)));
}

/* The problem comes last, below what could be read. */
static bool
show_with(struct show *show, const char *path, struct arena *arena,
    struct arena *text)
{
	struct strbuf problem;

	strbuf_init(&problem, text, PROBLEM_CEILING);
	if (!(show->is_json ? show_json(show, path, arena, &problem) :
	    show_table(show, path, arena, &problem)))
		strbuf_append_cstr(&problem, "needs too much memory");
	if (problem.len == 0)
		return true;
	tell_problem(path, &problem);
	return false;
}

static bool
show_file(struct show *show, const char *path)
{
	struct arena *arena = arena_create(FILE_MEMORY);
	struct arena *text = arena_create(4 * PROBLEM_CEILING);
	bool is_good = false;

	if (arena != NULL && text != NULL)
		is_good = show_with(show, path, arena, text);
	else
		fputs("assay: memory is out\n", stderr);
	show->has_begun = true;
	arena_destroy(&text);
	arena_destroy(&arena);
	return is_good;
}

static int
show_files(struct show *show, char **paths, int n)
{
	bool is_good = true;

	show->has_many = n > 1;
	if (show->is_json)
		putchar('[');
	for (int i = 0; i < n; i++)
		is_good = show_file(show, paths[i]) && is_good;
	if (show->is_json)
		fputs("]\n", stdout);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "assay: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return is_good ? 0 : 1;
}

static const char *
take_option(void *context, int c)
{
	struct show *show = context;

	if (c == 'j')
		show->is_json = true;
	return NULL;
}

int
report_show_run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct show show = { .is_json = false };
	bool wants_help = false;
	int status = command_parse_options(self, argc, argv, ":jh", options,
	    take_option, &show, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (optind == argc)
		return command_misuse(self, "which file?");
	show.has_colour = terminal_has_colour(stdout);
	if (isatty(STDOUT_FILENO) == 1)
		show.width = terminal_width(stdout);
	return show_files(&show, argv + optind, argc - optind);
}
