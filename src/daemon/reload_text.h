/* daemon/reload_text.h - what the log is told of a reload. */
#ifndef ASSAY_DAEMON_RELOAD_TEXT_H
#define ASSAY_DAEMON_RELOAD_TEXT_H

#include "base/slice.h"

struct log;

/* LINES is changeover_text's, or draft_load's; where there is none nothing has
 * changed.  What needs a restart is a warning. */
void reload_tell_done(struct log *log, struct slice lines);

/* Every problem, and that the old configuration stays. */
void reload_tell_refused(struct log *log, struct slice lines);

#endif
