/* cli/verify.c - see verify.h. */
#include "cli/verify.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/examine_setup.h"
#include "cli/mailbox.h"
#include "cli/verify_all.h"

#define MAX_THREADS 64

enum long_option {
	OPTION_JSON = EXAMINE_OPTION_END,
	OPTION_JOBS,
	OPTION_HELP,
};

static const struct option long_options[] = {
	EXAMINE_LONG_OPTIONS,
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "jobs", required_argument, NULL, OPTION_JOBS },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

struct verify {
	struct examine_setup setup;
	struct verify_options options;
	bool is_full;
};

/* ---- the command line ---------------------------------------------------- */

static bool
set_threads(struct verify *v, const char *text)
{
	uint64_t n;

	if (!slice_parse_uint(slice_from_cstr(text), MAX_THREADS, &n) ||
	    n == 0)
		return false;
	v->options.n_threads = (unsigned)n;
	return true;
}

/* What is wrong with the option, or NULL. */
static const char *
take_option(struct verify *v, int c)
{
	const char *problem;

	if (examine_setup_take(&v->setup, c, optarg, &problem))
		return problem;
	switch (c) {
	case 'v':
		v->is_full = true;
		break;
	case OPTION_JSON:
		v->options.is_json = true;
		break;
	case OPTION_JOBS:
		return set_threads(v, optarg) ? NULL :
		    "--jobs wants a number from 1 to 64";
	}
	return NULL;
}

/* 0, or the exit status. */
static int
parse_options(struct verify *v, int argc, char **argv, bool *wants_help)
{
	const struct command *self = v->setup.command;
	const char *problem;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:hv", long_options,
	    NULL)) != -1) {
		if (c == '?' || c == ':')
			return command_misuse_option(self, c, argv);
		if (c == 'h' || c == OPTION_HELP) {
			*wants_help = true;
			return 0;
		}
		if ((problem = take_option(v, c)) != NULL)
			return command_misuse(self, problem);
	}
	problem = examine_setup_check(&v->setup);
	return problem != NULL ? command_misuse(self, problem) : 0;
}

/* ---- what it works with -------------------------------------------------- */

static int
prepare(struct verify *v)
{
	int status = examine_setup_open(&v->setup);

	if (status != 0)
		return status;
	v->options.examiner = &v->setup.examiner;
	v->options.is_coloured = !v->options.is_json &&
	    terminal_has_colour(stdout);
	if (v->options.n_threads == 0) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		v->options.n_threads = n < 1 ? 1 : n > MAX_THREADS ?
		    MAX_THREADS : (unsigned)n;
	}
	return 0;
}

/* ---- running ------------------------------------------------------------- */

static int
verify_path(struct verify *v, const char *path,
    struct verify_summary *summary)
{
	struct terminal_progress progress;
	struct mailbox *mailbox = mailbox_open(path, &v->setup.problem);
	bool is_done;

	if (mailbox == NULL)
		return examine_setup_fail(&v->setup, EX_NOINPUT);
	v->options.is_brief = mailbox_is_collection(mailbox) && !v->is_full;
	terminal_begin_progress(&progress, "messages");
	if (!mailbox_is_collection(mailbox))
		progress.is_shown = false;
	is_done = verify_all(&v->options, mailbox, &progress, summary);
	mailbox_close(&mailbox);
	if (is_done)
		return 0;
	fputs("assay verify: memory is out, or the output cannot be "
	    "written\n", stderr);
	return EX_OSERR;
}

static void
print_summary(const struct verify_summary *s)
{
	printf("\n%" PRIu64 " messages: %" PRIu64 " accepted, %" PRIu64
	    " quarantined, %" PRIu64 " rejected, %" PRIu64 " deferred, %"
	    PRIu64 " not readable\n%" PRIu64 " passed SPF, %" PRIu64
	    " DKIM, %" PRIu64 " DMARC; %" PRIu64 " failed DMARC\n",
	    s->n_messages, s->n_accepted, s->n_quarantined, s->n_rejected,
	    s->n_deferred, s->n_unreadable, s->n_spf_passed, s->n_dkim_passed,
	    s->n_dmarc_passed, s->n_dmarc_failed);
}

static int
give_status(const struct verify_summary *summary)
{
	if (summary->n_unreadable != 0)
		return VERIFY_UNREADABLE;
	return summary->n_accepted == summary->n_messages ? 0 :
	    VERIFY_NOT_ACCEPTED;
}

static int
run(struct verify *v, char **paths, int n)
{
	static char standard_input[] = "-";
	char *only[] = { standard_input };
	struct verify_summary summary = { .n_messages = 0 };
	int status = prepare(v);

	if (n == 0) {
		paths = only;
		n = 1;
	}
	for (int i = 0; i < n && status == 0; i++)
		status = verify_path(v, paths[i], &summary);
	if (status == 0)
		status = examine_setup_save(&v->setup);
	if (status != 0)
		return status;
	if (summary.n_messages > 1 && !v->options.is_json)
		print_summary(&summary);
	return give_status(&summary);
}

int
verify_run_command(const struct command *self, int argc, char **argv)
{
	struct verify v = { .is_full = false };
	bool wants_help = false;
	int status;

	if (!examine_setup_begin(&v.setup, self))
		return EX_OSERR;
	status = parse_options(&v, argc, argv, &wants_help);
	if (status == 0)
		status = wants_help ? command_help(self) :
		    run(&v, argv + optind, argc - optind);
	examine_setup_end(&v.setup);
	return status;
}
