/* daemon/hostname.c - see hostname.h.
 *
 * getaddrinfo(3) keeps no deadline: with a dead name server it may take half a
 * minute.  So it is asked in a thread, which is left to itself when it takes
 * too long. */
#include "daemon/hostname.h"

#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "mail/domain.h"

#define PATIENCE_S 3

/* Shared by the asking thread and whoever waits; the last one frees it. */
struct question {
	pthread_mutex_t lock;	/* guards all below */
	pthread_cond_t answered;
	char name[HOST_NAME_MAX + 1];	/* constant */
	char *canonical;	/* owned; NULL: not found */
	bool is_over, is_abandoned;
};

static void
free_question(struct question *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->answered);
	free(q->canonical);
	free(q);
}

static char *
ask(const char *name)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char *canonical = NULL;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return NULL;
	if (list->ai_canonname != NULL)
		canonical = strdup(list->ai_canonname);
	freeaddrinfo(list);
	return canonical;
}

static void *
run_question(void *arg)
{
	struct question *q = arg;
	char *canonical = ask(q->name);
	bool is_abandoned;

	pthread_mutex_lock(&q->lock);
	q->canonical = canonical;
	q->is_over = true;
	is_abandoned = q->is_abandoned;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&q->lock);
	if (is_abandoned)
		free_question(q);
	return NULL;
}

/* True once the answer is there, false when patience is at its end; then the
 * question is the thread's. */
static bool
wait_for_answer(struct question *q)
{
	struct timespec until;
	bool is_over;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&q->lock);
	while (!q->is_over && error == 0)
		error = pthread_cond_timedwait(&q->answered, &q->lock, &until);
	is_over = q->is_over;
	q->is_abandoned = !is_over;
	pthread_mutex_unlock(&q->lock);
	return is_over;
}

static struct question *
create_question(const char *name)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->answered, NULL);
	memcpy(q->name, name, strlen(name) + 1);
	return q;
}

/* NAME with its domain, in the arena; empty where that is not known. */
static struct slice
find_canonical(struct arena *arena, const char *name)
{
	struct question *q = create_question(name);
	struct slice canonical = SLICE_EMPTY;
	pthread_t thread;

	if (q == NULL)
		return SLICE_EMPTY;
	if (pthread_create(&thread, NULL, run_question, q) != 0) {
		free_question(q);
		return SLICE_EMPTY;
	}
	if (!wait_for_answer(q)) {
		pthread_detach(thread);
		return SLICE_EMPTY;
	}
	pthread_join(thread, NULL);
	if (!domain_normalize(arena, slice_from_cstr(q->canonical),
	    &canonical) || domain_count_labels(canonical) < 2)
		canonical = SLICE_EMPTY;
	free_question(q);
	return canonical;
}

const char *
hostname_find(struct arena *arena)
{
	char name[HOST_NAME_MAX + 1];
	struct slice found;

	/* A name that was cut need not be terminated. */
	if (gethostname(name, sizeof(name)) != 0)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	if (!domain_normalize(arena, slice_from_cstr(name), &found))
		found = SLICE("localhost");
	if (domain_count_labels(found) < 2) {
		struct slice canonical = find_canonical(arena, name);

		if (canonical.len != 0)
			found = canonical;
	}
	return arena_copy_cstr(arena, found);
}
