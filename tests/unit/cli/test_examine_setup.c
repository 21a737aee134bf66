/* What verify and explain take from the command line and the configuration. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/examine_setup.h"
#include "config/config.h"
#include "unit/test.h"

static const struct command command = { "verify", "assay verify", "", "",
	NULL };

/* ---- options ------------------------------------------------------------- */

static const struct {
	const char *name;
	int c;
	const char *value;
	bool is_taken;
	const char *problem;	/* its beginning; NULL: none */
} options[] = {
	{ "address", EXAMINE_OPTION_IP, "192.0.2.1", true, NULL },
	{ "IPv6", EXAMINE_OPTION_IP, "2001:db8::1", true, NULL },
	{ "no address", EXAMINE_OPTION_IP, "192.0.2", true, "--ip wants" },
	{ "empty address", EXAMINE_OPTION_IP, "", true, "--ip wants" },
	{ "helo", EXAMINE_OPTION_HELO, "h.example.org", true, NULL },
	{ "null sender", EXAMINE_OPTION_FROM, "<>", true, NULL },
	{ "recipient", EXAMINE_OPTION_RCPT, "a@example.org", true, NULL },
	{ "SMTPUTF8", EXAMINE_OPTION_SMTPUTF8, NULL, true, NULL },
	{ "another command's", EXAMINE_OPTION_END, "x", false, NULL },
	{ "a letter", 'v', NULL, false, NULL },
};

static void
test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(options); i++) {
		struct examine_setup setup;
		const char *problem, *want = options[i].problem;

		assert_true(examine_setup_begin(&setup, &command));
		if (examine_setup_take(&setup, options[i].c, options[i].value,
		    &problem) != options[i].is_taken ||
		    (problem != NULL) != (want != NULL) || (want != NULL &&
		    strncmp(problem, want, strlen(want)) != 0))
			fail_msg("%s: %s", options[i].name,
			    problem != NULL ? problem : "no problem");
		examine_setup_end(&setup);
	}
}

static void
test_recipients(void **state)
{
	struct examine_setup setup;
	const char *problem;

	(void)state;
	assert_true(examine_setup_begin(&setup, &command));
	for (unsigned i = 0; i < EXAMINE_MAX_RECIPIENTS; i++) {
		assert_true(examine_setup_take(&setup, EXAMINE_OPTION_RCPT,
		    "a@example.org", &problem));
		assert_null(problem);
	}
	assert_true(examine_setup_take(&setup, EXAMINE_OPTION_RCPT,
	    "a@example.org", &problem));
	assert_non_null(problem);
	assert_int_equal(setup.examiner.n_recipients, EXAMINE_MAX_RECIPIENTS);
	examine_setup_end(&setup);
}

static void
test_check(void **state)
{
	static const struct {
		const char *zone, *record, *replay;
		bool is_right;
	} cases[] = {
		{ NULL, NULL, NULL, true }, { "z", "r", NULL, true },
		{ NULL, NULL, "p", true }, { "z", NULL, "p", false },
		{ NULL, "r", "p", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct examine_setup setup = { .zone = cases[i].zone,
			.record = cases[i].record,
			.replay = cases[i].replay };

		assert_int_equal(examine_setup_check(&setup) == NULL,
		    cases[i].is_right);
	}
}

/* ---- the public suffix list ---------------------------------------------- */

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Where the configuration goes by the list it must be there. */
static void
test_list(void **state)
{
	static const struct {
		const char *name, *list;
		int status;
		bool has_list;
	} cases[] = {
		{ "by the list", "explain-list.dat", 0, true },
		{ "by one that is not there", "no-such-list", EX_CONFIG,
		  false },
	};

	write_file("explain-list.dat", "org\n");
	write_file("explain-zone", "example.org. IN A 192.0.2.1\n");
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct examine_setup setup;
		char config[256];

		snprintf(config, sizeof(config), "mode = \"enforce\"; dmarc: { "
		    "org_domain = \"psl\"; psl_file = \"%s/%s\"; };",
		    (const char *)*state, cases[i].list);
		write_file("explain.conf", config);
		assert_true(examine_setup_begin(&setup, &command));
		setup.config_path = "explain.conf";
		setup.zone = "explain-zone";
		if (examine_setup_open(&setup) != cases[i].status)
			fail_msg("%s: another status", cases[i].name);
		if ((setup.config->inspect.dmarc.psl != NULL) !=
		    cases[i].has_list)
			fail_msg("%s: with a list or without", cases[i].name);
		examine_setup_end(&setup);
	}
}

static int
set_up(void **state)
{
	static char directory[] = "/tmp/assay-test-XXXXXX";

	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return -1;
	*state = directory;
	return 0;
}

static int
tear_down(void **state)
{
	(void)unlink("explain.conf");
	(void)unlink("explain-zone");
	(void)unlink("explain-list.dat");
	return rmdir(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
