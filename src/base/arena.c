/* base/arena.c - see arena.h.
 *
 * A list of chunks, each twice the size of the last up to CHUNK_MAX; what does
 * not fit in a chunk of that size gets one of its own.  An arena that may hold
 * little begins with little: thousands of idle connections have one each.
 * Under AddressSanitizer what is not handed out is poisoned, and allocations
 * are kept apart, so that an overrun within a chunk is seen as one of malloc's
 * would be. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/poison.h"

#define CHUNK_MIN ((size_t)512)
#define FIRST_CHUNK_MAX ((size_t)16384)	/* a usual message's */
#define FIRST_CHUNK_SHARE 16	/* of the ceiling, within these bounds */
#define CHUNK_MAX ((size_t)65536)
#define ALIGNMENT (alignof(max_align_t))

struct chunk {
	struct chunk *next;	/* older */
	size_t size, used;	/* of data, octets */
	alignas(max_align_t) char data[];
};

struct cleanup {
	struct cleanup *next;	/* older; run after this one */
	void (*fn)(void *object);
	void *object;
};

struct arena {
	struct chunk *chunks;	/* newest first; owned */
	struct cleanup *cleanups;	/* in the chunks */
	size_t ceiling, used;
	struct arena_account *account;	/* borrowed; NULL: nobody counts */
	bool has_failed;
};

struct arena *
arena_create(size_t ceiling)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL)
		arena->ceiling = ceiling;
	return arena;
}

void
arena_charge(struct arena *arena, struct arena_account *account)
{
	arena->account = account;
}

static size_t
chunk_octets(const struct chunk *chunk)
{
	return sizeof(*chunk) + chunk->size;
}

static void
free_chunk(const struct arena *arena, struct chunk *chunk)
{
	if (arena->account != NULL)
		atomic_fetch_sub_explicit(&arena->account->octets,
		    chunk_octets(chunk), memory_order_relaxed);
	poison_clear(chunk->data, chunk->size);
	free(chunk);
}

static void
run_cleanups(struct arena *arena)
{
	/* A cleanup's own record stays in place until the chunks go. */
	for (struct cleanup *c = arena->cleanups; c != NULL; c = c->next)
		c->fn(c->object);
	arena->cleanups = NULL;
}

void
arena_reset(struct arena *arena)
{
	struct chunk *keep = NULL;

	run_cleanups(arena);
	while (arena->chunks != NULL) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (keep == NULL && chunk->size <= CHUNK_MAX)
			keep = chunk;
		else
			free_chunk(arena, chunk);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
		poison_set(keep->data, keep->size);
	}
	arena->chunks = keep;
	arena->used = 0;
	arena->has_failed = false;
}

void
arena_destroy(struct arena **arena)
{
	if (*arena == NULL)
		return;
	run_cleanups(*arena);
	while ((*arena)->chunks != NULL) {
		struct chunk *chunk = (*arena)->chunks;

		(*arena)->chunks = chunk->next;
		free_chunk(*arena, chunk);
	}
	free(*arena);
	*arena = NULL;
}

static size_t
next_chunk_size(const struct arena *arena)
{
	size_t first = arena->ceiling / FIRST_CHUNK_SHARE;

	if (arena->chunks != NULL)
		return arena->chunks->size < CHUNK_MAX / 2 ?
		    arena->chunks->size * 2 : CHUNK_MAX;
	if (first < CHUNK_MIN)
		return CHUNK_MIN;
	return first < FIRST_CHUNK_MAX ? first : FIRST_CHUNK_MAX;
}

static struct chunk *
add_chunk(struct arena *arena, size_t needed)
{
	size_t size = next_chunk_size(arena);
	struct chunk *chunk;

	if (size < needed)
		size = needed;
	if ((chunk = malloc(sizeof(*chunk) + size)) == NULL)
		return NULL;
	chunk->size = size;
	chunk->used = 0;
	poison_set(chunk->data, size);
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	if (arena->account != NULL)
		atomic_fetch_add_explicit(&arena->account->octets,
		    chunk_octets(chunk), memory_order_relaxed);
	return chunk;
}

/* As it comes from malloc. */
static void *
take(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size_t room;
	void *mem;

	if (size > arena->ceiling)	/* before the sum below can overflow */
		goto full;
	room = (size + POISON_GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (room > arena->ceiling - arena->used)
		goto full;
	if ((chunk == NULL || room > chunk->size - chunk->used) &&
	    (chunk = add_chunk(arena, room)) == NULL)
		goto full;
	mem = chunk->data + chunk->used;
	chunk->used += room;
	arena->used += room;
	poison_clear(mem, size);
	return mem;
full:
	arena->has_failed = true;
	return NULL;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	void *mem = take(arena, size);

	return mem != NULL ? memset(mem, 0, size) : NULL;
}

void *
arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		arena->has_failed = true;
		return NULL;
	}
	return arena_alloc(arena, n * size);
}

void *
arena_grow_array(struct arena *arena, const void *old, size_t n_old,
    size_t n_new, size_t size)
{
	void *mem = arena_alloc_array(arena, n_new, size);

	if (mem != NULL && old != NULL && n_old != 0)
		memcpy(mem, old, n_old * size);
	return mem;
}

bool
arena_copy(struct arena *arena, struct slice s, struct slice *copy_out)
{
	char *mem;

	*copy_out = SLICE_EMPTY;
	if (s.len == 0)
		return true;
	if ((mem = take(arena, s.len)) == NULL)
		return false;
	memcpy(mem, s.ptr, s.len);
	*copy_out = (struct slice){ mem, s.len };
	return true;
}

char *
arena_copy_cstr(struct arena *arena, struct slice s)
{
	char *mem = s.len < SIZE_MAX ? arena_alloc(arena, s.len + 1) : NULL;

	if (mem != NULL && s.len != 0)
		memcpy(mem, s.ptr, s.len);
	return mem;
}

bool
arena_add_cleanup(struct arena *arena, void (*fn)(void *object), void *object)
{
	struct cleanup *c = arena_alloc(arena, sizeof(*c));

	if (c == NULL) {
		fn(object);
		return false;
	}
	*c = (struct cleanup){ arena->cleanups, fn, object };
	arena->cleanups = c;
	return true;
}

bool
arena_has_failed(const struct arena *arena)
{
	return arena->has_failed;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
