/* config/fingerprint.c - see fingerprint.h. */
#include "config/fingerprint.h"

#include "base/siphash.h"
#include "config/keys.h"
#include "config/settings.h"
#include "config/value.h"

/* What was hashed so far is the key under which the next is. */
static void
add_text(uint64_t *hash, struct slice text)
{
	const struct siphash_key key = { *hash, text.len };

	*hash = siphash(&key, text);
}

static void
add_number(uint64_t *hash, uint64_t number)
{
	add_text(hash, (struct slice){ (const char *)&number,
	    sizeof(number) });
}

/* A list that has a default other than none differs from it, if it is set. */
static void
add_items(uint64_t *hash, const struct config_key *key,
    const struct config_value *value)
{
	add_number(hash, key->unset != NULL && value->is_set);
	add_number(hash, value->n);
	for (size_t i = 0; i < value->n; i++) {
		add_text(hash, value->items[i].name);
		add_text(hash, value->items[i].text);
	}
}

static void
add_key(uint64_t *hash, size_t index, const struct config *config)
{
	const struct config_key *key = &config_keys[index];
	const struct config_value *value = &config->values[index];
	const void *place = (const char *)config + key->offset;

	switch (key->type) {
	case KEY_BOOL:
		add_number(hash, *(const bool *)place);
		break;
	case KEY_NUMBER:
		add_number(hash, *(const unsigned *)place);
		break;
	case KEY_SIZE:
		add_number(hash, *(const size_t *)place);
		break;
	case KEY_WORD:
	case KEY_TEXT:
		add_text(hash, value->is_set ? value->text :
		    slice_from_cstr(key->unset));
		break;
	case KEY_LIST:
	case KEY_GROUPS:
		add_items(hash, key, value);
		break;
	}
}

static bool
is_within(struct slice path, struct slice group)
{
	return group.len == 0 || (slice_starts_with(path, group) &&
	    (path.len == group.len || path.ptr[group.len] == '.'));
}

uint64_t
config_fingerprint(const struct config *config, struct slice group)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < config_n_keys; i++)
		if (is_within(slice_from_cstr(config_keys[i].path), group)) {
			add_number(&hash, i);
			add_key(&hash, i, config);
		}
	return hash;
}
