/* config/suggest.h - what a misspelt word was meant to be. */
#ifndef ASSAY_CONFIG_SUGGEST_H
#define ASSAY_CONFIG_SUGGEST_H

#include "base/slice.h"

/* How many octets must be put in, taken out, or replaced, or swapped with
 * their neighbour to make A of B (case folded).  Octets past the 64th do not
 * count. */
#define SUGGEST_MAX_OCTETS 64
unsigned suggest_distance(struct slice a, struct slice b);

/* Whether B is near enough to A to be what was meant: a third of A's octets
 * may differ, one always. */
bool suggest_is_near(struct slice a, unsigned distance);

#endif
