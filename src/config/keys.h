/* config/keys.h - every key of assayd.conf: its type, its range, and what it
 * sets.  Knows nothing of libconfig. */
#ifndef ASSAY_CONFIG_KEYS_H
#define ASSAY_CONFIG_KEYS_H

#include "config/key.h"

enum key_type {
	KEY_BOOL,	/* into the bool at OFFSET */
	KEY_NUMBER,	/* in [min, max], into the unsigned at OFFSET */
	KEY_SIZE,	/* the same into a size_t */
	KEY_WORD,	/* one of WORDS: set_word */
	KEY_TEXT,	/* set_text */
	KEY_LIST,	/* of at most MAX texts: set_list */
	KEY_GROUPS,	/* a list of at most MAX groups: set_groups */
};

struct config_key {
	const char *path;	/* "group.name", or "name" at the top; groups
				 * may lie in groups */
	enum key_type type;
	size_t offset;		/* within struct config */
	uint64_t min, max;
	/* What it is where it is not in the file, in the file's words: of each
	 * WORD, of a TEXT that is not "" then; of a list that is not empty
	 * then, anything. */
	const char *unset;
	bool needs_restart;	/* looked at at start only */
	bool is_secret;		/* it may hold a password */
	const struct key_word *words;
	void (*set_word)(struct config *config, unsigned value);
	void (*set_text)(const struct key_place *place,
	    const struct key_text *text);
	void (*set_list)(const struct key_place *place,
	    const struct key_text *texts, size_t n);
	void (*set_groups)(const struct key_place *place,
	    const struct key_group *groups, size_t n);
};

extern const struct config_key config_keys[];
extern const size_t config_n_keys;

/* The key at PATH, or SIZE_MAX. */
size_t key_find(struct slice path);

/* Whether any key lies in the group of that path. */
bool key_is_group(struct slice path);

/* The path, or the group, that was probably meant by PATH, which is neither;
 * empty where nothing is near. */
struct slice key_suggest(struct slice path);

#endif
