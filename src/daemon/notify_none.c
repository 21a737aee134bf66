/* daemon/notify_none.c - see notify.h; there is no service manager to tell. */
#include "daemon/notify.h"

void
notify_ready(void)
{
}

void
notify_stopping(void)
{
}

void
notify_reloading(void)
{
}

void
notify_status(const char *text)
{
	(void)text;
}

void
notify_forget(void)
{
}

uint64_t
notify_watchdog_us(void)
{
	return 0;
}

void
notify_alive(void)
{
}
