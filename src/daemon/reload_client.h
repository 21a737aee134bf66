/* daemon/reload_client.h - the control process has its supervisor read the
 * configuration anew.  All calls are the loop's thread's. */
#ifndef ASSAY_DAEMON_RELOAD_CLIENT_H
#define ASSAY_DAEMON_RELOAD_CLIENT_H

#include "control/host.h"

struct event_base;
struct reload_board;
struct reload_client;

/* BOARD is borrowed.  NULL where memory is out. */
struct reload_client *reload_client_create(struct event_base *base,
    struct reload_board *board);
void reload_client_destroy(struct reload_client **client);

/* struct control_host's reload. */
void reload_client_ask(void *client, void (*done)(void *context,
    enum control_reload result, struct slice lines), void *context);

#endif
