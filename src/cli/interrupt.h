/* cli/interrupt.h - a run that can be asked to stop: what is under way is
 * finished first. */
#ifndef ASSAY_CLI_INTERRUPT_H
#define ASSAY_CLI_INTERRUPT_H

#include <signal.h>

/* From now on SIGINT and SIGTERM only make the flag true, and SIGPIPE does
 * nothing.  The flag is the process's. */
const volatile sig_atomic_t *interrupt_catch(void);

#endif
