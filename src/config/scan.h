/* config/scan.h - what libconfig reads in another way than was meant.
 *
 * libconfig cuts numbers that are too large without a word, takes the text to
 * end at a NUL, and reads other files where "@include" starts a line.  This
 * walks over the text once before libconfig does, and tells of these, and of
 * strings and comments without an end, whose line libconfig cannot tell. */
#ifndef ASSAY_CONFIG_SCAN_H
#define ASSAY_CONFIG_SCAN_H

#include "base/slice.h"

struct config_problems;

/* False where a problem was added. */
bool scan_text(struct slice text, struct config_problems *problems);

#endif
