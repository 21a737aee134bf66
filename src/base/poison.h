/* base/poison.h - tell AddressSanitizer which memory may not be touched; does
 * nothing in other builds. */
#ifndef ASSAY_BASE_POISON_H
#define ASSAY_BASE_POISON_H

#include <stddef.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POISON_ENABLED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define POISON_ENABLED 1
#endif

#ifdef POISON_ENABLED
#include <sanitizer/asan_interface.h>
#define POISON_GAP ((size_t)16)	/* octets left poisoned behind an object */

static inline void
poison_set(void *mem, size_t size)
{
	__asan_poison_memory_region(mem, size);
}

static inline void
poison_clear(void *mem, size_t size)
{
	__asan_unpoison_memory_region(mem, size);
}
#else
#define POISON_GAP ((size_t)0)

static inline void
poison_set(void *mem, size_t size)
{
	(void)mem;
	(void)size;
}

static inline void
poison_clear(void *mem, size_t size)
{
	(void)mem;
	(void)size;
}
#endif

#endif
