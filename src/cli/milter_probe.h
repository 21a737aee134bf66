/* cli/milter_probe.h - a message handed to assayd as an MTA would: is it there,
 * and does it answer? */
#ifndef ASSAY_CLI_MILTER_PROBE_H
#define ASSAY_CLI_MILTER_PROBE_H

#include "base/slice.h"

struct arena;
struct strbuf;

#define MILTER_PROBE_TIMEOUT_MS 10000

/* SOCKET in libmilter's notation.  The client is no SMTP client, so the message
 * is not inspected and nothing comes of it.  *FIELD_OUT is the
 * Authentication-Results field that was inserted, in ARENA.  False with the
 * problem, one sentence, appended.  Blocks for the timeout at each step. */
bool milter_probe(struct arena *arena, const char *socket,
    struct slice *field_out, struct strbuf *problem);

#endif
