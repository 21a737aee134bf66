/* cli/recording.h - the DNS answers that a verification used, kept in a file,
 * so that it can be repeated when the DNS says something else.
 *
 * The file is JSON: the time of the verification, which is what signatures'
 * x= are held against, and an object with one answer for each question,
 * "TXT example.org".  Octets of names and texts are the characters U+0000 to
 * U+00FF. */
#ifndef ASSAY_CLI_RECORDING_H
#define ASSAY_CLI_RECORDING_H

#include "dns/dns.h"

struct recording;
struct strbuf;

/* A file larger than this is refused. */
#define RECORDING_MAX_OCTETS ((size_t)256 * 1024 * 1024)

/* An empty one, of a verification at TIME_S; NULL where memory is out. */
struct recording *recording_create(int64_t time_s);

/* What recording_save has written; NULL with the problem, "FILE:LINE: what",
 * appended. */
struct recording *recording_load(const char *path, struct strbuf *problem);

/* Write it to PATH, in one piece or not at all.  False with the problem
 * appended. */
bool recording_save(struct recording *recording, const char *path,
    struct strbuf *problem);

void recording_destroy(struct recording **recording);

int64_t recording_time_s(const struct recording *recording);

/* A resolver that asks INNER and keeps what it says: the first answer to each
 * question.  Both are borrowed, and it may be used by several threads if INNER
 * may.  NULL where memory is out. */
struct resolver *recording_record(struct recording *recording,
    struct resolver *inner);

/* A resolver that gives what was kept; any other question is TEMPFAIL, "not
 * recorded".  Borrows RECORDING. */
struct resolver *recording_replay(struct recording *recording);

#endif
