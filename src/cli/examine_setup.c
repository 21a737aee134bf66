/* cli/examine_setup.c - see examine_setup.h. */
#include "cli/examine_setup.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/recording.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "config/config.h"
#include "daemon/hostname.h"
#include "dmarc/psl.h"

#define MEMORY ((size_t)4 * 1024 * 1024)
#define MAX_PROBLEM ((size_t)64 * 1024)

bool
examine_setup_begin(struct examine_setup *setup,
    const struct command *command)
{
	*setup = (struct examine_setup){ .command = command,
		.arena = arena_create(MEMORY) };
	if (setup->arena == NULL) {
		fprintf(stderr, "%s: memory is out\n", command->path);
		return false;
	}
	strbuf_init(&setup->problem, setup->arena, MAX_PROBLEM);
	return true;
}

/* ---- the command line ---------------------------------------------------- */

static bool
set_client(struct origin *origin, const char *text)
{
	origin->client_from = ORIGIN_GIVEN;
	return ip_parse(slice_from_cstr(text), &origin->client);
}

static void
set_text(struct slice *text_out, enum origin_source *source, const char *text)
{
	*text_out = slice_from_cstr(text);
	*source = ORIGIN_GIVEN;
}

static bool
add_recipient(struct examine_setup *setup, const char *text)
{
	if (setup->examiner.n_recipients == EXAMINE_MAX_RECIPIENTS)
		return false;
	setup->recipients[setup->examiner.n_recipients++] =
	    slice_from_cstr(text);
	return true;
}

bool
examine_setup_take(struct examine_setup *setup, int c, const char *value,
    const char **problem_out)
{
	struct origin *origin = &setup->examiner.origin;

	*problem_out = NULL;
	switch (c) {
	case 'c':
		setup->config_path = value;
		return true;
	case EXAMINE_OPTION_IP:
		if (!set_client(origin, value))
			*problem_out = "--ip wants an address, like 192.0.2.1 "
			    "or 2001:db8::1";
		return true;
	case EXAMINE_OPTION_HELO:
		set_text(&origin->helo, &origin->helo_from, value);
		return true;
	case EXAMINE_OPTION_FROM:
		set_text(&origin->sender, &origin->sender_from, value);
		return true;
	case EXAMINE_OPTION_RCPT:
		if (!add_recipient(setup, value))
			*problem_out = "--rcpt may be given 100 times";
		return true;
	case EXAMINE_OPTION_SMTPUTF8:
		setup->examiner.is_smtputf8 = true;
		return true;
	case EXAMINE_OPTION_ZONE:
		setup->zone = value;
		return true;
	case EXAMINE_OPTION_RECORD:
		setup->record = value;
		return true;
	case EXAMINE_OPTION_REPLAY:
		setup->replay = value;
		return true;
	}
	return false;
}

const char *
examine_setup_check(const struct examine_setup *setup)
{
	if (setup->replay != NULL &&
	    (setup->zone != NULL || setup->record != NULL))
		return "--replay asks nobody: neither --zone nor --record "
		    "goes with it";
	return NULL;
}

/* ---- what it works with -------------------------------------------------- */

int
examine_setup_fail(struct examine_setup *setup, int status)
{
	struct slice problem = strbuf_slice(&setup->problem);

	fprintf(stderr, "%s: %.*s\n", setup->command->path,
	    SLICE_PRINTF(problem));
	return status;
}

static int
open_replay(struct examine_setup *setup)
{
	setup->recording = recording_load(setup->replay, &setup->problem);
	if (setup->recording == NULL)
		return examine_setup_fail(setup, EX_NOINPUT);
	setup->recorder = recording_replay(setup->recording);
	if (setup->recorder == NULL)
		return EX_OSERR;
	setup->config->inspect.now_s = recording_time_s(setup->recording);
	setup->examiner.resolver = setup->recorder;
	return 0;
}

static int
open_resolver(struct examine_setup *setup)
{
	if (setup->zone != NULL)
		setup->config->zone_file = setup->zone;
	setup->tool = tool_resolver_open(setup->config, &setup->problem);
	if (setup->tool == NULL)
		return examine_setup_fail(setup, EX_UNAVAILABLE);
	setup->examiner.resolver = tool_resolver_get(setup->tool);
	if (setup->record == NULL)
		return 0;
	setup->config->inspect.now_s = clock_wall_s();
	setup->recording = recording_create(setup->config->inspect.now_s);
	if (setup->recording != NULL)
		setup->recorder = recording_record(setup->recording,
		    setup->examiner.resolver);
	if (setup->recorder == NULL)
		return EX_OSERR;
	setup->examiner.resolver = setup->recorder;
	return 0;
}

/* For whoever compares with it, and where the configuration goes by it. */
static int
load_psl(struct examine_setup *setup)
{
	struct dmarc_options *dmarc = &setup->config->inspect.dmarc;
	const char *path = setup->config->psl_file;

	setup->psl = dmarc_psl_load(path);
	dmarc->psl = setup->psl;
	if (setup->psl != NULL || dmarc->discovery != DMARC_DISCOVERY_PSL)
		return 0;
	strbuf_printf(&setup->problem, "dmarc.org_domain = \"psl\": %s "
	    "cannot be read", path != NULL ? path : "the system's list");
	return examine_setup_fail(setup, EX_CONFIG);
}

int
examine_setup_open(struct examine_setup *setup)
{
	struct examiner_options *examiner = &setup->examiner;
	const char *hostname;
	int status = setup_load_usable_config(setup->command,
	    setup->config_path, &setup->config);

	if (status == 0)
		status = load_psl(setup);
	if (status == 0)
		status = setup->replay != NULL ? open_replay(setup) :
		    open_resolver(setup);
	if (status != 0)
		return status;
	hostname = hostname_find(setup->arena);
	examiner->hostname = slice_from_cstr(hostname);
	examiner->authserv_id = setup->config->authserv_id != NULL ?
	    slice_from_cstr(setup->config->authserv_id) : examiner->hostname;
	examiner->inspect = &setup->config->inspect;
	examiner->policy = &setup->config->policy;
	examiner->recipients = setup->recipients;
	return 0;
}

int
examine_setup_save(struct examine_setup *setup)
{
	if (setup->record == NULL ||
	    recording_save(setup->recording, setup->record, &setup->problem))
		return 0;
	return examine_setup_fail(setup, EX_CANTCREAT);
}

void
examine_setup_end(struct examine_setup *setup)
{
	dns_destroy_resolver(&setup->recorder);
	tool_resolver_close(&setup->tool);
	recording_destroy(&setup->recording);
	config_unload(&setup->config);
	dmarc_psl_free(&setup->psl);
	arena_destroy(&setup->arena);
}
