/* cli/command.c - see command.h. */
#include "cli/command.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/terminal.h"
#include "config/suggest.h"

#define INDENT 4	/* of a usage's second line */

static void
print_usage(FILE *out, const struct command *self)
{
	int column = fprintf(out, "usage: %s%s", self->path,
	    self->arguments[0] != '\0' ? " " : "");

	terminal_print_wrapped(out, slice_from_cstr(self->arguments),
	    column > 0 ? (size_t)column : 0, INDENT, terminal_width(out));
	putc('\n', out);
}

int
command_misuse(const struct command *self, const char *problem)
{
	if (problem != NULL)
		fprintf(stderr, "%s: %s\n", self->path, problem);
	print_usage(stderr, self);
	return EX_USAGE;
}

int
command_misuse_option(const struct command *self, int c, char **argv)
{
	/* Long options without a short form have numbers past any octet. */
	char letter[2] = { '-', (char)optopt };
	struct slice option = optopt > 0 && optopt <= CHAR_MAX ?
	    (struct slice){ letter, sizeof(letter) } :
	    slice_from_cstr(argv[optind - 1]);

	fprintf(stderr, "%s: ", self->path);
	terminal_print_escaped(stderr, option);
	fprintf(stderr, "%s\n", c == ':' ? " wants an argument" :
	    " is no option here");
	print_usage(stderr, self);
	return EX_USAGE;
}

int
command_parse_options(const struct command *self, int argc, char **argv,
    const char *shorts, const struct option *longs,
    const char *(*take)(void *context, int c), void *context,
    bool *wants_help)
{
	const char *problem;
	int c;

	opterr = 0;
	optind = 0;	/* start afresh, for the tests */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return command_misuse_option(self, c, argv);
		if (c == 'h') {
			*wants_help = true;
			return 0;
		}
		problem = take(context, c);
		if (problem != NULL)
			return command_misuse(self, problem);
	}
	return 0;
}

int
command_help(const struct command *self)
{
	print_usage(stdout, self);
	puts(self->summary);
	return 0;
}

static int
list_commands(const struct command *self, const struct command *commands,
    size_t n)
{
	printf("usage: %s %s\n", self->path, self->arguments);
	for (size_t i = 0; i < n; i++)
		printf("    %-10s %s\n", commands[i].name,
		    commands[i].summary);
	return 0;
}

/* The one that WORD was meant to be, or NULL. */
static const struct command *
find_nearest(const struct command *commands, size_t n, struct slice word)
{
	const struct command *nearest = NULL;
	unsigned least = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned distance = suggest_distance(word,
		    slice_from_cstr(commands[i].name));

		if (suggest_is_near(word, distance) &&
		    (nearest == NULL || distance < least)) {
			nearest = &commands[i];
			least = distance;
		}
	}
	return nearest;
}

static int
refuse_word(const struct command *self, const struct command *commands,
    size_t n, const char *word)
{
	const struct command *nearest = find_nearest(commands, n,
	    slice_from_cstr(word));

	fprintf(stderr, "%s: there is no \"", self->path);
	terminal_print_escaped(stderr, slice_from_cstr(word));
	if (nearest != NULL)
		fprintf(stderr, "\"; type: %s%s%s\n", nearest->path,
		    nearest->arguments[0] != '\0' ? " " : "",
		    nearest->arguments);
	else
		fprintf(stderr, "\"; type: %s help\n", self->path);
	return EX_USAGE;
}

static int
refuse_silence(const struct command *self, const struct command *commands,
    size_t n)
{
	fprintf(stderr, "usage: %s ", self->path);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i != 0 ? "|" : "", commands[i].name);
	fputs(n != 0 ? "|help\n" : "help\n", stderr);
	return EX_USAGE;
}

/* As the rest of the world spells them. */
static const char *
spell_out(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ?
	    "version" : word;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0 ||
	    strcmp(word, "--help") == 0;
}

static const struct command *
find(const struct command *commands, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* "help send" is "send --help". */
static int
help_with(const struct command *self, const struct command *commands, size_t n,
    char **argv)
{
	const struct command *command = find(commands, n, argv[2]);
	char help[] = "--help";
	char *words[] = { argv[2], help, NULL };

	return command == NULL ? refuse_word(self, commands, n, argv[2]) :
	    command->run(command, 2, words);
}

int
command_dispatch(const struct command *self, const struct command *commands,
    size_t n, int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return refuse_silence(self, commands, n);
	if (is_help(argv[1]))
		return argc > 2 ? help_with(self, commands, n, argv) :
		    list_commands(self, commands, n);
	command = find(commands, n, spell_out(argv[1]));
	return command != NULL ? command->run(command, argc - 1, argv + 1) :
	    refuse_word(self, commands, n, argv[1]);
}
