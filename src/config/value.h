/* config/value.h - what a key is set to, as it is compared with what it was set
 * to before, and shown. */
#ifndef ASSAY_CONFIG_VALUE_H
#define ASSAY_CONFIG_VALUE_H

#include "base/slice.h"

struct config_value_item {
	struct slice name;	/* for people */
	struct slice text;	/* all that it says; equal where both are */
};

/* All text lives as long as the configuration. */
struct config_value {
	bool is_set;		/* it stands in the file */
	struct slice text;	/* of WORD and TEXT */
	/* Of LIST and GROUPS, in order; names that come from files are there
	 * in place of the file's. */
	const struct config_value_item *items;
	size_t n;
};

#endif
