/* config/fingerprint.h - whether two configurations mean the same. */
#ifndef ASSAY_CONFIG_FINGERPRINT_H
#define ASSAY_CONFIG_FINGERPRINT_H

#include "base/slice.h"

struct config;

/* Of all that the key GROUP, or the keys below that group, say; of all keys
 * where GROUP is empty.  The same for what means the same, in each process;
 * not the same for anything else, as far as an operator goes who does not
 * look for two that collide. */
uint64_t config_fingerprint(const struct config *config, struct slice group);

#endif
