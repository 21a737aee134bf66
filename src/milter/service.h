/* milter/service.h - what all sessions of the process share. */
#ifndef ASSAY_MILTER_SERVICE_H
#define ASSAY_MILTER_SERVICE_H

#include <stdatomic.h>

#include "milter/milter.h"

struct service {
	const struct milter_context *context;	/* borrowed, immutable */
	int64_t start_s;	/* makes session ids differ between runs */
	atomic_ullong n_sessions;	/* ever begun */
	atomic_uint n_open;	/* messages between MAIL and their end */
	atomic_bool is_draining;
};

/* The process's one; milter.c tells why it exists. */
struct service *milter_service(void);

#endif
