/* base/heap.h - how the C library keeps memory that was freed. */
#ifndef ASSAY_BASE_HEAP_H
#define ASSAY_BASE_HEAP_H

/* Have large pieces be the system's again as soon as they are freed, from now
 * on, in the whole process; where the library has a choice.  For processes that
 * take much now and then, and live for years. */
void heap_release_large(void);

/* Have threads share a few heaps, where the library gives them many, each of
 * which keeps what its busiest moment needed.  Before any thread. */
void heap_share(void);

/* Give back what nobody uses, wherever it lies, as an outage leaves it.  Takes
 * about a millisecond. */
void heap_trim(void);

#endif
