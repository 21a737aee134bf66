/* base/journal.h - systemd's journal, in its own protocol: a line with fields
 * beside it, by which journalctl(1) finds it.  journal_none.c is for where
 * there is no libsystemd. */
#ifndef ASSAY_BASE_JOURNAL_H
#define ASSAY_BASE_JOURNAL_H

#include "base/slice.h"

/* Begins the field of the line itself. */
#define JOURNAL_MESSAGE "MESSAGE="

#define JOURNAL_MAX_FIELDS 12	/* of a line; what is beyond is left out */

bool journal_is_built(void);

/* Whether one listens on this host. */
bool journal_is_there(void);

/* N fields, each "NAME=value", of one line.  Where nobody listens they are
 * lost, as with syslog. */
void journal_send(const struct slice *fields, size_t n);

#endif
