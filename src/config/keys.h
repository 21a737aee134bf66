/* config/keys.h - every key of assayd.conf: its type, its range, and what it
 * sets.  Knows nothing of libconfig. */
#ifndef ASSAY_CONFIG_KEYS_H
#define ASSAY_CONFIG_KEYS_H

#include "base/slice.h"

struct config;
struct config_problems;

/* Where a value stands, for whoever sets it. */
struct key_place {
	struct config *config;
	struct config_problems *problems;
	const char *path;	/* the key's */
	unsigned line;
};

/* Text of the file, copied into the configuration's arena: text.ptr is
 * NUL-terminated there and holds no control characters. */
struct key_text {
	struct slice text;
	unsigned line;
};

struct key_word {
	const char *word;	/* NULL ends the list */
	unsigned value;
};

/* A setting of a group that stands in a list; one of a group within that group
 * is called "GROUP.NAME". */
enum key_entry_type {
	KEY_ENTRY_BOOL,
	KEY_ENTRY_TEXT,
	KEY_ENTRY_LIST,		/* of texts only */
	KEY_ENTRY_OTHER,	/* what no such setting can be */
};

struct key_entry {
	const char *name;
	unsigned line;
	enum key_entry_type type;
	bool flag;
	const struct key_text *texts;	/* TEXT: one */
	size_t n;
};

struct key_group {
	unsigned line;
	const struct key_entry *entries;
	size_t n;
};

enum key_type {
	KEY_BOOL,	/* into the bool at OFFSET, if there is one */
	KEY_NUMBER,	/* in [min, max], into the unsigned at OFFSET */
	KEY_SIZE,	/* the same into a size_t */
	KEY_WORD,	/* one of WORDS: set_word */
	KEY_TEXT,	/* set_text */
	KEY_LIST,	/* of at most MAX texts: set_list */
	KEY_GROUPS,	/* a list of at most MAX groups: set_groups */
};

#define KEY_NO_TARGET SIZE_MAX

struct config_key {
	const char *path;	/* "group.name", or "name" at the top */
	enum key_type type;
	size_t offset;		/* within struct config */
	uint64_t min, max;
	const struct key_word *words;
	void (*set_word)(struct config *config, unsigned value);
	void (*set_text)(const struct key_place *place,
	    const struct key_text *text);
	void (*set_list)(const struct key_place *place,
	    const struct key_text *texts, size_t n);
	void (*set_groups)(const struct key_place *place,
	    const struct key_group *groups, size_t n);
	/* Its part is not built yet: true, or any text, is only noted. */
	bool is_unbuilt;
};

extern const struct config_key config_keys[];
extern const size_t config_n_keys;

/* The key at PATH, or SIZE_MAX. */
size_t key_find(struct slice path);

/* Whether any key lies in a group of that name. */
bool key_is_group(struct slice name);

/* The path, or the group, that was probably meant by PATH, which is neither;
 * empty where nothing is near. */
struct slice key_suggest(struct slice path);

/* Complain that TEXT is none of WORDS. */
void key_refuse_word(const struct key_place *place, struct slice text,
    const struct key_word *words);

/* True and the value, if TEXT is one of WORDS. */
bool key_find_word(const struct key_word *words, struct slice text,
    unsigned *value_out);

#endif
