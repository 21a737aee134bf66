/* policy/names.h - lists of domain names with globs: whose seals are trusted,
 * who forwards, whom a rule is about. */
#ifndef ASSAY_POLICY_NAMES_H
#define ASSAY_POLICY_NAMES_H

#include "base/slice.h"

struct arena;

/* Of patterns mostly: normalized domains; "*." in front stands for every domain
 * below, itself not, and "*" for every domain. */
struct policy_list {
	const struct slice *items;	/* borrowed */
	size_t n;
};

/* TEXT as a pattern.  False where it is none; *PATTERN_OUT lives in ARENA or
 * borrows TEXT. */
bool policy_parse_pattern(struct arena *arena, struct slice text,
    struct slice *pattern_out);

/* Whether DOMAIN, which is normalized, fits PATTERN. */
bool policy_match_domain(struct slice pattern, struct slice domain);

/* Whether it fits one of them. */
bool policy_list_has_domain(const struct policy_list *patterns,
    struct slice domain);

#endif
