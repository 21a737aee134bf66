/* base/heap_glibc.c - see heap.h.
 *
 * Left alone glibc learns from each large piece that is freed to take the next
 * one of up to 32 MB from the heap, of which every thread may have one, and to
 * keep twice that of each.  A threshold that is set ends that. */
#include "base/heap.h"

#include <malloc.h>

#define LARGE (1024 * 1024)	/* more than what mail takes in one piece */

void
heap_release_large(void)
{
	/* Where they are refused all is as it was. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, 2 * LARGE);
}
