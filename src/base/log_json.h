/* base/log_json.h - text in a JSON string (RFC 8259 7), safe to be shown.
 *
 * The string that a reader of the JSON gets has no control characters, line or
 * paragraph separators, nor what changes the direction of text or is not to be
 * seen: neither they nor what is not UTF-8 are in the line, and none comes back
 * when it is taken apart, as by jq -r on a terminal. */
#ifndef ASSAY_BASE_LOG_JSON_H
#define ASSAY_BASE_LOG_JSON_H

#include "base/slice.h"

struct strbuf;

/* What comes between the quotes.  The octets of what must not be shown, and a
 * backslash, are \xHH in the string, as in key=value. */
void log_json_append_string(struct strbuf *out, struct slice text);

/* The same of a whole message, where a backslash is one: it was written by us,
 * and stands before what was escaped already.  Cut, and then with "..." at the
 * end, where it would take more than MAX octets (at least 3). */
void log_json_append_message(struct strbuf *out, struct slice text,
    size_t max);

#endif
