/* config/key.h - a key's value on its way to where it is set. */
#ifndef ASSAY_CONFIG_KEY_H
#define ASSAY_CONFIG_KEY_H

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

/* Complain that TEXT is none of WORDS. */
void key_refuse_word(const struct key_place *place, struct slice text,
    const struct key_word *words);

/* True and the value, if TEXT is one of WORDS. */
bool key_find_word(const struct key_word *words, struct slice text,
    unsigned *value_out);

#endif
