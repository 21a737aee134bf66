/* milter/service.c - see service.h. */
#include "milter/service.h"

/* libmilter knows one filter per process and hands its callbacks nothing but a
 * connection of which we know nothing yet: this is where they start from. */
static struct service the_service;

struct service *
service_get(void)
{
	return &the_service;
}

/* Count first and look then, as milter_close (milter.h) does it the other way round. */
bool
service_enter(struct service *service)
{
	atomic_fetch_add(&service->n_present, 1);
	if (!atomic_load(&service->is_closed))
		return true;
	service_leave(service);
	return false;
}

void
service_leave(struct service *service)
{
	atomic_fetch_sub(&service->n_present, 1);
}
