/* suites/yaml.h - a YAML file as a tree of maps, lists and scalars. */
#ifndef ASSAY_TESTS_SUITES_YAML_H
#define ASSAY_TESTS_SUITES_YAML_H

#include "base/slice.h"

struct arena;

enum yaml_kind {
	YAML_KIND_SCALAR,
	YAML_KIND_LIST,
	YAML_KIND_MAP,
};

struct yaml_value {
	enum yaml_kind kind;
	unsigned line;		/* where it begins, from 1 */
	struct slice text;	/* of a scalar; any octets */
	size_t n;		/* members of a list or a map */
	const struct yaml_value **keys;	/* of a map, in the file's order */
	const struct yaml_value **items;
};

/* The file's documents as one list, in the arena.  PATH is below the source
 * folder.  Fails the test where it cannot be read or is not YAML. */
const struct yaml_value *yaml_load(struct arena *arena, const char *path);

/* These take NULL, and what is of another kind, for empty. */

/* What the map has under KEY, or NULL; the first where a key is there twice,
 * which a published suite has. */
const struct yaml_value *yaml_get(const struct yaml_value *map,
    const char *key);

/* The scalar's text. */
struct slice yaml_text(const struct yaml_value *value);

/* The text of the scalar under KEY. */
struct slice yaml_get_text(const struct yaml_value *map, const char *key);

/* Whether a scalar equals TEXT, or a list holds one that does. */
bool yaml_allows(const struct yaml_value *value, struct slice text);

#endif
