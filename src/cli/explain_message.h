/* cli/explain_message.h - a saved message's whole story. */
#ifndef ASSAY_CLI_EXPLAIN_MESSAGE_H
#define ASSAY_CLI_EXPLAIN_MESSAGE_H

#include "base/slice.h"

struct examiner_options;
struct psl;
struct trace;

/* OPTIONS as for an examiner, their trace aside.  PSL, which may be NULL, is
 * held against the tree walk.  Blocks on DNS.  False where the message could
 * not be examined: TRACE says why. */
bool explain_message(const struct examiner_options *options,
    const struct psl *psl, struct slice name, struct slice octets,
    struct trace *trace);

#endif
