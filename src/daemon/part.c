/* daemon/part.c - see part.h. */
#include "daemon/part.h"

#include <stdlib.h>

struct part *
part_create(void *object, void (*destroy)(void *object))
{
	struct part *part = object != NULL ? malloc(sizeof(*part)) : NULL;

	if (part == NULL) {
		if (object != NULL)
			destroy(object);
		return NULL;
	}
	*part = (struct part){ .object = object, .destroy = destroy };
	atomic_init(&part->n_users, 1);
	return part;
}

struct part *
part_retain(struct part *part)
{
	if (part != NULL)
		atomic_fetch_add(&part->n_users, 1);
	return part;
}

void
part_release(struct part **part)
{
	struct part *old = *part;

	*part = NULL;
	if (old == NULL || atomic_fetch_sub(&old->n_users, 1) != 1)
		return;
	old->destroy(old->object);
	free(old);
}

void *
part_object(const struct part *part)
{
	return part != NULL ? part->object : NULL;
}
