/* inspect/forged.h - which Authentication-Results fields of a message claim to
 * be ours (RFC 8601 5), by their place among all fields of that name. */
#ifndef ASSAY_INSPECT_FORGED_H
#define ASSAY_INSPECT_FORGED_H

#include "base/slice.h"

struct arena;

/* Forged fields remembered.  Each deletion costs an MTA a walk over the header
 * (Postfix: 4000 took it a second), and no honest message has so many. */
#define FORGED_MAX_FIELDS 1000

struct forged_fields {
	struct arena *arena;	/* borrowed; the list lives in it */
	struct slice authserv_id;	/* ours; borrowed */
	unsigned n_seen;	/* fields of that name so far */
	unsigned *places;	/* of the forged ones, from 1, ascending */
	size_t n_places, capacity;
	bool has_overflowed;	/* there were more than may be */
};

void forged_init(struct forged_fields *forged, struct arena *arena,
    struct slice authserv_id);

/* The next field of the header; other names are let pass.  False where memory
 * is out. */
bool forged_note_field(struct forged_fields *forged, struct slice name,
    struct slice value);

#endif
