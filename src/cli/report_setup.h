/* cli/report_setup.h - what the subcommands of "assay report" begin with.  Each
 * of these tells on stderr what went wrong, in a line, and gives the exit
 * status for it: 0, or one of sysexits(3). */
#ifndef ASSAY_CLI_REPORT_SETUP_H
#define ASSAY_CLI_REPORT_SETUP_H

#include "report/store.h"

struct arena;
struct config;
struct psl;
struct report_sender;

/* The store that the configuration names.  *STORE_OUT is NULL unless 0. */
int report_setup_open_store(const struct config *config,
    struct store **store_out);

/* What STORE says of a call that gave STATUS; 0 and silence for STORE_OK. */
int report_setup_tell_store(const struct store *store,
    enum store_status status);

/* Load the public suffix list into CONFIG, where it says that one is used;
 * *PSL_OUT, or NULL.  Release with dmarc_psl_free. */
int report_setup_load_psl(struct config *config, struct psl **psl_out);

/* What bounces of its reports are known by. */
int report_setup_read_secret(struct store *store,
    struct report_sender *sender);

/* Whom reports come from.  Lives in ARENA, borrows CONFIG.  EX_CONFIG where
 * report.from is not set: nothing is sent then. */
int report_setup_make_sender(const struct config *config, struct arena *arena,
    struct report_sender *sender_out);

#endif
