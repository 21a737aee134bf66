/* base/arena.h - memory that dies together.
 *
 * One arena serves one connection or one message.  It has a ceiling in octets,
 * so that no input grows it without bound: past it every allocation fails, and
 * the arena remembers.  Not for use by two threads at once. */
#ifndef ASSAY_BASE_ARENA_H
#define ASSAY_BASE_ARENA_H

#include <stdatomic.h>

#include "base/slice.h"

struct arena;

/* What the arenas that are charged to it take together, in octets; any thread
 * may read.  Zeroed is right at the start. */
struct arena_account {
	atomic_size_t octets;
};

/* NULL where memory is out.  CEILING counts what is handed out, padding
 * included; it is allocated as it is needed. */
struct arena *arena_create(size_t ceiling);

/* Charge ARENA, which has handed out nothing yet, to ACCOUNT, which must
 * outlive it. */
void arena_charge(struct arena *arena, struct arena_account *account);

/* Run the cleanups (newest first), free all, set *ARENA to NULL. */
void arena_destroy(struct arena **arena);

/* Run the cleanups and make the arena as good as new; it keeps one chunk. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any object; NULL at the ceiling or out of memory.  The
 * second allocates N objects of SIZE and minds the overflow. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t n, size_t size);

/* Replace the N_OLD objects at OLD (NULL: none) by room for N_NEW of them, the
 * new ones zeroed; the old memory is not reused before the reset. */
void *arena_grow_array(struct arena *arena, const void *old, size_t n_old,
    size_t n_new, size_t size);

/* A copy that lives in the arena; false (and an empty slice) where full. */
bool arena_copy(struct arena *arena, struct slice s, struct slice *copy_out);

/* A NUL-terminated copy for a library, or NULL.  A NUL inside S ends the text
 * early for that library: the caller rules it out. */
char *arena_copy_cstr(struct arena *arena, struct slice s);

/* Have FN(OBJECT) called at reset or destroy: for library objects and counted
 * references.  Where the arena is full FN is called at once and false
 * returned, so that OBJECT is never leaked. */
bool arena_add_cleanup(struct arena *arena, void (*fn)(void *object),
    void *object);

/* Whether any allocation has failed since the last reset. */
bool arena_has_failed(const struct arena *arena);

/* Octets handed out since the last reset. */
size_t arena_used(const struct arena *arena);

#endif
