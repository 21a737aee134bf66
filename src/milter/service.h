/* milter/service.h - what all sessions of the process share. */
#ifndef ASSAY_MILTER_SERVICE_H
#define ASSAY_MILTER_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/limit.h"
#include "base/log.h"
#include "milter/context.h"
#include "milter/metrics.h"

struct dkim_sha256;

struct service {
	/* For the messages that begin now; borrowed.  The lock guards which
	 * one that is, and is held only to count one more user of it. */
	pthread_mutex_t context_lock;
	struct milter_context *context;
	/* Of the first context, for the life of the process. */
	struct log *log;		/* borrowed */
	const char *hostname;		/* the same */
	struct milter_options listener;	/* its text is borrowed, too */
	int listener_fd;		/* -1: none */
	struct milter_metrics *metrics;	/* borrowed, or the next */
	struct milter_metrics own_metrics;
	atomic_bool is_unsound;		/* milter_set_sound */
	struct arena_account memory;	/* what open messages take */
	struct dkim_sha256 *sha256;	/* owned; NULL where it failed */
	int64_t start_s;	/* makes session ids differ between runs */
	unsigned worker;	/* and between workers; 0: there are none */
	atomic_ullong n_sessions;	/* ever begun */
	atomic_uint n_admitted;	/* sessions, of limits.sessions */
	atomic_uint n_open;	/* messages between MAIL and their end */
	atomic_bool is_draining;
	/* Faults that would be told with every connection. */
	struct log_limit refusal_limit, memory_limit, action_limit,
	    macros_limit, reply_limit;
	struct log_limit limit_warnings[LIMIT_COUNT];
	atomic_llong day;	/* on which ended rules were told of last */
	atomic_uint n_present;	/* sessions that there are now */
	atomic_bool is_closed;	/* no session begins any more */
};

/* The process's one; service.c tells why it exists. */
struct service *service_get(void);

/* The present context, which stays as it is until it is released.  Any
 * thread. */
struct milter_context *service_retain_context(struct service *service);
void service_release_context(struct milter_context *context);

/* A session begins: false, and nothing of CONTEXT may be touched, where none
 * may any more.  It has ended, which is the last that its thread does. */
bool service_enter(struct service *service);
void service_leave(struct service *service);

#endif
