/* milter/perform.h - a verdict carried out by the MTA. */
#ifndef ASSAY_MILTER_PERFORM_H
#define ASSAY_MILTER_PERFORM_H

#include "base/slice.h"
#include "milter/libmilter.h"

struct inspect_results;
struct policy_verdict;
struct session;

/* Set the reply for SMFIS_REJECT or SMFIS_TEMPFAIL.  PREFIX_OCTETS is what the
 * MTA may write before TEXT.  False where that failed: the MTA has a text of
 * its own then. */
bool perform_reply(SMFICTX *ctx, const char *code, const char *enhanced,
    struct slice text, size_t prefix_octets);

/* All changes to a message that is let in; only within xxfi_eom.  FIELD is the
 * value of our Authentication-Results field.  NULL, or the name of what
 * failed. */
const char *perform_changes(SMFICTX *ctx, const struct session *session,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice field);

#endif
