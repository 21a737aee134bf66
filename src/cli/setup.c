/* cli/setup.c - see setup.h. */
#include "cli/setup.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/config.h"

/* A hundred problems, each shorter than 2 KB, in a buffer that doubles. */
#define PROBLEMS_CEILING ((size_t)1024 * 1024)

int
setup_load_config(const char *path, struct config **config_out)
{
	struct arena *arena = arena_create(4 * PROBLEMS_CEILING);
	struct strbuf problems;

	*config_out = NULL;
	if (arena == NULL) {
		fputs("assay: memory is out\n", stderr);
		return EX_OSERR;
	}
	strbuf_init(&problems, arena, PROBLEMS_CEILING);
	*config_out = config_load(path, &problems);
	fprintf(stderr, "%.*s", SLICE_PRINTF(strbuf_slice(&problems)));
	arena_destroy(&arena);
	return *config_out != NULL ? 0 : EX_CONFIG;
}
