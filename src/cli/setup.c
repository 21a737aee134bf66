/* cli/setup.c - see setup.h. */
#include "cli/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "config/config.h"

/* A hundred problems, each shorter than 2 KB, in a buffer that doubles. */
#define PROBLEMS_CEILING ((size_t)1024 * 1024)

static int
load(const char *path, struct slice text, struct config **config_out)
{
	struct arena *arena = arena_create(4 * PROBLEMS_CEILING);
	struct strbuf problems;

	*config_out = NULL;
	if (arena == NULL) {
		fputs("assay: memory is out\n", stderr);
		return EX_OSERR;
	}
	strbuf_init(&problems, arena, PROBLEMS_CEILING);
	*config_out = text.len != 0 ? config_load_text(path, text, &problems) :
	    config_load(path, &problems);
	fprintf(stderr, "%.*s", SLICE_PRINTF(strbuf_slice(&problems)));
	arena_destroy(&arena);
	return *config_out != NULL ? 0 : EX_CONFIG;
}

int
setup_load_config(const char *path, struct config **config_out)
{
	return load(path, SLICE_EMPTY, config_out);
}

int
setup_load_usable_config(const struct command *command, const char *path,
    struct config **config_out)
{
	if (path != NULL)
		return setup_load_config(path, config_out);
	if (access(SETUP_DEFAULT_CONFIG, R_OK) == 0)
		return setup_load_config(SETUP_DEFAULT_CONFIG, config_out);
	fprintf(stderr, "%s: %s: %s; its defaults are taken\n", command->path,
	    SETUP_DEFAULT_CONFIG, strerror(errno));
	return load("defaults", SLICE("mode = \"enforce\";"), config_out);
}
