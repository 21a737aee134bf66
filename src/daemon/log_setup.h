/* daemon/log_setup.h - the log as the configuration wants it, at start and at a
 * reload. */
#ifndef ASSAY_DAEMON_LOG_SETUP_H
#define ASSAY_DAEMON_LOG_SETUP_H

#include "base/log.h"

struct config;
struct strbuf;

/* What log.* come to.  False, with the problem appended, where the lines would
 * be lost without a word: there is no such journal, or nobody reads stderr. */
bool log_setup_choose(const struct config *config, bool is_foreground,
    struct log_settings *settings_out, struct strbuf *problem);

#endif
