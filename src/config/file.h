/* config/file.h - a whole file in memory. */
#ifndef ASSAY_CONFIG_FILE_H
#define ASSAY_CONFIG_FILE_H

#include "base/slice.h"

struct strbuf;

#define FILE_MAX_OCTETS ((size_t)1024 * 1024)

/* All that FD gives.  False, and why as one sentence behind what WHY holds,
 * where it cannot be read or is larger than FILE_MAX_OCTETS.  Release with
 * file_free. */
bool file_read(int fd, struct slice *text_out, struct strbuf *why);
void file_free(struct slice text);

#endif
