/* cli/feedback_json.h - an aggregate report for programs, written as it is
 * read, a line per record. */
#ifndef ASSAY_CLI_FEEDBACK_JSON_H
#define ASSAY_CLI_FEEDBACK_JSON_H

#include <stdio.h>

#include "report/feedback.h"

struct feedback_json {
	FILE *out;
	bool has_record;	/* one has been written: the list is open */
	bool has_failed;	/* memory is out: something is missing */
	uint64_t n_records, n_messages, n_passed;
};

void feedback_json_begin(struct feedback_json *json, FILE *out,
    struct slice file);

/* The callbacks of a feedback_visitor whose context is a feedback_json. */
void feedback_json_head(void *context, const struct feedback *feedback);
void feedback_json_record(void *context,
    const struct feedback_record *record);

/* PROBLEM: why it is not all of the report; empty where it is.  False where
 * memory was out. */
bool feedback_json_end(struct feedback_json *json, struct slice problem);

#endif
