/* base/heap_glibc.c - see heap.h.
 *
 * Left alone glibc learns from each large piece that is freed to take the next
 * one of up to 32 MB from the heap, of which every thread may have one, and to
 * keep twice that of each.  A threshold that is set ends that. */
#include "base/heap.h"

#include <malloc.h>

#define LARGE (1024 * 1024)	/* more than what mail takes in one piece */
#define KEPT (128 * 1024)	/* at the end of a heap: glibc's own figure */
#define MAX_HEAPS 4		/* it would be eight for each processor */

void
heap_release_large(void)
{
	/* Where they are refused all is as it was. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT);
}

void
heap_share(void)
{
	(void)mallopt(M_ARENA_MAX, MAX_HEAPS);	/* as above */
}

void
heap_trim(void)
{
	(void)malloc_trim(0);	/* tells whether there was anything */
}
