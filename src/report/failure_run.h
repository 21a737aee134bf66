/* report/failure_run.h - sending the failure reports that are owed.
 *
 * Like incidents become one report.  Whoever removes them from the store sends
 * them, so that several may run at once and none goes out twice; a run that is
 * killed loses what it had in hand, which nobody will miss: the next failure is
 * reported again. */
#ifndef ASSAY_REPORT_FAILURE_RUN_H
#define ASSAY_REPORT_FAILURE_RUN_H

#include <signal.h>

#include "report/compose.h"

struct deliverer;
struct dmarc_options;
struct resolver;

enum failure_event_kind {
	FAILURE_EVENT_OWED = 0,		/* would be sent (dry run) */
	FAILURE_EVENT_SENT,
	FAILURE_EVENT_DEFERRED,		/* next time */
	FAILURE_EVENT_DROPPED,		/* refused for good, or too old */
	FAILURE_EVENT_LIMITED,		/* over failures_per_hour: dropped */
	FAILURE_EVENT_SUPPRESSED,	/* its destination has bounced */
	FAILURE_EVENT_NOT_SENT,		/* this destination may not have it */
};
#define FAILURE_N_EVENTS 7

struct failure_event {
	enum failure_event_kind kind;
	struct slice policy_domain;
	struct slice destination;	/* empty: of the policy domain */
	uint64_t incidents;
	struct slice note;		/* printable */
};

struct failure_run {
	struct store *store;		/* all borrowed */
	const struct report_sender *sender;
	const struct dmarc_options *dmarc;
	struct resolver *resolver;
	unsigned dns_timeout_ms;	/* for one question */
	struct deliverer *deliverer;	/* NULL: a dry run changes nothing */
	int64_t now_s;
	const volatile sig_atomic_t *should_stop;	/* NULL: nobody asks */
	void (*tell)(void *context, const struct failure_event *event);
	void *context;
};

enum failure_run_status {
	FAILURE_RUN_OK = 0,
	FAILURE_RUN_LEFTOVER,	/* something waits for the next run */
	FAILURE_RUN_STORE,	/* *STORE_OUT says why */
	FAILURE_RUN_FAILED,	/* memory is out */
};

/* COUNTS_OUT: FAILURE_N_EVENTS numbers of incidents.  Blocks on the store, DNS
 * and the transport. */
enum failure_run_status failure_run(const struct failure_run *run,
    uint64_t *counts_out, enum store_status *store_out);

#endif
