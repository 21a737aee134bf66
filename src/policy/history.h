/* policy/history.h - the question that policy/ asks of what is remembered;
 * report/history.h answers it. */
#ifndef ASSAY_POLICY_HISTORY_H
#define ASSAY_POLICY_HISTORY_H

#include "base/slice.h"

struct ip_address;

struct policy_history {
	/* Whether mail of AUTHOR_DOMAIN has lately come by CLIENT's path and
	 * passed DMARC, on enough days to be its habit.  Never blocks; false
	 * where nothing is known.  From any thread. */
	bool (*has_passed)(const void *context, struct slice author_domain,
	    const struct ip_address *client);
	const void *context;
};

#endif
