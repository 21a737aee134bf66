/* config/descriptors.c - see descriptors.h. */
#include "config/descriptors.h"

#include <sys/resource.h>

#include "config/settings.h"

#define LEAST_SESSIONS 10	/* better some that fail than none */

uint64_t
descriptors_find_max(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) != 0 ? UINT64_MAX :
	    (uint64_t)limit.rlim_max;
}

/* DNS is bounded by itself: its share of the files never grows too large. */
bool
descriptors_fit(struct config *config, uint64_t max)
{
	unsigned wanted = config->milter_limits.max_sessions;
	uint64_t taken = DESCRIPTORS_RESERVE +
	    dns_context_count_sockets(&config->resolver, max);
	uint64_t room = max > taken + LEAST_SESSIONS ? max - taken :
	    LEAST_SESSIONS;
	uint64_t most = wanted != 0 ? wanted : DESCRIPTORS_MAX_SESSIONS;

	config->milter_limits.max_sessions = (unsigned)(most < room ? most :
	    room);
	return wanted <= room;
}
