/* daemon/part.h - something that several owners share: the last one to let go
 * of it destroys it. */
#ifndef ASSAY_DAEMON_PART_H
#define ASSAY_DAEMON_PART_H

#include <stdatomic.h>

struct part {
	void *object;			/* owned */
	void (*destroy)(void *object);
	atomic_uint n_users;
};

/* With one user.  NULL where memory is out: then OBJECT, which may be NULL, is
 * destroyed. */
struct part *part_create(void *object, void (*destroy)(void *object));

/* Any thread.  NULL is nobody's. */
struct part *part_retain(struct part *part);

/* Sets *PART to NULL.  What a part's DESTROY says of threads holds here. */
void part_release(struct part **part);

/* Its object; NULL of no part. */
void *part_object(const struct part *part);

#endif
