/* assay report, as it is typed: a store, a program that takes mail, and what
 * is printed. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/report.h"
#include "report/day.h"
#include "report/store.h"
#include "unit/test.h"

#define MAX_WORDS 8

static const struct command self = { "report", "assay report",
	"COMMAND [ARGUMENT...]", "reports", NULL };

static char directory[64];

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
write_config(const char *report)
{
	char text[1000];

	snprintf(text, sizeof(text), "mode = \"monitor\";\n"
	    "store = \"sqlite:%s/assay.db\";\n"
	    "resolver: { zone_file = \"%s/zone\"; };\n"
	    "report: { submitter = \"mx.example.org\"; "
	    "transport = \"sendmail:%s/program\"; %s };\n", directory,
	    directory, directory, report);
	write_file("conf", text, 0600);
}

static uint32_t
today(void)
{
	return (uint32_t)(clock_wall_s() / CLOCK_DAY_S);
}

/* One row of DOMAIN on the day DAYS_AGO, whose reports go to it. */
static void
remember(const char *domain, uint32_t days_ago)
{
	struct arena *arena = test_arena();
	struct report_fact fact = {
		.day = today() - days_ago,
		.policy_domain = slice_from_cstr(domain),
		.is_reportable = true,
		.author_domain = slice_from_cstr(domain),
		.source = { IP_V4, { 192, 0, 2, 1 } },
		.disposition = SLICE("none"),
	};
	struct store_row row = { .fact = &fact, .count = 7 };
	struct store_batch batch = { .rows = &row, .n_rows = 1 };
	struct strbuf text, problem;
	struct store *store;
	char url[128];

	snprintf(url, sizeof(url), "sqlite:%s/assay.db", directory);
	strbuf_init(&problem, arena, 1000);
	strbuf_init(&text, arena, 1000);
	strbuf_printf(&text, "p=none; sp=none; adkim=r; aspf=r; t=n; "
	    "discovery=treewalk; rua=mailto:a@%s", domain);
	fact.configuration = strbuf_slice(&text);
	assert_int_equal(store_open(url, &store, &problem), STORE_OK);
	assert_int_equal(store_write(store, &batch), STORE_OK);
	store_close(&store);
	arena_destroy(&arena);
}

static FILE *
redirect(int fd, int *saved_out)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(NULL);
	*saved_out = dup(fd);
	assert_true(dup2(fileno(file), fd) == fd);
	return file;
}

static struct slice
restore(struct arena *arena, FILE *file, int fd, int saved)
{
	char text[20000];
	struct slice copy;
	size_t n;

	fflush(NULL);
	assert_true(dup2(saved, fd) == fd);
	close(saved);
	rewind(file);
	n = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_true(arena_copy(arena, (struct slice){ text, n }, &copy));
	return copy;
}

/* "assay report" with WORDS, "-c" with our configuration behind the first. */
static int
run(struct arena *arena, const char *const *words, struct slice *out,
    struct slice *err)
{
	char *argv[MAX_WORDS + 4] = { strdup("report") };
	int argc = 1, saved_out, saved_err, status;
	FILE *out_file, *err_file;
	char path[128];

	snprintf(path, sizeof(path), "%s/conf", directory);
	for (size_t i = 0; words[i] != NULL; i++) {
		argv[argc++] = strdup(words[i]);
		if (i == 0) {
			argv[argc++] = strdup("-c");
			argv[argc++] = strdup(path);
		}
	}
	out_file = redirect(STDOUT_FILENO, &saved_out);
	err_file = redirect(STDERR_FILENO, &saved_err);
	status = report_run_command(&self, argc, argv);
	*err = restore(arena, err_file, STDERR_FILENO, saved_err);
	*out = restore(arena, out_file, STDOUT_FILENO, saved_out);
	/* getopt has put them into another order, and lost none. */
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

static bool
does_contain(struct slice text, const char *what)
{
	return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static void
remove_store(void)
{
	static const char *const files[] = {
		"assay.db", "assay.db-wal", "assay.db-shm", "assay.db-reports",
	};
	char path[128];

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
}

static void
set_up(const char *report, const char *program)
{
	remove_store();
	write_config(report);
	write_file("zone", "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n",
	    0600);
	write_file("program", program, 0700);
}

#define WITH_FROM "from = \"dmarc@example.org\";"
#define TAKES "#!/bin/sh\ncat > /dev/null\n"

/* ---- wrong usage --------------------------------------------------------- */

static void
test_usage(void **state)
{
	static const struct {
		const char *name, *words[MAX_WORDS];
		int status;
		const char *err;	/* in one line, or with a usage below */
	} cases[] = {
		{ "day", { "send", "--day", "yesterday" }, EX_USAGE,
		  "--day wants YYYY-MM-DD\nusage: assay report send" },
		{ "day to come", { "send", "--day", "9999-01-01" }, EX_USAGE,
		  "--day wants one that is over (UTC)" },
		{ "no domain", { "send", "exa mple" }, EX_USAGE,
		  "a DOMAIN is none\nusage: assay report send" },
		{ "option", { "send", "--frob" }, EX_USAGE,
		  "assay report send: --frob is no option here" },
		{ "nothing to show", { "preview" }, EX_USAGE,
		  "DOMAIN is missing\nusage: assay report preview" },
		{ "two domains", { "preview", "a.example", "b.example" },
		  EX_USAGE, "one DOMAIN at a time" },
		{ "part", { "preview", "--part", "0", "a.example" }, EX_USAGE,
		  "--part wants a number from 1" },
		{ "status of", { "status", "x" }, EX_USAGE,
		  "usage: assay report status" },
		{ "prune of", { "prune", "x" }, EX_USAGE,
		  "usage: assay report prune" },
		{ "no mail of it", { "preview", "other.example" },
		  EX_UNAVAILABLE, "nothing is to be reported of this domain" },
	};
	struct arena *arena = test_arena();

	(void)state;
	set_up(WITH_FROM, TAKES);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice out, err, rest;
		int status = run(arena, cases[i].words, &out, &err);

		rest = slice_from(err, slice_find(err, '\n') + 1);
		if (status != cases[i].status || out.len != 0 ||
		    !does_contain(err, cases[i].err) ||
		    err.ptr[err.len - 1] != '\n' || (rest.len != 0 &&
		    !slice_starts_with(rest, SLICE("usage: assay report "))))
			fail_msg("%s: %d, \"%.*s\"", cases[i].name, status,
			    SLICE_PRINTF(err));
	}
	arena_destroy(&arena);
}

/* Nothing is sent, nothing is written down, and it says what to do. */
static void
test_unconfigured(void **state)
{
	static const char *const send[] = { "send", NULL };
	static const char *const status[] = { "status", NULL };
	struct arena *arena = test_arena();
	struct slice out, err;

	(void)state;
	set_up("", "#!/bin/sh\nexit 70\n");
	remember("example.com", 1);
	assert_int_equal(run(arena, send, &out, &err), EX_CONFIG);
	test_assert_slice("unconfigured", err, "assay: reports have no "
	    "sender: write report: { from = \"dmarc@example.org\"; }; into "
	    "the configuration\n");
	assert_int_equal(run(arena, status, &out, &err), 0);
	test_assert_slice("status", out, "no report has been sent\n");
	arena_destroy(&arena);
}

/* ---- a day --------------------------------------------------------------- */

static void
test_send(void **state)
{
	static const char *const dry[] = { "send", "--dry-run", NULL };
	static const char *const send[] = { "send", NULL };
	static const char *const status[] = { "status", NULL };
	struct arena *arena = test_arena();
	/* In the first minutes yesterday is not over either. */
	uint32_t days_ago = clock_wall_s() % CLOCK_DAY_S < 400 ? 2 : 1;
	struct slice out, err, day;
	struct strbuf text;

	(void)state;
	set_up(WITH_FROM, TAKES);
	remember("example.com", days_ago);
	remember("example.com", 0);	/* is not over */
	strbuf_init(&text, arena, 100);
	report_append_day(&text, today() - days_ago);
	day = strbuf_slice(&text);
	assert_int_equal(run(arena, dry, &out, &err), 0);
	assert_true(slice_starts_with(out, day));
	assert_true(does_contain(out, "would go      example.com to "
	    "a@example.com, 1 rows, 7 messages\n"));
	assert_int_equal(err.len, 0);
	assert_int_equal(run(arena, send, &out, &err), 0);
	test_assert_slice("sent", out, "sent: 1 (7 messages reported on), "
	    "domains looked at: 1\n");
	assert_int_equal(run(arena, send, &out, &err), 0);
	test_assert_slice("again", out, "sent: 0 (0 messages reported on), "
	    "domains looked at: 1\n");
	assert_int_equal(run(arena, status, &out, &err), 0);
	assert_true(does_contain(out, "DAY              SENT   DEFERRED"));
	assert_true(does_contain(out, "          1          0          0"));
	arena_destroy(&arena);
}

/* Each line is an object; the last one counts. */
static void
test_json(void **state)
{
	static const char *const send[] = { "send", "--json", "--day", NULL,
		NULL };
	const char *words[N_ELEMENTS(send)];
	struct arena *arena = test_arena();
	struct slice out, err;
	struct strbuf day;
	json_t *first, *last;
	size_t line;

	(void)state;
	set_up(WITH_FROM, "#!/bin/sh\nexit 75\n");
	remember("example.com", 3);
	strbuf_init(&day, arena, 100);
	report_append_day(&day, today() - 3);
	memcpy(words, send, sizeof(words));
	words[3] = strbuf_cstr(&day);
	assert_int_equal(run(arena, words, &out, &err), EX_TEMPFAIL);
	line = slice_find(out, '\n');
	first = json_loadb(out.ptr, line, 0, NULL);
	out = slice_from(out, line + 1);
	last = json_loadb(out.ptr, slice_find(out, '\n'), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(first,
	    "event")), "deferred");
	assert_string_equal(json_string_value(json_object_get(first, "day")),
	    strbuf_cstr(&day));
	assert_string_equal(json_string_value(json_object_get(first,
	    "destination")), "a@example.com");
	assert_string_equal(json_string_value(json_object_get(first,
	    "note")), "the mail program's exit status is 75");
	assert_int_equal(json_integer_value(json_object_get(first,
	    "messages")), 7);
	assert_string_equal(json_string_value(json_object_get(last, "event")),
	    "end");
	assert_int_equal(json_integer_value(json_object_get(last,
	    "deferred")), 1);
	json_decref(first);
	json_decref(last);
	arena_destroy(&arena);
}

static void
test_preview(void **state)
{
	static const char *const xml[] = { "preview", "Example.COM", NULL };
	static const char *const mail[] = { "preview", "--mail",
		"example.com", NULL };
	struct arena *arena = test_arena();
	struct slice out, err;

	(void)state;
	set_up(WITH_FROM, TAKES);
	remember("example.com", 0);
	assert_int_equal(run(arena, xml, &out, &err), 0);
	assert_true(slice_starts_with(out, SLICE("<?xml version=\"1.0\"")));
	assert_true(does_contain(out, "<domain>example.com</domain>"));
	assert_true(does_contain(out, "<count>7</count>"));
	assert_true(does_contain(out, "</feedback>\n"));
	assert_int_equal(run(arena, mail, &out, &err), 0);
	assert_true(slice_starts_with(out, SLICE("From: <dmarc@example.org>\n"
	    "To: <a@example.com>\n")));
	assert_true(does_contain(out, "Subject: Report Domain: example.com\n"));
	arena_destroy(&arena);
}

static void
test_prune(void **state)
{
	static const char *const prune[] = { "prune", NULL };
	struct arena *arena = test_arena();
	struct slice out, err;

	(void)state;
	set_up(WITH_FROM, TAKES);
	remember("example.com", 40);
	remember("example.com", 30);
	assert_int_equal(run(arena, prune, &out, &err), 0);
	assert_true(does_contain(out, " rows older than 35 days are gone\n"));
	assert_true(out.ptr[0] != '0');
	assert_int_equal(run(arena, prune, &out, &err), 0);
	test_assert_slice("again", out,
	    "0 rows older than 35 days are gone\n");
	arena_destroy(&arena);
}

static int
make_directory(void **state)
{
	(void)state;
	strncpy(directory, "/tmp/assay-test-report-XXXXXX",
	    sizeof(directory) - 1);
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
remove_directory(void **state)
{
	static const char *const files[] = { "conf", "zone", "program" };
	char path[128];

	(void)state;
	remove_store();
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_unconfigured),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_preview),
		cmocka_unit_test(test_prune),
	};

	return cmocka_run_group_tests(tests, make_directory,
	    remove_directory);
}
