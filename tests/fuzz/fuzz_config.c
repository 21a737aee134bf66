/* The configuration file. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct strbuf problems;
	struct config *config;
	char path[64];
	int fd = memfd_create("assayd.conf", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	strbuf_init(&problems, arena, FUZZ_ARENA_CEILING / 4);
	config = config_load(path, &problems);
	if ((config == NULL) == (strbuf_slice(&problems).len == 0))
		abort();	/* a refusal has a text, a success none */
	config_unload(&config);
	close(fd);
	arena_destroy(&arena);
	return 0;
}
