/* daemon/version.h - which assay this is, and what it is linked with. */
#ifndef ASSAY_DAEMON_VERSION_H
#define ASSAY_DAEMON_VERSION_H

#include <stdio.h>

const char *version_text(void);		/* "0.1.0" */

/* Our version, and those of the libraries that are loaded now. */
void version_print(FILE *out);

#endif
