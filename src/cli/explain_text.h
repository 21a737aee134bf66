/* cli/explain_text.h - what a line of text says, in words, told to a trace:
 * each false where TEXT is not of its kind. */
#ifndef ASSAY_CLI_EXPLAIN_TEXT_H
#define ASSAY_CLI_EXPLAIN_TEXT_H

#include "base/slice.h"

struct trace;

/* An Authentication-Results field (RFC 8601), with its name or without. */
bool explain_results(struct slice text, struct trace *trace);

/* An SMTP server's refusal, as "550 5.7.1 text", with anything before it: ours
 * or another's. */
bool explain_reply(struct slice text, struct trace *trace);

/* Where in TEXT a reply of 4xx or 5xx begins; its length where there is
 * none. */
size_t explain_find_reply(struct slice text);

/* assayd's line of a message, as key=value or JSON, with anything before it. */
bool explain_log_line(struct slice text, struct trace *trace);

/* Whether a line is assayd's, and of this message's, queue or session's id. */
bool explain_is_line_of(struct slice line, struct slice id);

#endif
