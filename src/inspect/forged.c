/* inspect/forged.c - see forged.h.
 *
 * Nothing of a field is kept but its place, so that fields far beyond what the
 * header may hold are found too: an MTA delivers them all. */
#include "inspect/forged.h"

#include "authres/authres.h"
#include "base/arena.h"

#define FIRST_CAPACITY 8

void
forged_init(struct forged_fields *forged, struct arena *arena,
    struct slice authserv_id)
{
	*forged = (struct forged_fields){ .arena = arena,
		.authserv_id = authserv_id };
}

static bool
append_place(struct forged_fields *forged, unsigned place)
{
	if (forged->n_places == FORGED_MAX_FIELDS) {
		forged->has_overflowed = true;
		return true;
	}
	if (forged->n_places == forged->capacity) {
		size_t capacity = forged->capacity == 0 ? FIRST_CAPACITY :
		    2 * forged->capacity;
		unsigned *places = arena_grow_array(forged->arena,
		    forged->places, forged->n_places, capacity,
		    sizeof(*places));

		if (places == NULL)
			return false;
		forged->places = places;
		forged->capacity = capacity;
	}
	forged->places[forged->n_places++] = place;
	return true;
}

bool
forged_note_field(struct forged_fields *forged, struct slice name,
    struct slice value)
{
	if (!slice_eq_nocase(name, SLICE("Authentication-Results")))
		return true;
	forged->n_seen++;
	return !authres_claims_id(value, forged->authserv_id) ||
	    append_place(forged, forged->n_seen);
}
