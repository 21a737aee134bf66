/* daemon/notify_systemd.c - see notify.h.  Where no service manager listens
 * libsystemd does nothing; where it cannot be reached it finds out by itself:
 * so the results are not looked at. */
#include "daemon/notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

void
notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void
notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void
notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_monotonic_us());
}

void
notify_status(const char *text)
{
	(void)sd_notifyf(0, "STATUS=%s", text);
}

void
notify_forget(void)
{
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
}

uint64_t
notify_watchdog_us(void)
{
	uint64_t interval_us;

	return sd_watchdog_enabled(0, &interval_us) > 0 ? interval_us : 0;
}

void
notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
