/* milter/milter.h - libmilter's side of assay; the only user of libmilter. */
#ifndef ASSAY_MILTER_MILTER_H
#define ASSAY_MILTER_MILTER_H

#include "milter/context.h"

struct dkim_sha256;
struct milter_metrics;
struct strbuf;

/* Open the socket (before privileges are dropped) and register with libmilter.
 * CONTEXT is kept: libmilter can hand nothing to a new session, so there is one
 * per process; its log, hostname and what concerns the socket are used as long
 * as the process lives.  False with the problem appended. */
bool milter_open(struct milter_context *context, struct strbuf *problem);

/* Messages that begin from now on use CONTEXT in place of the one that
 * milter_open was given, or the last of these; those that are open keep theirs.
 * CONTEXT must live until it was replaced in its turn and
 * milter_is_context_used says false.  What concerns the socket is not looked at
 * again. */
void milter_set_context(struct milter_context *context);

/* Of one that was replaced: whether a message, or someone who has retained it,
 * still uses it.  Once false, false for ever. */
bool milter_is_context_used(const struct milter_context *context);

/* The present one, which stays usable until it is released.  Any thread. */
struct milter_context *milter_retain_context(void);
void milter_release_context(struct milter_context *context);

/* Count there, which is zeroed or goes on from what another process has left;
 * before milter_run.  Borrowed. */
void milter_set_metrics(struct milter_metrics *metrics);

/* What the sessions hash with, from milter_open to milter_close; NULL where
 * libcrypto has none. */
const struct dkim_sha256 *milter_get_sha256(void);

/* The self-test has found that verification cannot be relied on (false), or can
 * be again: until then what would be enforced, and what passes by
 * authentication alone, gets 451. */
void milter_set_sound(bool is_sound);

/* This process is one of those that share the socket, forked since: session ids
 * bear NUMBER, which no other had since milter_open.  Before milter_run. */
void milter_set_worker(unsigned number);

/* What milter_open has opened, where libmilter did not run: nobody may connect
 * any more, and a UNIX socket's file is gone unless another process has made it
 * its own.  False with the problem appended. */
bool milter_abandon(struct strbuf *problem);

/* This process, a child of the one that called milter_open, takes no mail: the
 * socket is left to the others. */
void milter_leave_socket(void);

/* smfi_main: blocks until milter_stop; call with all signals blocked, from a
 * thread of its own.  False where libmilter failed. */
bool milter_run(void);

/* From now on new MAIL gets 451 4.3.2; messages that are open go on. */
void milter_begin_drain(void);

/* Messages between MAIL and their end, right now. */
unsigned milter_count_open_messages(void);

/* Append what limits were hit since the start, and how often:
 * " header_octets=2"; nothing where none was. */
void milter_append_limits(struct strbuf *text);

/* smfi_stop.  Blocks for seconds: not on the loop's thread. */
void milter_stop(void);

/* Once milter_run has returned: from now on no session begins.  False while one
 * is still there, idle or not: its thread may use the context at any moment, so
 * nothing that it names may be freed. */
bool milter_close(void);

/* libmilter's, as it is loaded. */
void milter_get_library_version(unsigned *major, unsigned *minor,
    unsigned *patch);

#endif
