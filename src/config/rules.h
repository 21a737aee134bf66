/* config/rules.h - the key "rules": a list of groups, each one local rule
 * (policy/rules.h). */
#ifndef ASSAY_CONFIG_RULES_H
#define ASSAY_CONFIG_RULES_H

#include "config/key.h"

void set_rules(const struct key_place *place, const struct key_group *groups,
    size_t n);

#endif
