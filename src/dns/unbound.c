/* dns/unbound.c - see unbound.h.
 *
 * A session's thread puts its question into a queue and wakes the loop; the
 * loop's thread alone talks to libunbound, and answers.  A question is counted:
 * the loop holds one reference from the queue to the answer, the waiting thread
 * another, so whoever gives up first leaves nothing that the other could touch.
 * Each question has a timer of ours on the loop, for the library keeps no
 * deadline; the waiting thread minds the deadline itself, too, so that a loop
 * that stands still costs it no more. */
#include "dns/unbound.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unbound.h>
#include <unbound-event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "dns/context.h"
#include "dns/name.h"
#include "dns/resolver.h"

/* Under way at a time, the waiting and the prefetched; more than these would
 * be an attack or an outage, and each costs some KB. */
#define QUESTIONS_MAX 4096
#define PREFETCHES_MAX 1024

#define CLASS_IN 1
#define RCODE_SERVFAIL 2
#define SEC_BOGUS 1		/* of the callback's argument */
#define SEC_SECURE 2

struct question {
	struct unbound *unbound;
	/* In the queue, then among those asked (the loop's). */
	struct question *next, *previous;
	atomic_uint n_references;
	bool is_prefetch;
	enum dns_type type;
	int64_t deadline_ms;
	struct event timer;	/* the loop's */
	int async_id;		/* the loop's; 0 until known */
	bool is_done;		/* under the lock, as the answer is */
	const struct dns_answer *answer;
	pthread_cond_t answered;
	size_t name_len;	/* dns.h's form, which stands first */
	char text[];		/* then the escaped one, with a NUL */
};

struct unbound {
	struct resolver resolver;
	struct event_base *base;	/* borrowed, as the log is */
	struct log *log;
	int64_t timeout_ms;
	pthread_condattr_t monotonic;

	/* The loop's own. */
	struct ub_ctx *ctx;
	struct question *asked;
	struct log_limit failure_limit;

	struct event *wake;

	/* Guards all below, and the questions' answers.  Nothing is called
	 * under it but what takes no time. */
	pthread_mutex_t lock;
	pthread_cond_t left;	/* n_inside became 0 */
	struct question *queue, **queue_end;
	unsigned n_questions, n_prefetches;	/* queued or asked */
	unsigned n_inside;	/* threads within query or prefetch */
	bool is_closing;
	bool has_loop_thread;
	pthread_t loop_thread;
};

/* ---- questions ----------------------------------------------------------- */

static struct question *
create_question(struct unbound *unbound, struct slice name, enum dns_type type,
    int64_t deadline_ms, bool is_prefetch)
{
	char escaped[DNS_NAME_ESCAPED_MAX];
	struct dns_name parsed;
	struct question *q;
	size_t len;

	if (!dns_name_parse(name, &parsed))
		return NULL;
	len = dns_name_print(&parsed, escaped);
	if ((q = calloc(1, sizeof(*q) + name.len + len + 1)) == NULL)
		return NULL;
	if (pthread_cond_init(&q->answered, &unbound->monotonic) != 0) {
		free(q);
		return NULL;
	}
	q->unbound = unbound;
	q->type = type;
	q->deadline_ms = deadline_ms;
	q->is_prefetch = is_prefetch;
	atomic_init(&q->n_references, 1);
	memcpy(q->text, name.ptr, name.len);
	q->name_len = name.len;
	memcpy(q->text + name.len, escaped, len);
	return q;
}

static void
release_question(struct question *q)
{
	if (atomic_fetch_sub_explicit(&q->n_references, 1,
	    memory_order_acq_rel) != 1)
		return;
	dns_answer_release(q->answer);
	pthread_cond_destroy(&q->answered);
	free(q);
}

static struct question *
retain_question(struct question *q)
{
	atomic_fetch_add_explicit(&q->n_references, 1, memory_order_relaxed);
	return q;
}

static struct slice
question_name(const struct question *q)
{
	return (struct slice){ q->text, q->name_len };
}

static const char *
question_escaped(const struct question *q)
{
	return q->text + q->name_len;
}

/* ---- on the loop --------------------------------------------------------- */

static void
link_asked(struct unbound *unbound, struct question *q)
{
	q->previous = NULL;
	q->next = unbound->asked;
	if (q->next != NULL)
		q->next->previous = q;
	unbound->asked = q;
}

static void
unlink_asked(struct unbound *unbound, struct question *q)
{
	if (q->next != NULL)
		q->next->previous = q->previous;
	if (q->previous != NULL)
		q->previous->next = q->next;
	else
		unbound->asked = q->next;
}

/* Hand over the answer, whose reference is taken, and forget the question. */
static void
finish_question(struct question *q, const struct dns_answer *answer)
{
	struct unbound *unbound = q->unbound;

	pthread_mutex_lock(&unbound->lock);
	q->answer = answer;
	q->is_done = true;
	unbound->n_questions--;
	if (q->is_prefetch)
		unbound->n_prefetches--;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&unbound->lock);
	release_question(q);
}

static void
finish_asked(struct question *q, const struct dns_answer *answer)
{
	event_del(&q->timer);
	unlink_asked(q->unbound, q);
	finish_question(q, answer);
}

/* That one domain's servers do not answer is no news, but it is all that an
 * outage of ours looks like. */
static void
log_failure(struct question *q, const char *why)
{
	log_write_limited(q->unbound->log, &q->unbound->failure_limit,
	    LOG_LEVEL_WARNING, "dns: %s for %s %s", why, question_escaped(q),
	    dns_type_name(q->type));
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;

	(void)fd;
	(void)what;
	/* It can fail only by having no such question any more. */
	(void)ub_cancel(q->unbound->ctx, q->async_id);
	log_failure(q, "no answer in time");
	finish_asked(q, &dns_answer_timeout);
}

static const char *
rcode_problem(int rcode)
{
	return rcode == RCODE_SERVFAIL ? "SERVFAIL" : "the resolver's failure";
}

/* Where RCODE is not 0 the packet is what another question left behind. */
static const struct dns_answer *
read_answer(const struct question *q, int rcode, const void *packet, int len,
    int sec)
{
	if (rcode != 0 || packet == NULL || len < 0)
		return dns_answer_create_failure(rcode_problem(rcode));
	if (sec == SEC_BOGUS)
		return dns_answer_create_failure("bogus");
	return dns_answer_from_packet((struct slice){ packet, (size_t)len },
	    question_name(q), q->type, sec == SEC_SECURE);
}

/* Comes from within ub_resolve_event where the answer is at hand. */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int was_ratelimited)
{
	struct question *q = arg;
	const struct dns_answer *answer = read_answer(q, rcode, packet, len,
	    sec);

	(void)why_bogus;
	(void)was_ratelimited;
	if (answer->status == DNS_TEMPFAIL)
		log_failure(q, answer->why);
	finish_asked(q, answer);
}

static bool
start_timer(struct question *q, int64_t left_ms)
{
	struct timeval left = {
		.tv_sec = (time_t)(left_ms / 1000),
		.tv_usec = (suseconds_t)(left_ms % 1000 * 1000),
	};

	return event_assign(&q->timer, q->unbound->base, -1, 0, on_deadline,
	    q) == 0 && event_add(&q->timer, &left) == 0;
}

static void
ask(struct unbound *unbound, struct question *q)
{
	int64_t left_ms = q->deadline_ms - clock_monotonic_ms();
	int error;

	if (left_ms <= 0) {
		finish_question(q, &dns_answer_timeout);
		return;
	}
	if (!start_timer(q, left_ms)) {
		finish_question(q, &dns_answer_no_memory);
		return;
	}
	link_asked(unbound, q);
	retain_question(q);	/* the answer may come from within the call */
	error = ub_resolve_event(unbound->ctx, question_escaped(q),
	    (int)q->type, CLASS_IN, q, on_answer, &q->async_id);
	if (error != 0 && !q->is_done)
		finish_asked(q, dns_answer_create_failure(ub_strerror(error)));
	release_question(q);
}

static struct question *
take_queue(struct unbound *unbound)
{
	struct question *queue = unbound->queue;

	unbound->queue = NULL;
	unbound->queue_end = &unbound->queue;
	return queue;
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct unbound *unbound = arg;
	struct question *queue;

	(void)fd;
	(void)what;
	pthread_mutex_lock(&unbound->lock);
	unbound->loop_thread = pthread_self();
	unbound->has_loop_thread = true;
	queue = take_queue(unbound);
	pthread_mutex_unlock(&unbound->lock);
	while (queue != NULL) {
		struct question *q = queue;

		queue = q->next;
		ask(unbound, q);
	}
}

/* ---- on the sessions' threads -------------------------------------------- */

static bool
is_on_loop(const struct unbound *unbound)
{
	return unbound->has_loop_thread &&
	    pthread_equal(unbound->loop_thread, pthread_self());
}

/* NULL if one more question may come, or why not.  Under the lock. */
static const char *
check_room(const struct unbound *unbound, bool is_prefetch)
{
	if (unbound->is_closing)
		return "shutting down";
	if (unbound->n_questions >= QUESTIONS_MAX ||
	    (is_prefetch && unbound->n_prefetches >= PREFETCHES_MAX))
		return "too many questions";
	if (!is_prefetch && is_on_loop(unbound))
		return "asked on the loop's own thread";
	return NULL;
}

/* Into the queue with it, and wake the loop if it is the first; the loop takes
 * all that are there.  NULL, and leave() is to follow, or why not: then the
 * loop has no reference. */
static const char *
enter(struct unbound *unbound, struct question *q)
{
	bool is_first;
	const char *why;

	pthread_mutex_lock(&unbound->lock);
	if ((why = check_room(unbound, q->is_prefetch)) != NULL) {
		pthread_mutex_unlock(&unbound->lock);
		return why;
	}
	unbound->n_inside++;
	unbound->n_questions++;
	if (q->is_prefetch)
		unbound->n_prefetches++;
	is_first = unbound->queue == NULL;
	*unbound->queue_end = retain_question(q);
	unbound->queue_end = &q->next;
	pthread_mutex_unlock(&unbound->lock);
	if (is_first)
		event_active(unbound->wake, EV_TIMEOUT, 0);
	return NULL;
}

/* Under the lock, which it opens; the resolver may be gone then. */
static void
leave(struct unbound *unbound)
{
	if (--unbound->n_inside == 0)
		pthread_cond_signal(&unbound->left);
	pthread_mutex_unlock(&unbound->lock);
}

static int64_t
limit_deadline(const struct unbound *unbound, int64_t deadline_ms)
{
	int64_t own = clock_monotonic_ms() + unbound->timeout_ms;

	return deadline_ms < own ? deadline_ms : own;
}

static struct timespec
timespec_of_ms(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return (struct timespec){
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000 * 1000000),
	};
}

/* Under the lock, which is open while it waits. */
static const struct dns_answer *
wait_for_answer(struct unbound *unbound, struct question *q)
{
	struct timespec deadline = timespec_of_ms(q->deadline_ms);
	int error = 0;

	while (!q->is_done && error == 0)
		error = pthread_cond_timedwait(&q->answered, &unbound->lock,
		    &deadline);
	return q->is_done ? dns_answer_retain(q->answer) : &dns_answer_timeout;
}

static const struct dns_answer *
query_unbound(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct unbound *unbound = (struct unbound *)resolver;
	struct question *q = create_question(unbound, name, type,
	    limit_deadline(unbound, deadline_ms), false);
	const struct dns_answer *answer;
	const char *why;

	if (q == NULL)
		return &dns_answer_no_memory;
	if ((why = enter(unbound, q)) != NULL) {
		answer = dns_answer_create_failure(why);
	} else {
		pthread_mutex_lock(&unbound->lock);
		answer = wait_for_answer(unbound, q);
		leave(unbound);
	}
	release_question(q);
	return answer;
}

/* One that finds no room is asked when its answer is wanted. */
static void
prefetch_unbound(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct unbound *unbound = (struct unbound *)resolver;
	struct question *q = create_question(unbound, name, type,
	    limit_deadline(unbound, CLOCK_NEVER_MS), true);

	if (q == NULL)
		return;
	if (enter(unbound, q) == NULL) {
		pthread_mutex_lock(&unbound->lock);
		leave(unbound);
	}
	release_question(q);
}

/* ---- from beginning to end ----------------------------------------------- */

static const struct dns_answer *
create_last_answer(void)
{
	return dns_answer_create_failure("shutting down");
}

/* Whoever waits is sent home, and gone when this returns. */
static void
finish_all(struct unbound *unbound)
{
	struct question *queue;

	pthread_mutex_lock(&unbound->lock);
	unbound->is_closing = true;
	queue = take_queue(unbound);
	pthread_mutex_unlock(&unbound->lock);
	while (queue != NULL) {
		struct question *q = queue;

		queue = q->next;
		finish_question(q, create_last_answer());
	}
	while (unbound->asked != NULL) {
		(void)ub_cancel(unbound->ctx, unbound->asked->async_id);
		finish_asked(unbound->asked, create_last_answer());
	}
}

/* What unbound_create made, be it all or not. */
static void
free_unbound(struct unbound *unbound)
{
	if (unbound->wake != NULL)
		event_free(unbound->wake);
	if (unbound->ctx != NULL)
		ub_ctx_delete(unbound->ctx);
	pthread_condattr_destroy(&unbound->monotonic);
	pthread_cond_destroy(&unbound->left);
	pthread_mutex_destroy(&unbound->lock);
	free(unbound);
}

static void
destroy_unbound(struct resolver *resolver)
{
	struct unbound *unbound = (struct unbound *)resolver;

	finish_all(unbound);
	pthread_mutex_lock(&unbound->lock);
	while (unbound->n_inside != 0)
		pthread_cond_wait(&unbound->left, &unbound->lock);
	pthread_mutex_unlock(&unbound->lock);
	free_unbound(unbound);
}

static const struct resolver_ops unbound_ops = {
	.query = query_unbound,
	.prefetch = prefetch_unbound,
	.destroy = destroy_unbound,
};

/* NULL where the system has no more locks, or memory. */
static struct unbound *
create_unbound(void)
{
	struct unbound *unbound = calloc(1, sizeof(*unbound));

	if (unbound == NULL)
		return NULL;
	if (pthread_condattr_init(&unbound->monotonic) != 0)
		goto no_attributes;
	if (pthread_condattr_setclock(&unbound->monotonic,
	    CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&unbound->left, NULL) != 0)
		goto no_condition;
	if (pthread_mutex_init(&unbound->lock, NULL) == 0)
		return unbound;
	pthread_cond_destroy(&unbound->left);
no_condition:
	pthread_condattr_destroy(&unbound->monotonic);
no_attributes:
	free(unbound);
	return NULL;
}

struct resolver *
unbound_create(struct event_base *base, const struct unbound_options *options,
    struct log *log, struct strbuf *problem)
{
	struct unbound *unbound = create_unbound();

	if (unbound == NULL) {
		strbuf_append_cstr(problem, "no memory");
		return NULL;
	}
	unbound->resolver.ops = &unbound_ops;
	unbound->base = base;
	unbound->log = log;
	unbound->timeout_ms = options->timeout_ms;
	unbound->queue_end = &unbound->queue;
	unbound->ctx = dns_context_create(base, options, QUESTIONS_MAX,
	    problem);
	if (unbound->ctx == NULL) {
		free_unbound(unbound);
		return NULL;
	}
	unbound->wake = event_new(base, -1, EV_PERSIST, on_wake, unbound);
	if (unbound->wake == NULL) {
		strbuf_append_cstr(problem, "no memory");
		free_unbound(unbound);
		return NULL;
	}
	/* So that the loop's thread is known before anybody asks on it. */
	event_active(unbound->wake, EV_TIMEOUT, 0);
	log_write(log, LOG_LEVEL_DEBUG, "dns: libunbound %s is ready",
	    ub_version());
	return &unbound->resolver;
}
