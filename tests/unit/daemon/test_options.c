/* The command line. */
#include <string.h>

#include "daemon/options.h"
#include "unit/test.h"

#define MAX_ARGUMENTS 6

static const struct {
	const char *name;
	const char *arguments[MAX_ARGUMENTS];
	bool is_good;
	struct daemon_options options;
} cases[] = {
	{ "nothing", { NULL }, true,
	    { OPTIONS_RUN, ASSAY_SYSCONFDIR "/assay/assayd.conf", false } },
	{ "all to run", { "-f", "-c", "/a", NULL }, true,
	    { OPTIONS_RUN, "/a", true } },
	{ "together", { "-fc/a", NULL }, true, { OPTIONS_RUN, "/a", true } },
	{ "test", { "-t", "-c", "a", NULL }, true,
	    { OPTIONS_TEST, "a", false } },
	{ "version", { "-V", NULL }, true,
	    { OPTIONS_VERSION, ASSAY_SYSCONFDIR "/assay/assayd.conf", false } },
	{ "help", { "-h", NULL }, true,
	    { OPTIONS_HELP, ASSAY_SYSCONFDIR "/assay/assayd.conf", false } },
	{ "unknown in a group", { "-fxt", NULL }, false, { 0, NULL, false } },
	{ "no file", { "-c", NULL }, false, { 0, NULL, false } },
	{ "an operand", { "-f", "now", NULL }, false, { 0, NULL, false } },
	{ "long", { "--help", NULL }, false, { 0, NULL, false } },
};

static void
check(size_t row, int argc, char **argv)
{
	const struct daemon_options *want = &cases[row].options;
	struct daemon_options got;

	if (options_parse(argc, argv, &got) != cases[row].is_good)
		fail_msg("%s: wrong answer", cases[row].name);
	if (!cases[row].is_good)
		return;
	if (got.task != want->task ||
	    got.is_foreground != want->is_foreground ||
	    strcmp(got.config_path, want->config_path) != 0)
		fail_msg("%s: wrong options", cases[row].name);
}

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char *argv[MAX_ARGUMENTS + 1] = { strdup("assayd") };
		int argc = 1;

		for (; cases[i].arguments[argc - 1] != NULL; argc++)
			argv[argc] = strdup(cases[i].arguments[argc - 1]);
		check(i, argc, argv);
		while (argc > 0)
			free(argv[--argc]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
