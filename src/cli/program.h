/* cli/program.h - what another program says. */
#ifndef ASSAY_CLI_PROGRAM_H
#define ASSAY_CLI_PROGRAM_H

#include "base/slice.h"

struct arena;

#define PROGRAM_MAX_OCTETS ((size_t)1024 * 1024)

/* Run ARGV[0], looked for in PATH and in the sbin directories, without a shell,
 * its input empty, its stderr ours.  *OUTPUT_OUT, in ARENA, is what it wrote on
 * stdout, cut at PROGRAM_MAX_OCTETS.  Its exit status, or -1 where it could not
 * be run or died.  Blocks until it ends. */
int program_run(struct arena *arena, char *const *argv,
    struct slice *output_out);

#endif
