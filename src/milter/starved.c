/* milter/starved.c - see starved.h. */
#include "milter/starved.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/slice.h"
#include "base/thread.h"
#include "milter/service.h"

/* Sessions that wait for a thread; more wait in the socket's backlog. */
#define WAITING_MAX ((size_t)4096)
#define PAUSE_MS 50

struct waiting {
	void *(*run)(void *);
	void *arg;
};

/* libmilter hands nothing through: see service.c. */
static struct starved {
	struct waiting *ring;	/* owned; NULL until it is prepared */
	pthread_t thread;	/* makes the threads that others could not */
	struct log_limit thread_limit, descriptor_limit;

	pthread_mutex_t lock;	/* guards all below */
	pthread_cond_t has_come;
	size_t first, n;
} the_starved;

static void
pause_shortly(void)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000 };

	(void)nanosleep(&pause, NULL);	/* nobody minds a shorter one */
}

static struct waiting
wait_for_first(struct starved *starved)
{
	struct waiting first;

	pthread_mutex_lock(&starved->lock);
	while (starved->n == 0)
		pthread_cond_wait(&starved->has_come, &starved->lock);
	first = starved->ring[starved->first];
	starved->first = (starved->first + 1) % WAITING_MAX;
	starved->n--;
	pthread_mutex_unlock(&starved->lock);
	return first;
}

static void *
run_starter(void *arg)
{
	struct starved *starved = arg;

	for (;;) {
		struct waiting first = wait_for_first(starved);
		pthread_t thread;

		while (pthread_create(&thread, NULL, first.run, first.arg) !=
		    0)
			pause_shortly();
	}
	return NULL;
}

bool
starved_prepare(void)
{
	struct starved *starved = &the_starved;

	if (starved->ring != NULL)
		return true;
	if (!thread_init_wait(&starved->lock, &starved->has_come))
		return false;
	starved->ring = calloc(WAITING_MAX, sizeof(*starved->ring));
	if (starved->ring != NULL && thread_start_blocked(&starved->thread,
	    run_starter, starved))
		return true;
	free(starved->ring);
	starved->ring = NULL;
	return false;
}

/* The file that ADDRESS was loaded from, by where it begins; or NULL. */
static const void *
find_object(void *address)
{
	Dl_info info;

	return address != NULL && dladdr(address, &info) != 0 ?
	    info.dli_fbase : NULL;
}

static bool
is_libmilters(void *(*run)(void *))
{
	const void *object = find_object(dlsym(RTLD_DEFAULT, "smfi_main"));

	return object != NULL && object == find_object((void *)(uintptr_t)run);
}

static bool
append(struct starved *starved, void *(*run)(void *), void *arg)
{
	bool has_room;

	pthread_mutex_lock(&starved->lock);
	has_room = starved->n < WAITING_MAX;
	if (has_room) {
		starved->ring[(starved->first + starved->n++) % WAITING_MAX] =
		    (struct waiting){ run, arg };
		pthread_cond_signal(&starved->has_come);
	}
	pthread_mutex_unlock(&starved->lock);
	return has_room;
}

bool
starved_start_later(void *(*run)(void *), void *arg)
{
	struct starved *starved = &the_starved;

	if (starved->ring == NULL ||
	    pthread_equal(starved->thread, pthread_self()) ||
	    !is_libmilters(run) || !append(starved, run, arg))
		return false;
	log_write_limited(service_get()->log, &starved->thread_limit,
	    LOG_LEVEL_ERROR, "there can be no more threads: a session waits "
	    "for one");
	return true;
}

void
starved_pause(int error)
{
	if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
	    error != ENOMEM)
		return;
	log_write_limited(service_get()->log,
	    &the_starved.descriptor_limit, LOG_LEVEL_ERROR, "a connection "
	    "cannot be accepted and waits: %s", strerror(error));
	pause_shortly();
}
