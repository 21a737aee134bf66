/* daemon/draft.h - a configuration and what it names, read from files: in
 * force nowhere yet. */
#ifndef ASSAY_DAEMON_DRAFT_H
#define ASSAY_DAEMON_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct part;
struct strbuf;

struct draft {
	struct part *config;	/* struct config */
	struct part *psl;	/* struct psl; NULL: none is needed */
	struct part *zone;	/* struct resolver; NULL: real DNS */
};

/* Read PATH and all that it names.  On failure false, nothing in DRAFT, and
 * each problem appended as a line, "FILE:LINE: what".  Any thread; takes as
 * long as files and user databases do. */
bool draft_load(struct draft *draft, const char *path,
    struct strbuf *problems);

/* Only the zone needs a thread: the loop's, if it was ever asked. */
void draft_discard(struct draft *draft);

/* Another owner of all of it. */
struct draft draft_share(const struct draft *draft);

const struct config *draft_config(const struct draft *draft);

/* The same, in each process, where the same was read. */
uint64_t draft_fingerprint(const struct draft *draft);

#endif
