/* milter/remember.h - what of a message is handed to the store. */
#ifndef ASSAY_MILTER_REMEMBER_H
#define ASSAY_MILTER_REMEMBER_H

#include <stdbool.h>

struct milter_context;
struct policy_verdict;
struct session;

/* The open message has its verdict; nothing where there is no store, or it was
 * not inspected.  Does not wait. */
void remember_message(const struct session *session,
    const struct policy_verdict *verdict);

bool remember_wants_recipients(const struct milter_context *context);

#endif
