/* milter/libmilter.h - libmilter's interface, and how to hand it our text. */
#ifndef ASSAY_MILTER_LIBMILTER_H
#define ASSAY_MILTER_LIBMILTER_H

#include <stdbool.h>	/* before mfapi.h, which makes a bool of its own */
#include <stdint.h>

#include <libmilter/mfapi.h>

/* libmilter takes char * for what it only reads or copies. */
static inline char *
libmilter_text(const char *text)
{
	return (char *)(uintptr_t)text;
}

#endif
