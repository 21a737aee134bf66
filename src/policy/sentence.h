/* policy/sentence.h - what a verdict comes to, and the words for it.
 *
 * Words are ASCII and always there: where memory is out a FALLBACK stands in,
 * for a refusal is never left without them. */
#ifndef ASSAY_POLICY_SENTENCE_H
#define ASSAY_POLICY_SENTENCE_H

#include "policy/policy.h"

struct arena;
struct strbuf;

void sentence_begin(struct strbuf *text, struct arena *arena);
struct slice sentence_end(const struct strbuf *text, const char *fallback);

/* Append a domain, or ": " and a reason where there is one, escaped and cut. */
void sentence_append_domain(struct strbuf *text, struct slice domain);
void sentence_append_reason(struct strbuf *text, struct slice reason);

/* 550 5.7.1, and 451 4.7.0.  TEXT is borrowed for the verdict's life. */
void sentence_reject(struct policy_verdict *verdict, enum policy_reply reply,
    struct slice text);
void sentence_defer(struct policy_verdict *verdict, struct slice text);

/* What options->quarantine says.  False where that is to refuse: nothing is
 * done then, the caller has the words for it. */
bool sentence_quarantine(const struct policy_options *options,
    struct policy_verdict *verdict);

#endif
