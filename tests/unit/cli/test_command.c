/* Which subcommand is run, and what is said where there is none. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "unit/test.h"

static int
run_send(const struct command *self, int argc, char **argv)
{
	assert_string_equal(self->name, "send");
	assert_string_equal(argv[0], "send");
	return 10 + argc;
}

static int
run_option(const struct command *self, int argc, char **argv)
{
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt(argc, argv, ":c:")) != -1)
		if (c == '?' || c == ':')
			return command_misuse_option(self, c, argv);
	return command_misuse(self, "DOMAIN is missing");
}

static int
run_version(const struct command *self, int argc, char **argv)
{
	(void)self;
	(void)argv;
	return 20 + argc;
}

static const struct command commands[] = {
	{ "send", "assay report send", "[DOMAIN...]", "send them", run_send },
	{ "preview", "assay report preview", "[-c FILE] DOMAIN", "show one",
	  run_option },
	{ "version", "assay report version", "", "which", run_version },
};

static const struct command self = { "report", "assay report",
	"COMMAND [ARGUMENT...]", "reports", NULL };

/* What CALL, told ARGV, writes to FD. */
static struct slice
run_captured(struct arena *arena, int fd, char **argv, int *status_out)
{
	char text[2000];
	FILE *file = tmpfile();
	int argc = 0, saved = dup(fd);
	struct slice copy;
	size_t len;

	assert_non_null(file);
	assert_true(saved >= 0);
	fflush(NULL);
	assert_true(dup2(fileno(file), fd) == fd);
	while (argv[argc] != NULL)
		argc++;
	*status_out = command_dispatch(&self, commands, N_ELEMENTS(commands),
	    argc, argv);
	fflush(NULL);
	assert_true(dup2(saved, fd) == fd);
	close(saved);
	rewind(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_true(arena_copy(arena, (struct slice){ text, len }, &copy));
	return copy;
}

static void
test_dispatch(void **state)
{
	static const struct {
		const char *name, *words[4];
		int fd, status;
		const char *text;
	} cases[] = {
		{ "runs", { "send", "example.org" }, 1, 12, "" },
		{ "no command", { NULL }, 2, EX_USAGE,
		  "usage: assay report send|preview|version|help\n" },
		{ "help", { "help" }, 1, 0,
		  "usage: assay report COMMAND [ARGUMENT...]\n"
		  "    send       send them\n"
		  "    preview    show one\n"
		  "    version    which\n" },
		{ "help with one", { "help", "send" }, 1, 12, "" },
		{ "help with none", { "help", "frobnicate" }, 2, EX_USAGE,
		  "assay report: there is no \"frobnicate\"; type: "
		  "assay report help\n" },
		{ "--version", { "--version" }, 1, 21, "" },
		{ "-V", { "-V" }, 1, 21, "" },
		{ "near one without arguments", { "versoin" }, 2, EX_USAGE,
		  "assay report: there is no \"versoin\"; type: "
		  "assay report version\n" },
		{ "near one", { "sned" }, 2, EX_USAGE,
		  "assay report: there is no \"sned\"; type: "
		  "assay report send [DOMAIN...]\n" },
		{ "near none", { "frobnicate" }, 2, EX_USAGE,
		  "assay report: there is no \"frobnicate\"; type: "
		  "assay report help\n" },
		{ "escaped", { "\033[2Jx\n" }, 2, EX_USAGE,
		  "assay report: there is no \"\\x1b[2Jx\\x0a\"; type: "
		  "assay report help\n" },
		{ "a beginning is no name", { "sen" }, 2, EX_USAGE,
		  "assay report: there is no \"sen\"; type: "
		  "assay report send [DOMAIN...]\n" },
		{ "unknown option", { "preview", "-x" }, 2, EX_USAGE,
		  "assay report preview: -x is no option here\n"
		  "usage: assay report preview [-c FILE] DOMAIN\n" },
		{ "argument missing", { "preview", "-c" }, 2, EX_USAGE,
		  "assay report preview: -c wants an argument\n"
		  "usage: assay report preview [-c FILE] DOMAIN\n" },
		{ "misuse", { "preview" }, 2, EX_USAGE,
		  "assay report preview: DOMAIN is missing\n"
		  "usage: assay report preview [-c FILE] DOMAIN\n" },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char *argv[6] = { strdup("report") };
		struct slice text;
		int status;

		for (size_t j = 0; j < 4 && cases[i].words[j] != NULL; j++)
			argv[j + 1] = strdup(cases[i].words[j]);
		text = run_captured(arena, cases[i].fd, argv, &status);
		test_assert_slice(cases[i].name, text, cases[i].text);
		if (status != cases[i].status)
			fail_msg("%s: status %d, not %d", cases[i].name,
			    status, cases[i].status);
		for (size_t j = 0; argv[j] != NULL; j++)
			free(argv[j]);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dispatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
