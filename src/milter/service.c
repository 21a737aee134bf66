/* milter/service.c - see service.h. */
#include "milter/service.h"

/* libmilter knows one filter per process and hands its callbacks nothing but a
 * connection of which we know nothing yet: this is where they start from. */
static struct service the_service = {
	.context_lock = PTHREAD_MUTEX_INITIALIZER,
	.listener_fd = -1,
	.metrics = &the_service.own_metrics,
};

struct service *
service_get(void)
{
	return &the_service;
}

/* Counted under the lock: whoever replaces it and takes the lock in between
 * then sees all who will ever use the old one. */
struct milter_context *
service_retain_context(struct service *service)
{
	struct milter_context *context;

	pthread_mutex_lock(&service->context_lock);
	context = service->context;
	atomic_fetch_add(&context->n_users, 1);
	pthread_mutex_unlock(&service->context_lock);
	return context;
}

void
service_release_context(struct milter_context *context)
{
	atomic_fetch_sub(&context->n_users, 1);
}

/* Count first and look then, as milter_close (milter.h) does it the other way
 * round. */
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
