/* daemon/notify.h - what the service manager is told (sd_notify(3));
 * notify_systemd.c does it, notify_none.c does nothing. */
#ifndef ASSAY_DAEMON_NOTIFY_H
#define ASSAY_DAEMON_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_stopping(void);

/* The configuration is read anew; notify_ready tells that it was. */
void notify_reloading(void);

/* One line for "systemctl status". */
void notify_status(const char *text);

/* In a process that was forked: nothing of this is for it. */
void notify_forget(void);

/* How often it wants to hear that we live, at least, in microseconds; 0 for
 * never. */
uint64_t notify_watchdog_us(void);
void notify_alive(void);

#endif
