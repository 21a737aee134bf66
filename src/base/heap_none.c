/* base/heap_none.c - see heap.h: of a C library that gives no choice. */
#include "base/heap.h"

void
heap_release_large(void)
{
}

void
heap_share(void)
{
}

void
heap_trim(void)
{
}
