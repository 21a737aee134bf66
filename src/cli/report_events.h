/* cli/report_events.h - what a run of "assay report send" tells, for people and
 * for programs. */
#ifndef ASSAY_CLI_REPORT_EVENTS_H
#define ASSAY_CLI_REPORT_EVENTS_H

#include "cli/terminal.h"
#include "report/run.h"

struct report_events {
	bool is_json, is_verbose, is_dry;
	bool has_colour;
	struct terminal_progress progress;
	uint64_t n_subjects;
};

void report_events_init(struct report_events *events, bool is_json,
    bool is_verbose, bool is_dry);

/* For struct report_run; CONTEXT is a struct report_events. */
void report_events_tell(void *context, const struct report_event *event);

/* The last line. */
void report_events_sum_up(struct report_events *events,
    const struct report_counts *counts);

#endif
