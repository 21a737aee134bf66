/* report/queue.c - see queue.h.
 *
 * Head and tail only grow; an octet's place is the number modulo capacity.
 * Where the taker finds the queue empty both begin anew, so that a writer that
 * keeps up leaves most of the ring untouched; what one that could not keep up
 * has filled goes back to the system. */
#include "report/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/thread.h"

#define KEEP_OCTETS ((size_t)256 * 1024)	/* of a ring, once touched */

struct head {			/* in front of each record */
	int64_t time_s;
	size_t octets;
	unsigned kind;
};

struct report_queue {
	char *ring;		/* owned */
	size_t capacity;
	pthread_mutex_t lock;	/* guards all below */
	pthread_cond_t is_wanted;	/* n_records has come to n_wanted */
	size_t head, tail, n_records;
	size_t n_wanted;	/* by the taker, who sleeps; 0: nobody does */
	bool is_closed;
};

struct report_queue *
report_create_queue(size_t capacity)
{
	struct report_queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->capacity = capacity;
	/* Not calloc: what is not touched is not there. */
	if ((queue->ring = malloc(capacity)) == NULL ||
	    !thread_init_wait(&queue->lock, &queue->is_wanted)) {
		free(queue->ring);
		free(queue);
		return NULL;
	}
	return queue;
}

void
report_destroy_queue(struct report_queue **queue)
{
	if (*queue == NULL)
		return;
	pthread_mutex_destroy(&(*queue)->lock);
	pthread_cond_destroy(&(*queue)->is_wanted);
	free((*queue)->ring);
	free(*queue);
	*queue = NULL;
}

/* ---- putting ------------------------------------------------------------- */

/* The part of N octets at PLACE that lies before the ring's end. */
static size_t
before_end(const struct report_queue *queue, size_t place, size_t n)
{
	size_t room = queue->capacity - place % queue->capacity;

	return n < room ? n : room;
}

static void
copy_in(struct report_queue *queue, const void *from, size_t n)
{
	size_t first = before_end(queue, queue->tail, n);

	if (n == 0)
		return;
	memcpy(queue->ring + queue->tail % queue->capacity, from, first);
	memcpy(queue->ring, (const char *)from + first, n - first);
	queue->tail += n;
}

static bool
put(struct report_queue *queue, const struct report_queued *record)
{
	struct head head;

	if (queue->is_closed || record->octets.len > queue->capacity ||
	    sizeof(head) + record->octets.len >
	    queue->capacity - (queue->tail - queue->head))
		return false;
	memset(&head, 0, sizeof(head));	/* and what lies between */
	head.time_s = record->time_s;
	head.octets = record->octets.len;
	head.kind = record->kind;
	copy_in(queue, &head, sizeof(head));
	copy_in(queue, record->octets.ptr, record->octets.len);
	queue->n_records++;
	return true;
}

bool
report_put(struct report_queue *queue, const struct report_queued *record)
{
	bool is_put, is_waited_for;

	pthread_mutex_lock(&queue->lock);
	is_put = put(queue, record);
	is_waited_for = queue->n_wanted != 0 &&
	    queue->n_records >= queue->n_wanted;
	if (is_waited_for)
		queue->n_wanted = 0;	/* it is called once */
	pthread_mutex_unlock(&queue->lock);
	if (is_waited_for)
		pthread_cond_signal(&queue->is_wanted);
	return is_put;
}

void
report_close_queue(struct report_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->is_closed = true;
	pthread_cond_signal(&queue->is_wanted);
	pthread_mutex_unlock(&queue->lock);
}

size_t
report_get_queued_octets(struct report_queue *queue)
{
	size_t n;

	pthread_mutex_lock(&queue->lock);
	n = queue->tail - queue->head;
	pthread_mutex_unlock(&queue->lock);
	return n;
}

/* ---- taking -------------------------------------------------------------- */

size_t
report_wait_for_records(struct report_queue *queue, size_t n_wanted,
    int64_t deadline_ms)
{
	struct timespec until;
	size_t n;

	clock_to_timespec(deadline_ms, &until);
	pthread_mutex_lock(&queue->lock);
	while (queue->n_records < n_wanted && !queue->is_closed) {
		queue->n_wanted = n_wanted;
		if (pthread_cond_timedwait(&queue->is_wanted, &queue->lock,
		    &until) != 0)
			break;
	}
	queue->n_wanted = 0;
	n = queue->n_records;
	pthread_mutex_unlock(&queue->lock);
	return n;
}

bool
report_is_queue_closed(struct report_queue *queue)
{
	bool is_closed;

	pthread_mutex_lock(&queue->lock);
	is_closed = queue->is_closed;
	pthread_mutex_unlock(&queue->lock);
	return is_closed;
}

static void
copy_out(const struct report_queue *queue, size_t place, void *to, size_t n)
{
	size_t first = before_end(queue, place, n);

	if (n == 0)
		return;
	memcpy(to, queue->ring + place % queue->capacity, first);
	memcpy((char *)to + first, queue->ring, n - first);
}

/* What lies behind head stays as it is until head moves, which only we do: the
 * copy needs no lock. */
static bool
read_record(const struct report_queue *queue, size_t place,
    struct arena *arena, struct report_queued *record)
{
	struct head head;
	char *octets;

	copy_out(queue, place, &head, sizeof(head));
	if ((octets = arena_alloc(arena, head.octets)) == NULL)
		return false;
	copy_out(queue, place + sizeof(head), octets, head.octets);
	record->kind = head.kind;
	record->time_s = head.time_s;
	record->octets = (struct slice){ octets, head.octets };
	return true;
}

/* The queue is empty; under its lock, and only the taker reads without. */
static void
begin_anew(struct report_queue *queue)
{
	char *ring = queue->tail > KEEP_OCTETS ? malloc(queue->capacity) :
	    NULL;

	if (ring != NULL) {
		free(queue->ring);
		queue->ring = ring;
	}
	queue->head = queue->tail = 0;
}

bool
report_take(struct report_queue *queue, struct arena *arena,
    struct report_queued *record_out)
{
	size_t place, n;

	*record_out = (struct report_queued){ .kind = 0 };
	pthread_mutex_lock(&queue->lock);
	place = queue->head;
	n = queue->n_records;
	pthread_mutex_unlock(&queue->lock);
	if (n == 0 || !read_record(queue, place, arena, record_out))
		return false;
	pthread_mutex_lock(&queue->lock);
	queue->head = place + sizeof(struct head) + record_out->octets.len;
	queue->n_records--;
	if (queue->n_records == 0)
		begin_anew(queue);
	pthread_mutex_unlock(&queue->lock);
	return true;
}
