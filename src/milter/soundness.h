/* milter/soundness.h - verdicts while the self-test fails (milter_set_sound):
 * no result can be relied on, good or bad.
 *
 * What would be refused or put aside waits, and so does what is accepted though
 * an author's policy speaks of refusing or quarantine: it might have failed.
 * Mail of which nobody's policy says anything goes on, as all mail does with
 * mode = "monitor"; but our field claims nothing of it, and the store hears
 * nothing. */
#ifndef ASSAY_MILTER_SOUNDNESS_H
#define ASSAY_MILTER_SOUNDNESS_H

#include <stdbool.h>

struct inspect_results;
struct policy_verdict;
struct service;
struct session;

#define SOUNDNESS_NOTE "the self-test fails: results cannot be relied on"

bool soundness_is_lost(const struct service *service);

/* Have VERDICT, of the open message, be what it comes to while soundness is
 * lost. */
void soundness_apply(const struct session *session,
    const struct inspect_results *results, struct policy_verdict *verdict);

#endif
