/* cli/verify_all.h - all messages of a mailbox, several at once, told of in
 * their order. */
#ifndef ASSAY_CLI_VERIFY_ALL_H
#define ASSAY_CLI_VERIFY_ALL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/terminal.h"

struct examiner_options;
struct mailbox;

struct verify_options {
	const struct examiner_options *examiner;	/* borrowed */
	bool is_json, is_coloured;
	bool is_brief;		/* a line for each message */
	unsigned n_threads;
};

/* What came of all messages so far. */
struct verify_summary {
	uint64_t n_messages, n_unreadable;
	uint64_t n_accepted, n_quarantined, n_rejected, n_deferred;
	uint64_t n_spf_passed, n_dkim_passed, n_dmarc_passed, n_dmarc_failed;
};

/* To stdout, and on the way PROGRESS, which is begun; adds to SUMMARY.  Blocks
 * until the last message is done.  False where there was no memory, or stdout
 * could not be written. */
bool verify_all(const struct verify_options *options, struct mailbox *mailbox,
    struct terminal_progress *progress, struct verify_summary *summary);

#endif
