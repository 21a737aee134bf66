/* cli/check_show.h - findings for people and for programs, and what has changed
 * since another time. */
#ifndef ASSAY_CLI_CHECK_SHOW_H
#define ASSAY_CLI_CHECK_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "base/slice.h"

struct check;
struct strbuf;

void check_print(FILE *out, const struct check *check, bool has_colour);

/* {"domain": ..., "status": "warning", "findings": [{...}]}; NULL where memory
 * is out. */
json_t *check_make_json(const struct check *check);

/* What FILE, an array of such objects or one, says of the domain is compared
 * with NOW: {"domain", "new": [...], "gone": [...]}.  NULL where memory is out.
 * Findings are the same that have the same id and text. */
json_t *check_make_diff(const json_t *file, const json_t *now);

void check_print_diff(FILE *out, const json_t *diff, bool has_colour);

#endif
