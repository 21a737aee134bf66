/* report/store_configuration.c - a text and its number (store_state.h).
 *
 * A number is remembered together with the last day that the database knows it
 * was used on; pruning goes by that day.  So what is remembered here holds for
 * every row that is written by it. */
#include <openssl/evp.h>
#include <string.h>

#include "report/store_state.h"

static const char select_configuration[] =
    "SELECT id, last_day FROM configuration WHERE digest = $1";
static const char insert_configuration[] =
    "INSERT INTO configuration (digest, text, last_day) VALUES ($1, $2, $3)"
    " ON CONFLICT (digest) DO UPDATE SET last_day = excluded.last_day"
    " WHERE configuration.last_day < excluded.last_day";

static struct store_configuration *
find_place(struct store *store, const unsigned char *digest)
{
	return &store->configurations[(digest[0] << 8 | digest[1]) %
	    STORE_CONFIGURATIONS_MAX];
}

/* In the database, as it is or with a later day. */
static enum store_status
look_up(struct store *store, const unsigned char *digest, struct slice text,
    uint32_t day, struct store_configuration *found)
{
	const struct sql_value values[] = {
		sql_octets(digest, STORE_SHA256_OCTETS), sql_text(text),
		sql_number(day),
	};
	int64_t numbers[2];
	enum store_status status = sql_get_numbers(store->sql,
	    select_configuration, values, 1, numbers, 2);

	if (status == STORE_OK && (numbers[0] == 0 || numbers[1] < day)) {
		status = sql_run(store->sql, insert_configuration, values,
		    N_ELEMENTS(values), NULL);
		if (status == STORE_OK)
			status = sql_get_numbers(store->sql,
			    select_configuration, values, 1, numbers, 2);
	}
	memcpy(found->digest, digest, STORE_SHA256_OCTETS);
	found->id = numbers[0];
	found->last_day = (uint32_t)numbers[1];
	return status;
}

enum store_status
store_number_configuration(struct store *store, struct slice text,
    uint32_t day, int64_t *id_out)
{
	unsigned char digest[STORE_SHA256_OCTETS];
	struct store_configuration *place, found;
	enum store_status status;

	*id_out = 0;
	if (text.len == 0)
		return STORE_OK;
	if (EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return store_fail_memory(store);
	place = find_place(store, digest);
	if (place->id == 0 || place->last_day < day ||
	    memcmp(place->digest, digest, sizeof(digest)) != 0) {
		status = look_up(store, digest, text, day, &found);
		if (status != STORE_OK)
			return status;
		*place = found;
		store->has_configurations = true;
	}
	*id_out = place->id;
	return STORE_OK;
}
