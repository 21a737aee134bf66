/* config/problems.h - what is wrong with a configuration, as lines for the
 * postmaster: "FILE:LINE: what and what to write instead". */
#ifndef ASSAY_CONFIG_PROBLEMS_H
#define ASSAY_CONFIG_PROBLEMS_H

#include "base/slice.h"

struct arena;
struct strbuf;

struct config_note {
	struct config_note *next;
	const char *text;	/* "FILE:LINE: what" */
};

#define CONFIG_MAX_PROBLEMS 100	/* told; then one line says there are more */

struct config_problems {
	const char *file;		/* borrowed */
	struct strbuf *lines;		/* the caller's */
	struct arena *arena;		/* notes and shown text live here */
	struct config_note **last_note;	/* where the next one goes */
	unsigned n;			/* of problems, left out ones too */
};

/* One line; past CONFIG_MAX_PROBLEMS they are only counted. */
void problems_add(struct config_problems *problems, unsigned line,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A warning: nothing is refused for it. */
void problems_note(struct config_problems *problems, unsigned line,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Text from the file as it may be shown: escaped, and cut where long. */
const char *problems_show(struct config_problems *problems, struct slice text);

#endif
