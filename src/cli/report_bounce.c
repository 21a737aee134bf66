/* cli/report_bounce.c - see report_bounce.h.
 *
 * One line on stdout says what was done: Postfix's pipe(8) logs it. */
#include "cli/report_bounce.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "report/bounce.h"
#include "report/input.h"
#include "report/store_bounce.h"
#include "report/store_secret.h"
#include "report/token.h"

#define ARENA_CEILING ((size_t)8 * 1024 * 1024)
#define PROBLEM_CEILING ((size_t)4096)

/* Mail servers try for five days, and some for longer. */
#define LATELY_S (14 * CLOCK_DAY_S)
#define MAX_DESTINATIONS 100	/* of one report */

struct bouncing {
	const char *config_path;
	struct arena *arena;		/* owned, all of these */
	struct config *config;
	struct store *store;
	struct bounce bounce;
};

static int
tell_nothing(const char *why)
{
	printf("ignored: %s\n", why);
	return 0;
}

/* Whoever pipes to us is to be able to write all of it. */
static void
drain_input(void)
{
	char buf[4096];
	ssize_t n;

	do
		n = read(STDIN_FILENO, buf, sizeof(buf));
	while (n > 0);
}

static bool
read_bounce(struct bouncing *b)
{
	static const struct report_limits limits = {
		.file_octets = BOUNCE_MAX_OCTETS };
	struct report_input *message;
	struct strbuf problem;

	strbuf_init(&problem, b->arena, PROBLEM_CEILING);
	message = input_from_fd(b->arena, &limits, &problem, STDIN_FILENO);
	if (message == NULL)
		return false;
	bounce_read(message, &b->bounce);
	drain_input();
	return true;
}

/* The destination that the token is for. */
static enum store_status
find_destination(struct bouncing *b, const struct siphash_key *secret,
    int64_t now_s, struct slice *destination_out)
{
	const struct bounce *bounce = &b->bounce;
	struct slice *destinations;
	size_t n;
	enum store_status status = store_find_destinations(b->store,
	    bounce->report_id, now_s - LATELY_S, MAX_DESTINATIONS, b->arena,
	    &destinations, &n);

	*destination_out = SLICE_EMPTY;
	for (size_t i = 0; status == STORE_OK && i < n; i++)
		if (report_check_token(secret, bounce->report_id,
		    destinations[i], bounce->token))
			*destination_out = destinations[i];
	return status;
}

static void
tell_suppression(const struct bouncing *b, struct slice destination,
    int64_t until_s)
{
	time_t until = (time_t)until_s;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&until, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	terminal_print_escaped(stdout, destination);
	fputs(" bounced (", stdout);
	terminal_print_escaped(stdout, slice_head(b->bounce.status, 40));
	printf("): no reports there before %s UTC\n", text);
}

static enum store_status
suppress(struct bouncing *b)
{
	int64_t now_s = clock_wall_s(), until_s;
	struct siphash_key secret;
	struct slice destination;
	enum store_status status = store_get_secret(b->store, &secret);

	if (status == STORE_OK)
		status = find_destination(b, &secret, now_s, &destination);
	if (status != STORE_OK)
		return status;
	if (destination.len == 0) {
		tell_nothing("it is not of a report that was sent lately");
		return STORE_OK;
	}
	status = store_suppress(b->store, destination, now_s, &until_s);
	if (status == STORE_OK)
		tell_suppression(b, destination, until_s);
	return status;
}

/* What is in the way will be put right: until then the MTA keeps it. */
static int
use_store(struct bouncing *b)
{
	if (setup_load_config(b->config_path, &b->config) != 0 ||
	    report_setup_open_store(b->config, &b->store) != 0)
		return EX_TEMPFAIL;
	return report_setup_tell_store(b->store, suppress(b)) == 0 ? 0 :
	    EX_TEMPFAIL;
}

static int
handle(struct bouncing *b)
{
	if (!read_bounce(b))
		return EX_TEMPFAIL;
	switch (b->bounce.kind) {
	case BOUNCE_NONE:
		return tell_nothing("it is no bounce that can be read");
	case BOUNCE_PASSING:
		return tell_nothing("nothing has failed for good");
	case BOUNCE_PERMANENT:
		break;
	}
	if (b->bounce.report_id.len == 0)
		return tell_nothing("it does not return a report of ours");
	return use_store(b);
}

static const char *
take_option(void *context, int c)
{
	struct bouncing *b = context;

	if (c == 'c')
		b->config_path = optarg;
	return NULL;
}

int
report_bounce_run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct bouncing b = { .config_path = SETUP_DEFAULT_CONFIG };
	bool wants_help = false;
	int status = command_parse_options(self, argc, argv, ":c:h", options,
	    take_option, &b, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (optind != argc)
		return command_misuse(self, "the bounce is read from stdin");
	if ((b.arena = arena_create(ARENA_CEILING)) == NULL)
		return EX_TEMPFAIL;
	status = handle(&b);
	store_close(&b.store);
	config_unload(&b.config);
	arena_destroy(&b.arena);
	return status;
}
