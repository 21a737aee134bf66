/* control/results.h - what was found of a message, as JSON: the control socket
 * and assay verify say it in the same words.
 *
 * Texts are ASCII, escaped as in the log: what is in mail need not be UTF-8. */
#ifndef ASSAY_CONTROL_RESULTS_H
#define ASSAY_CONTROL_RESULTS_H

#include <jansson.h>

#include "base/slice.h"

struct arena;
struct inspect_results;
struct policy_verdict;

/* Room for the texts of one message, and what is outside of its results. */
#define RESULTS_MEMORY ((size_t)4 * 1024 * 1024)

/* NULL, which json_pack refuses all of, where memory is out. */
json_t *results_make_text(struct arena *arena, struct slice text);

/* The octets of a string, which VALUE owns; none where VALUE is something
 * else, or NULL. */
struct slice results_get_text(const json_t *value);

/* Into OBJECT: "spf", "dkim", "arc", "dmarc", "flags", "verdict" and "field",
 * which is the value of our Authentication-Results field in one line.  False
 * where memory is out. */
bool results_add(json_t *object, struct arena *arena,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice field);

#endif
