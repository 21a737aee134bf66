/* config/descriptors.h - the limits that a process's open files set. */
#ifndef ASSAY_CONFIG_DESCRIPTORS_H
#define ASSAY_CONFIG_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

struct config;

/* Left to all else: sockets that listen, the store, the log, files that are
 * read, those who speak with the daemon (control/stream.h,
 * control/http_peers.h), and connections that are turned away. */
#define DESCRIPTORS_RESERVE 240

/* Sessions where the configuration names no number: no mail host has more, and
 * each costs some memory. */
#define DESCRIPTORS_MAX_SESSIONS 20000

/* As many as a process may open here: the hard limit, to which assayd raises
 * its own. */
uint64_t descriptors_find_max(void);

/* Set the sessions, or have their number fit into MAX files beside all else.
 * False where it did not: there are fewer of them now. */
bool descriptors_fit(struct config *config, uint64_t max);

#endif
