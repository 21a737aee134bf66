/* cli/findings.h - an examination in words: for people, in a line, and as
 * JSON.  What came from mail or DNS is escaped. */
#ifndef ASSAY_CLI_FINDINGS_H
#define ASSAY_CLI_FINDINGS_H

#include <jansson.h>

#include "base/slice.h"

struct examination;
struct strbuf;

/* Several lines: where it came from, each result with its reason, the verdict,
 * the field.  Escape sequences for colour only where IS_COLOURED. */
void findings_append(struct strbuf *text, struct slice name,
    const struct examination *examination, bool is_coloured);

/* One line: "NAME: spf=pass dkim=pass dmarc=pass example.org accept". */
void findings_append_line(struct strbuf *text, struct slice name,
    const struct examination *examination, bool is_coloured);

/* An object; NULL where memory is out. */
json_t *findings_make_json(struct slice name,
    const struct examination *examination);

#endif
