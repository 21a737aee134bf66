/* report/run.h - sending the aggregate reports that are owed.
 *
 * No report goes out twice, however a run ends: the ledger says, durably, that
 * one is being handed over before it is, and what it still says so at the next
 * start may have gone out and is not sent again. */
#ifndef ASSAY_REPORT_RUN_H
#define ASSAY_REPORT_RUN_H

#include <signal.h>

#include "report/agenda.h"

struct deliverer;

/* How far back a run looks for what is not sent yet. */
#define REPORT_RUN_DAYS 7

/* A day is over when its last messages have come from all hosts' queues. */
#define REPORT_SETTLE_S 300

enum report_event_kind {
	REPORT_EVENT_SUBJECT = 0,	/* one is done with: for progress */
	REPORT_EVENT_OWED,		/* would be sent (dry run) */
	REPORT_EVENT_SENT,
	REPORT_EVENT_DEFERRED,		/* next time */
	REPORT_EVENT_DROPPED,		/* refused for good */
	REPORT_EVENT_PERHAPS,		/* may have gone out: not sent again */
	REPORT_EVENT_SUPPRESSED,	/* its destination has bounced */
	REPORT_EVENT_NOT_SENT,		/* this destination may not have it */
	REPORT_EVENT_UNKNOWN,		/* DNS does not tell whether it may */
	REPORT_EVENT_CUT,		/* rows beyond the limit of reports */
	REPORT_EVENT_FAILED,		/* no report could be made */
};
#define REPORT_N_EVENTS 11

struct report_event {
	enum report_event_kind kind;
	const struct store_subject *subject;
	/* What does not apply is empty or 0. */
	struct slice destination;	/* of NOT_SENT: as published */
	struct slice report_id;
	struct report_size size;	/* octets: only where it was made */
	uint64_t n_reports;		/* OWED: these many */
	struct slice note;		/* printable */
};

struct report_run {
	struct report_agenda_request agenda;	/* its day is not looked at */
	struct deliverer *deliverer;	/* NULL: a dry run, nothing is made,
					 * sent or written down */
	uint32_t first_day, last_day;
	int64_t now_s;
	const volatile sig_atomic_t *should_stop;	/* NULL: nobody asks */
	void (*tell)(void *context, const struct report_event *event);
	void *context;
};

enum report_run_status {
	REPORT_RUN_OK = 0,
	REPORT_RUN_LEFTOVER,	/* something waits for the next run */
	REPORT_RUN_ELSEWHERE,	/* another one is at it: nothing was done */
	REPORT_RUN_BROKEN,	/* nobody takes the mail: PROBLEM */
	REPORT_RUN_STORE,	/* PROBLEM; see *STORE_OUT */
};

struct report_counts {
	uint64_t events[REPORT_N_EVENTS];
	uint64_t n_messages;		/* reported on, or to be */
};

/* One sentence is appended to PROBLEM. */
enum report_run_status report_run(const struct report_run *run,
    struct report_counts *counts_out, enum store_status *store_out,
    struct strbuf *problem);

#endif
