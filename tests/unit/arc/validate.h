/* unit/arc/validate.h - a whole message led through the chain's validation. */
#ifndef ASSAY_TESTS_UNIT_ARC_VALIDATE_H
#define ASSAY_TESTS_UNIT_ARC_VALIDATE_H

#include "arc/chain.h"

struct arena;
struct resolver;

struct validate_request {
	struct resolver *resolver;
	const struct arc_options *options;
	struct slice text;		/* with CRLF line ends */
	size_t chunk_octets;		/* of the body */
	bool is_header_whole;
};

/* The chunks of the body lie each on the heap at its exact size.  The outcome
 * lives in ARENA. */
void arc_validate_message(struct arena *arena,
    const struct validate_request *request, struct arc_outcome *outcome);

#endif
