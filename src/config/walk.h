/* config/walk.h - libconfig's tree against the table of keys; the only user of
 * libconfig. */
#ifndef ASSAY_CONFIG_WALK_H
#define ASSAY_CONFIG_WALK_H

#include "base/slice.h"

struct config;
struct config_problems;

/* Read TEXT, which scan_text has passed, and NUL-terminated at TEXT.len, into
 * CONFIG.  LINES[i] becomes the line of config_keys[i], 0 where it is not
 * set.  False where the text is no configuration at all. */
bool walk_text(struct slice text, struct config *config,
    struct config_problems *problems, unsigned *lines);

#endif
