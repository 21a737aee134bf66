/* report/gather.h - from the results and the verdict of a message to what is
 * remembered of it. */
#ifndef ASSAY_REPORT_GATHER_H
#define ASSAY_REPORT_GATHER_H

#include "dmarc/options.h"
#include "report/fact.h"

struct arena;
struct inspect_results;
struct policy_verdict;
struct report_options;
struct report_writer;
struct store_pass;

/* One that was inspected: trusted mail is nobody's to report on.  All borrowed;
 * RESULTS may end behind MAIL, where the sender was refused. */
struct report_message {
	const struct report_options *options;
	enum dmarc_discovery discovery;
	const struct inspect_results *results;
	const struct policy_verdict *verdict;
};

/* One fact for each Author Domain that was evaluated (RFC 9990: a row in each
 * one's report); one, for statistics alone, where there is none. */
size_t report_count_facts(const struct report_message *message);

/* The I-th, from 0.  Its texts live in ARENA or borrow the message's. */
void report_gather_fact(const struct report_message *message, size_t i,
    struct arena *arena, struct report_fact *fact_out);

/* Whether the I-th Author Domain's mail has passed by a path that is known: not
 * by an SPF record that lets nearly everybody pass, nor from a client that is
 * hearsay (inspect/relay.h). */
bool report_gather_pass(const struct report_message *message, size_t i,
    struct store_pass *pass_out);

/* Whether any recipient must be known for it. */
bool report_wants_recipients(const struct report_options *options);

/* Hand all of it to WRITER.  What does not fit into ARENA is lost. */
void report_remember(const struct report_message *message,
    struct arena *arena, struct report_writer *writer);

#endif
