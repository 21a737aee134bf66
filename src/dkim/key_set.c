/* dkim/key_set.c - see key_set.h. */
#include "dkim/key_set.h"

#include <stdlib.h>

#include "base/arena.h"

static void
destroy_set(struct dns_attachment *attachment)
{
	struct dkim_key_set *set = (struct dkim_key_set *)attachment;

	for (size_t i = 0; i < set->n_keys; i++)
		dkim_public_key_free(set->keys[i].public_key);
	free(set);
}

static void
destroy_own_set(void *object)
{
	destroy_set(object);
}

/* ARENA is for what is not kept.  Sizes that somebody may not want are still
 * made: what is costly is to verify with them. */
static void
make_key(struct arena *arena, struct slice text, struct dkim_key *key)
{
	key->parse_reason = dkim_parse_key_record(arena, text, &key->record);
	if (key->parse_reason != DKIM_REASON_NONE)
		return;
	key->is_revoked = key->record.octets.len == 0;
	if (!key->is_revoked && key->record.has_known_type)
		key->make_reason = dkim_public_key_create(key->record.type,
		    key->record.octets, 0, DKIM_MAX_RSA_BITS,
		    &key->public_key, &key->bits);
	key->record.octets = SLICE_EMPTY;
}

/* What failed for want of memory may go better next time. */
static bool
is_final(const struct dkim_key *key)
{
	return key->parse_reason != DKIM_REASON_INTERNAL &&
	    key->make_reason != DKIM_REASON_INTERNAL;
}

static struct dkim_key_set *
create_set(struct arena *arena, const struct dns_answer *answer,
    bool *is_final_out)
{
	size_t n = answer->n_records < DKIM_MAX_KEY_RECORDS ?
	    answer->n_records : DKIM_MAX_KEY_RECORDS;
	size_t octets = sizeof(struct dkim_key_set) +
	    n * sizeof(struct dkim_key);
	struct dkim_key_set *set = calloc(1, octets);

	*is_final_out = true;
	if (set == NULL)
		return NULL;
	set->attachment.destroy = destroy_set;
	set->n_keys = n;
	for (size_t i = 0; i < n; i++) {
		make_key(arena, answer->records[i].text, &set->keys[i]);
		octets += dkim_public_key_octets(set->keys[i].public_key);
		*is_final_out &= is_final(&set->keys[i]);
	}
	set->attachment.octets = octets;
	return set;
}

const struct dkim_key_set *
dkim_get_key_set(struct arena *arena, const struct dns_answer *answer)
{
	const struct dns_attachment *attached = dns_get_attachment(answer,
	    destroy_set);
	struct dkim_key_set *set;
	bool is_worth_keeping;

	if (attached != NULL)
		return (const struct dkim_key_set *)attached;
	set = create_set(arena, answer, &is_worth_keeping);
	if (set == NULL)
		return NULL;
	if (is_worth_keeping && dns_attach(answer, &set->attachment))
		return set;
	/* This message's alone; another thread may have been faster. */
	return arena_add_cleanup(arena, destroy_own_set, set) ? set : NULL;
}

enum dkim_reason
dkim_key_usability(const struct dkim_key *key, unsigned min_rsa_bits,
    unsigned max_rsa_bits)
{
	if (key->bits > max_rsa_bits)
		return DKIM_REASON_KEY_TOO_LONG;
	if (key->make_reason != DKIM_REASON_KEY_TOO_LONG && key->bits != 0 &&
	    key->bits < min_rsa_bits)
		return DKIM_REASON_KEY_TOO_SHORT;
	return key->make_reason;
}
