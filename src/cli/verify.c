/* cli/verify.c - see verify.h. */
#include "cli/verify.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/examine.h"
#include "cli/mailbox.h"
#include "cli/recording.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/verify_all.h"
#include "config/config.h"
#include "daemon/hostname.h"

#define MEMORY ((size_t)4 * 1024 * 1024)
#define MAX_PROBLEM ((size_t)64 * 1024)
#define MAX_RECIPIENTS 100
#define MAX_THREADS 64

enum long_option {
	OPTION_IP = 256,
	OPTION_HELO,
	OPTION_FROM,
	OPTION_RCPT,
	OPTION_SMTPUTF8,
	OPTION_ZONE,
	OPTION_RECORD,
	OPTION_REPLAY,
	OPTION_JSON,
	OPTION_JOBS,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "ip", required_argument, NULL, OPTION_IP },
	{ "helo", required_argument, NULL, OPTION_HELO },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "rcpt", required_argument, NULL, OPTION_RCPT },
	{ "smtputf8", no_argument, NULL, OPTION_SMTPUTF8 },
	{ "zone", required_argument, NULL, OPTION_ZONE },
	{ "record", required_argument, NULL, OPTION_RECORD },
	{ "replay", required_argument, NULL, OPTION_REPLAY },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "jobs", required_argument, NULL, OPTION_JOBS },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

struct verify {
	const struct command *command;
	struct arena *arena;
	struct strbuf problem;
	const char *config_path;	/* NULL: the default one, if there */
	const char *zone, *record, *replay;
	struct config *config;
	struct recording *recording;	/* NULL: neither of the two */
	struct tool_resolver *tool;	/* NULL: replayed */
	struct resolver *recorder;	/* around it, or the replay; or NULL */
	struct slice recipients[MAX_RECIPIENTS];
	struct examiner_options examiner;
	struct verify_options options;
	bool is_full;
};

/* ---- the command line ---------------------------------------------------- */

static bool
set_client(struct verify *v, const char *text)
{
	v->examiner.origin.client_from = ORIGIN_GIVEN;
	return ip_parse(slice_from_cstr(text), &v->examiner.origin.client);
}

static void
set_text(struct slice *text_out, enum origin_source *source, const char *text)
{
	*text_out = slice_from_cstr(text);
	*source = ORIGIN_GIVEN;
}

static bool
add_recipient(struct verify *v, const char *text)
{
	if (v->examiner.n_recipients == MAX_RECIPIENTS)
		return false;
	v->recipients[v->examiner.n_recipients++] = slice_from_cstr(text);
	return true;
}

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
	struct origin *origin = &v->examiner.origin;

	switch (c) {
	case 'c':
		v->config_path = optarg;
		break;
	case 'v':
		v->is_full = true;
		break;
	case OPTION_IP:
		return set_client(v, optarg) ? NULL :
		    "--ip wants an address, like 192.0.2.1 or 2001:db8::1";
	case OPTION_HELO:
		set_text(&origin->helo, &origin->helo_from, optarg);
		break;
	case OPTION_FROM:
		set_text(&origin->sender, &origin->sender_from, optarg);
		break;
	case OPTION_RCPT:
		return add_recipient(v, optarg) ? NULL :
		    "--rcpt may be given 100 times";
	case OPTION_SMTPUTF8:
		v->examiner.is_smtputf8 = true;
		break;
	case OPTION_ZONE:
		v->zone = optarg;
		break;
	case OPTION_RECORD:
		v->record = optarg;
		break;
	case OPTION_REPLAY:
		v->replay = optarg;
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
	const char *problem;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:hv", long_options,
	    NULL)) != -1) {
		if (c == '?' || c == ':')
			return command_misuse_option(v->command, c, argv);
		if (c == 'h' || c == OPTION_HELP) {
			*wants_help = true;
			return 0;
		}
		if ((problem = take_option(v, c)) != NULL)
			return command_misuse(v->command, problem);
	}
	if (v->replay != NULL && (v->zone != NULL || v->record != NULL))
		return command_misuse(v->command, "--replay asks nobody: "
		    "neither --zone nor --record goes with it");
	return 0;
}

/* ---- what it works with -------------------------------------------------- */

static int
fail(struct verify *v, int status)
{
	struct slice problem = strbuf_slice(&v->problem);

	fprintf(stderr, "assay verify: %.*s\n", SLICE_PRINTF(problem));
	return status;
}

static int
open_replay(struct verify *v)
{
	v->recording = recording_load(v->replay, &v->problem);
	if (v->recording == NULL)
		return fail(v, EX_NOINPUT);
	v->recorder = recording_replay(v->recording);
	if (v->recorder == NULL)
		return EX_OSERR;
	v->config->inspect.now_s = recording_time_s(v->recording);
	v->examiner.resolver = v->recorder;
	return 0;
}

static int
open_resolver(struct verify *v)
{
	if (v->zone != NULL)
		v->config->zone_file = v->zone;
	v->tool = tool_resolver_open(v->config, &v->problem);
	if (v->tool == NULL)
		return fail(v, EX_UNAVAILABLE);
	v->examiner.resolver = tool_resolver_get(v->tool);
	if (v->record == NULL)
		return 0;
	v->config->inspect.now_s = clock_wall_s();
	v->recording = recording_create(v->config->inspect.now_s);
	if (v->recording != NULL)
		v->recorder = recording_record(v->recording,
		    v->examiner.resolver);
	if (v->recorder == NULL)
		return EX_OSERR;
	v->examiner.resolver = v->recorder;
	return 0;
}

static int
prepare(struct verify *v)
{
	const char *hostname;
	int status = setup_load_usable_config(v->command, v->config_path,
	    &v->config);

	if (status == 0)
		status = v->replay != NULL ? open_replay(v) : open_resolver(v);
	if (status != 0)
		return status;
	hostname = hostname_find(v->arena);
	v->examiner.hostname = slice_from_cstr(hostname);
	v->examiner.authserv_id = v->config->authserv_id != NULL ?
	    slice_from_cstr(v->config->authserv_id) : v->examiner.hostname;
	v->examiner.inspect = &v->config->inspect;
	v->examiner.policy = &v->config->policy;
	v->examiner.recipients = v->recipients;
	v->options.examiner = &v->examiner;
	v->options.is_coloured = !v->options.is_json &&
	    terminal_has_colour(stdout);
	if (v->options.n_threads == 0) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		v->options.n_threads = n < 1 ? 1 : n > MAX_THREADS ?
		    MAX_THREADS : (unsigned)n;
	}
	return 0;
}

static void
release(struct verify *v)
{
	dns_destroy_resolver(&v->recorder);
	tool_resolver_close(&v->tool);
	recording_destroy(&v->recording);
	config_unload(&v->config);
	arena_destroy(&v->arena);
}

/* ---- running ------------------------------------------------------------- */

static int
verify_path(struct verify *v, const char *path,
    struct verify_summary *summary)
{
	struct terminal_progress progress;
	struct mailbox *mailbox = mailbox_open(path, &v->problem);
	bool is_done;

	if (mailbox == NULL)
		return fail(v, EX_NOINPUT);
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
	if (status == 0 && v->record != NULL &&
	    !recording_save(v->recording, v->record, &v->problem))
		status = fail(v, EX_CANTCREAT);
	if (status != 0)
		return status;
	if (summary.n_messages > 1 && !v->options.is_json)
		print_summary(&summary);
	return give_status(&summary);
}

int
verify_run_command(const struct command *self, int argc, char **argv)
{
	struct verify v = { .command = self };
	bool wants_help = false;
	int status = parse_options(&v, argc, argv, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	v.arena = arena_create(MEMORY);
	if (v.arena == NULL) {
		fputs("assay verify: memory is out\n", stderr);
		return EX_OSERR;
	}
	strbuf_init(&v.problem, v.arena, MAX_PROBLEM);
	status = run(&v, argv + optind, argc - optind);
	release(&v);
	return status;
}
