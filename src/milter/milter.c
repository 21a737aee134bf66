/* milter/milter.c - see milter.h. */
#include "milter/milter.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "dkim/hash.h"
#include "milter/callbacks.h"
#include "milter/libmilter.h"
#include "milter/listener.h"
#include "milter/service.h"
#include "milter/starved.h"

/* The largest packet that libmilter takes: a header field of this size, as the
 * MTA may be configured to let in (Postfix: header_size_limit, 102400). */
#define MAX_PACKET_OCTETS ((size_t)4 * 1024 * 1024)

bool
milter_open(struct milter_context *context, struct strbuf *problem)
{
	struct service *service = service_get();

	service->context = context;
	service->log = context->log;
	service->hostname = context->hostname;
	service->listener = context->milter;
	service->sha256 = dkim_sha256_create();
	service->start_s = clock_wall_s();
	atomic_store(&service->day, service->start_s / CLOCK_DAY_S);
	if (smfi_register(callbacks_describe()) != MI_SUCCESS) {
		strbuf_append_cstr(problem, "libmilter refuses to work with "
		    "this program: it is of another version");
		return false;
	}
	(void)smfi_setmaxdatasize(MAX_PACKET_OCTETS);	/* gives the old one */
	if (smfi_setbacklog((int)context->milter.backlog) != MI_SUCCESS) {
		strbuf_append_cstr(problem, "libmilter refuses the backlog");
		return false;
	}
	return listener_open(&context->milter, &service->listener_fd, problem);
}

void
milter_set_worker(unsigned number)
{
	service_get()->worker = number;
}

bool
milter_abandon(struct strbuf *problem)
{
	struct service *service = service_get();

	milter_leave_socket();
	return listener_remove(&service->listener, problem);
}

void
milter_leave_socket(void)
{
	struct service *service = service_get();

	if (service->listener_fd >= 0)
		close(service->listener_fd);
	service->listener_fd = -1;
}

void
milter_set_context(struct milter_context *context)
{
	struct service *service = service_get();

	pthread_mutex_lock(&service->context_lock);
	service->context = context;
	pthread_mutex_unlock(&service->context_lock);
}

bool
milter_is_context_used(const struct milter_context *context)
{
	return atomic_load(&context->n_users) != 0;
}

struct milter_context *
milter_retain_context(void)
{
	return service_retain_context(service_get());
}

void
milter_release_context(struct milter_context *context)
{
	service_release_context(context);
}

void
milter_set_metrics(struct milter_metrics *metrics)
{
	milter_begin_metrics(metrics);
	service_get()->metrics = metrics;
}

const struct dkim_sha256 *
milter_get_sha256(void)
{
	return service_get()->sha256;
}

/* libmilter waits for SIGHUP, SIGTERM and SIGINT in a thread of its own, and
 * ends for them without a thought for open messages.  The kernel offers a
 * signal to the main thread first, but to that one where the main thread is
 * about to take another; valgrind offers it to either.  libmilter is the only
 * one here to call sigwait, and this keeps it waiting for good. */
__attribute__((visibility("default")))
int
sigwait(const sigset_t *restrict set, int *restrict signal_out)
{
	(void)set;
	(void)signal_out;
	for (;;)
		pause();
}

bool
milter_run(void)
{
	if (!starved_prepare())
		log_write(service_get()->log, LOG_LEVEL_WARNING,
		    "there is no thread to make others when they are short");
	return smfi_main() == MI_SUCCESS;
}

void
milter_begin_drain(void)
{
	atomic_store(&service_get()->is_draining, true);
}

void
milter_append_limits(struct strbuf *text)
{
	limit_append_counters(text, &service_get()->metrics->limits);
}

unsigned
milter_count_open_messages(void)
{
	return atomic_load(&service_get()->n_open);
}

void
milter_stop(void)
{
	/* It only sets a flag and waits; there is no way to fail. */
	(void)smfi_stop();
}

bool
milter_close(void)
{
	struct service *service = service_get();

	atomic_store(&service->is_closed, true);
	if (atomic_load(&service->n_present) != 0)
		return false;
	dkim_sha256_destroy(&service->sha256);
	return true;
}

void
milter_get_library_version(unsigned *major, unsigned *minor, unsigned *patch)
{
	*major = *minor = *patch = 0;
	/* It fails only without a place to put them. */
	(void)smfi_version(major, minor, patch);
}
