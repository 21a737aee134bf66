/* dns/unbound.c - see unbound.h.
 *
 * A session's thread puts its question into a queue and wakes the loop; the
 * loop's thread alone talks to libunbound, and answers.  A question is counted:
 * the loop holds one reference from the queue to the answer, the waiting thread
 * another, so whoever gives up first leaves nothing that the other could touch.
 * Each question has a timer of ours on the loop, for the library keeps no
 * deadline; the waiting thread minds the deadline itself, too, so that a loop
 * that stands still costs it no more.
 *
 * Only so many questions are on their way at once: the others wait in line on
 * the loop, each until its own deadline, and a prefetch does not.
 *
 * The library keeps a failure for 5 s and answers with it.  When nothing but
 * failures has come from outside for a while, such an answer says nothing, for
 * the outage may be over: then a fresh context asks anew. */
#include "dns/unbound.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unbound.h>
#include <unbound-event.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "dns/context.h"
#include "dns/metrics.h"
#include "dns/outage.h"
#include "dns/question.h"
#include "dns/resolver.h"

/* Known at a time, on their way, in line, and those of them prefetched; more
 * would be an attack or an outage, and each costs some KB. */
#define QUESTIONS_MAX 4096
#define PREFETCHES_MAX 1024

/* Of the time that a question may take: with less left none is sent out that
 * has waited in line, since its answer would most likely come too late. */
#define LEAST_SHARE 10

#define CLASS_IN 1
#define RCODE_SERVFAIL 2
#define RCODE_MASK 15		/* of a packet's octet 3 */
#define HEADER_OCTETS 12
#define SEC_BOGUS 1		/* of the callback's argument */
#define SEC_SECURE 2

#define PROBLEM_MAX 1024	/* octets */
#define PROBLEM_MEMORY_MAX 4096
#define SERVERS_MEMORY_MAX 65536

struct unbound {
	struct resolver resolver;
	struct event_base *base;	/* borrowed, as the log is */
	struct log *log;
	struct arena *arena;	/* owned; the options' servers */
	struct unbound_options options;
	pthread_condattr_t monotonic;

	/* The loop's own. */
	struct ub_ctx *ctx;
	struct question *asked;	/* on their way */
	unsigned n_asked;
	struct question *line, *line_end;	/* those that have no place */
	struct outage outage;	/* by what came from outside */
	bool is_asking_anew;
	struct dns_metrics *metrics;	/* borrowed, or NULL */
	struct log_limit failure_limit, renewal_limit;

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
join_line(struct unbound *unbound, struct question *q)
{
	q->is_in_line = true;
	q->next = NULL;
	q->previous = unbound->line_end;
	if (q->previous != NULL)
		q->previous->next = q;
	else
		unbound->line = q;
	unbound->line_end = q;
}

static void
leave_line(struct unbound *unbound, struct question *q)
{
	q->is_in_line = false;
	if (q->next != NULL)
		q->next->previous = q->previous;
	else
		unbound->line_end = q->previous;
	if (q->previous != NULL)
		q->previous->next = q->next;
	else
		unbound->line = q->next;
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
	if (q->done == NULL)
		q->answer = answer;
	q->is_done = true;
	unbound->n_questions--;
	if (q->is_prefetch)
		unbound->n_prefetches--;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&unbound->lock);
	if (q->done != NULL)
		q->done(q->context, answer);
	question_release(q);
}

/* By so many more of those that were asked. */
static void
count_in_flight(struct unbound *unbound, int n)
{
	if (unbound->metrics != NULL)
		atomic_fetch_add_explicit(&unbound->metrics->n_in_flight,
		    (unsigned)n, memory_order_relaxed);
}

static void
finish_asked(struct question *q, const struct dns_answer *answer)
{
	struct unbound *unbound = q->unbound;

	count_in_flight(unbound, -1);
	event_del(&q->timer);
	unlink_asked(unbound, q);
	unbound->n_asked--;
	/* Not at once: this may be one of the library's callbacks. */
	if (unbound->line != NULL)
		event_active(unbound->wake, EV_TIMEOUT, 0);
	finish_question(q, answer);
}

/* It has waited in line for all its time. */
static void
finish_in_line(struct question *q, const struct dns_answer *answer)
{
	event_del(&q->timer);
	leave_line(q->unbound, q);
	finish_question(q, answer);
}

/* That one domain's servers do not answer is no news, but it is all that an
 * outage of ours looks like. */
static void
log_failure(struct question *q, const char *why)
{
	log_write_limited(q->unbound->log, &q->unbound->failure_limit,
	    LOG_LEVEL_WARNING, "dns: %s for %s %s", why, q->escaped,
	    dns_type_name(q->type));
}

/* What the library has in its memory is no answer from outside. */
static void
count_answer(const struct question *q, enum dns_status status,
    bool has_timed_out)
{
	int64_t now_us;

	if (q->unbound->metrics == NULL || q->is_being_asked)
		return;
	now_us = clock_monotonic_us();
	dns_count_answer(q->unbound->metrics, slice_from_cstr(q->escaped),
	    status, has_timed_out, (uint64_t)(now_us - q->start_us),
	    now_us / 1000);
}

/* Where the time that was up is all that a question gets, it is the servers'
 * failure; a caller's deadline says nothing of them. */
static const struct dns_answer *
create_timeout(const struct question *q)
{
	return q->done != NULL ? dns_answer_create_dns_failure("timeout") :
	    &dns_answer_timeout;
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;

	(void)fd;
	(void)what;
	if (q->is_in_line) {
		finish_in_line(q, &dns_answer_no_place);
		return;
	}
	/* It can fail only by having no such question any more. */
	(void)ub_cancel(q->unbound->ctx, q->async_id);
	outage_note_failure(&q->unbound->outage);
	log_failure(q, "no answer in time");
	count_answer(q, DNS_TEMPFAIL, true);
	finish_asked(q, create_timeout(q));
}

static const char *
rcode_problem(int rcode)
{
	return rcode == RCODE_SERVFAIL ? "SERVFAIL" : "the resolver's failure";
}

/* Whether no server gave an answer.  What the library finds in its memory says
 * so in the packet only. */
static bool
is_failure(int rcode, const void *packet, int len)
{
	const unsigned char *octets = packet;

	return rcode != 0 || packet == NULL || len < HEADER_OCTETS ||
	    (octets[3] & RCODE_MASK) == RCODE_SERVFAIL;
}

/* Where RCODE is not 0 the packet is what another question left behind.  A
 * failure out of the library's memory is some seconds old: who keeps failures
 * for a while may not keep it for as long again, or an outage of a moment
 * would be remembered for the sum of both. */
static const struct dns_answer *
read_answer(const struct question *q, int rcode, const void *packet, int len,
    int sec)
{
	if (rcode != 0 || packet == NULL || len < 0)
		return dns_answer_create_dns_failure(rcode_problem(rcode));
	if (sec == SEC_BOGUS)
		return dns_answer_create_dns_failure("bogus");
	if (q->is_being_asked && is_failure(rcode, packet, len))
		return dns_answer_create_failure("SERVFAIL");
	return dns_answer_from_packet((struct slice){ packet, (size_t)len },
	    q->name, q->type, sec == SEC_SECURE);
}

/* A fresh context costs a millisecond, and all that the old one knew: a
 * forwarder still knows it, while from the root it would have to be learned
 * again, time after time by the slower servers. */
static bool
is_renewal_due(const struct unbound *unbound)
{
	return !unbound->is_asking_anew &&
	    outage_is_start_due(&unbound->outage, clock_monotonic_ms()) &&
	    !dns_context_is_recursive(&unbound->options);
}

/* What comes from within ub_resolve_event is no news: the library's memory. */
static void
count_failure(struct question *q, bool has_failed)
{
	if (q->is_being_asked)
		return;
	if (has_failed)
		outage_note_failure(&q->unbound->outage);
	else
		outage_note_answer(&q->unbound->outage, clock_monotonic_ms());
}

static void
on_answer(void *arg, int rcode, void *packet, int len, int sec,
    char *why_bogus, int was_ratelimited)
{
	struct question *q = arg;
	bool has_failed = is_failure(rcode, packet, len);
	const struct dns_answer *answer;

	(void)why_bogus;
	(void)was_ratelimited;
	count_failure(q, has_failed);
	if (has_failed && q->is_being_asked && is_renewal_due(q->unbound)) {
		q->is_stale = true;
		return;
	}
	answer = read_answer(q, rcode, packet, len, sec);
	if (answer->status == DNS_TEMPFAIL)
		log_failure(q, answer->why);
	count_answer(q, answer->status, false);
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

/* Q is linked, its timer runs.  The answer may come from within the call, and Q
 * be gone after it, but for the caller's reference. */
static void
resolve(struct question *q)
{
	struct unbound *unbound = q->unbound;
	int error;

	q->is_stale = false;
	q->is_being_asked = true;
	error = ub_resolve_event(unbound->ctx, q->escaped,
	    (int)q->type, CLASS_IN, q, on_answer, &q->async_id);
	q->is_being_asked = false;
	if (error != 0 && !q->is_done)
		finish_asked(q, dns_answer_create_failure(ub_strerror(error)));
}

/* Not from within one of the library's callbacks. */
static bool
renew_context(struct unbound *unbound)
{
	struct arena *arena = arena_create(PROBLEM_MEMORY_MAX);
	struct strbuf problem;
	struct ub_ctx *ctx;

	if (arena == NULL)
		return false;
	strbuf_init(&problem, arena, PROBLEM_MAX);
	ctx = dns_context_create(unbound->base, &unbound->options,
	    QUESTIONS_MAX, &problem);
	if (ctx == NULL)
		log_write_limited(unbound->log, &unbound->renewal_limit,
		    LOG_LEVEL_WARNING, "dns: %.*s",
		    SLICE_PRINTF(strbuf_slice(&problem)));
	arena_destroy(&arena);
	outage_note_start(&unbound->outage, clock_monotonic_ms());
	if (ctx == NULL)
		return false;
	/* Deleting a context answers what it was asked, unless cancelled. */
	for (struct question *q = unbound->asked; q != NULL; q = q->next)
		(void)ub_cancel(unbound->ctx, q->async_id);
	ub_ctx_delete(unbound->ctx);
	unbound->ctx = ctx;
	return true;
}

/* Ask again what the old context has not answered.  Whatever is called back
 * meanwhile was asked again already: the others are out of the list. */
static void
ask_all_again(struct unbound *unbound)
{
	struct question *old = unbound->asked;

	unbound->asked = NULL;
	while (old != NULL) {
		struct question *q = old;

		old = q->next;
		link_asked(unbound, q);
		question_retain(q);
		resolve(q);
		question_release(q);
	}
}

/* STALE is among those asked, the old context having answered with an old
 * failure. */
static void
ask_anew(struct unbound *unbound, struct question *stale)
{
	if (!renew_context(unbound)) {
		finish_asked(stale, dns_answer_create_dns_failure("SERVFAIL"));
		return;
	}
	unbound->is_asking_anew = true;
	ask_all_again(unbound);
	unbound->is_asking_anew = false;
}

/* Its timer runs. */
static void
send_out(struct unbound *unbound, struct question *q)
{
	link_asked(unbound, q);
	unbound->n_asked++;
	count_in_flight(unbound, 1);
	q->start_us = clock_monotonic_us();
	question_retain(q);
	resolve(q);
	if (q->is_stale)
		ask_anew(unbound, q);
	question_release(q);
}

static bool
has_place(const struct unbound *unbound)
{
	return unbound->n_asked < unbound->options.max_in_flight;
}

static void
ask(struct unbound *unbound, struct question *q)
{
	int64_t left_ms = q->deadline_ms - clock_monotonic_ms();
	bool may_go = unbound->line == NULL && has_place(unbound);

	if (left_ms <= 0)
		finish_question(q, &dns_answer_timeout);
	else if (!may_go && q->is_prefetch)
		finish_question(q, &dns_answer_no_place);
	else if (!start_timer(q, left_ms))
		finish_question(q, &dns_answer_no_memory);
	else if (may_go)
		send_out(unbound, q);
	else
		join_line(unbound, q);
}

static void
advance_line(struct unbound *unbound)
{
	while (unbound->line != NULL && has_place(unbound)) {
		struct question *q = unbound->line;

		if (q->deadline_ms - clock_monotonic_ms() <
		    unbound->options.timeout_ms / LEAST_SHARE) {
			finish_in_line(q, &dns_answer_no_place);
			continue;
		}
		leave_line(unbound, q);
		send_out(unbound, q);
	}
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
	advance_line(unbound);
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
		return dns_answer_no_place.why;
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
	*unbound->queue_end = question_retain(q);
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
	int64_t own = clock_monotonic_ms() + unbound->options.timeout_ms;

	return deadline_ms < own ? deadline_ms : own;
}

/* Under the lock, which is open while it waits. */
static const struct dns_answer *
wait_for_answer(struct unbound *unbound, struct question *q)
{
	struct timespec deadline;
	int error = 0;

	clock_to_timespec(q->deadline_ms, &deadline);
	while (!q->is_done && error == 0)
		error = pthread_cond_timedwait(&q->answered, &unbound->lock,
		    &deadline);
	return q->is_done ? dns_answer_retain(q->answer) : &dns_answer_timeout;
}

/* Ask and do not wait.  NULL, or why it cannot be asked. */
static const char *
send_off(struct unbound *unbound, struct question *q)
{
	const char *why = enter(unbound, q);

	if (why != NULL)
		return why;
	pthread_mutex_lock(&unbound->lock);
	leave(unbound);
	return NULL;
}

static void
start_unbound(struct resolver *resolver, struct slice name, enum dns_type type,
    bool is_prefetch,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context)
{
	struct unbound *unbound = (struct unbound *)resolver;
	struct question *q = question_create(unbound, name, type,
	    limit_deadline(unbound, CLOCK_NEVER_MS), is_prefetch,
	    &unbound->monotonic);
	const char *why;

	if (q == NULL) {
		done(context, &dns_answer_no_memory);
		return;
	}
	q->done = done;
	q->context = context;
	if ((why = send_off(unbound, q)) != NULL)
		done(context, dns_answer_create_failure(why));
	question_release(q);
}

/* One that finds no room is asked when its answer is wanted. */
static void
prefetch_unbound(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct unbound *unbound = (struct unbound *)resolver;
	struct question *q = question_create(unbound, name, type,
	    limit_deadline(unbound, CLOCK_NEVER_MS), true,
	    &unbound->monotonic);

	if (q == NULL)
		return;
	(void)send_off(unbound, q);
	question_release(q);
}

static const struct dns_answer *
query_in_time(struct unbound *unbound, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct question *q = question_create(unbound, name, type, deadline_ms,
	    false, &unbound->monotonic);
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
	question_release(q);
	return answer;
}

static const struct dns_answer *
query_unbound(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct unbound *unbound = (struct unbound *)resolver;

	if (deadline_ms == DNS_AT_HAND_MS)	/* that is for a cache */
		return &dns_answer_timeout;
	return query_in_time(unbound, name, type,
	    limit_deadline(unbound, deadline_ms));
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
	while (unbound->line != NULL)
		finish_in_line(unbound->line, create_last_answer());
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
	arena_destroy(&unbound->arena);
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
	.start = start_unbound,
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

/* The caller's strings may go; a fresh context needs them later. */
static bool
copy_options(struct unbound *unbound, const struct unbound_options *options)
{
	const char **servers;

	unbound->options = *options;
	if ((unbound->arena = arena_create(SERVERS_MEMORY_MAX)) == NULL ||
	    (servers = arena_alloc_array(unbound->arena, options->n_servers,
	    sizeof(*servers))) == NULL)
		return false;
	for (size_t i = 0; i < options->n_servers; i++)
		servers[i] = arena_copy_cstr(unbound->arena,
		    slice_from_cstr(options->servers[i]));
	unbound->options.servers = servers;
	if (options->trust_anchor_file != NULL)
		unbound->options.trust_anchor_file = arena_copy_cstr(
		    unbound->arena,
		    slice_from_cstr(options->trust_anchor_file));
	return !arena_has_failed(unbound->arena);
}

static bool
start(struct unbound *unbound, struct strbuf *problem)
{
	unbound->ctx = dns_context_create(unbound->base, &unbound->options,
	    QUESTIONS_MAX, problem);
	if (unbound->ctx == NULL)
		return false;
	unbound->wake = event_new(unbound->base, -1, EV_PERSIST, on_wake,
	    unbound);
	if (unbound->wake == NULL) {
		strbuf_append_cstr(problem, "no memory");
		return false;
	}
	/* So that the loop's thread is known before anybody asks on it. */
	event_active(unbound->wake, EV_TIMEOUT, 0);
	return true;
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
	unbound->queue_end = &unbound->queue;
	if (!copy_options(unbound, options)) {
		strbuf_append_cstr(problem, "no memory");
		free_unbound(unbound);
		return NULL;
	}
	if (!start(unbound, problem)) {
		free_unbound(unbound);
		return NULL;
	}
	log_write(log, LOG_LEVEL_DEBUG, "dns: libunbound %s is ready",
	    ub_version());
	return &unbound->resolver;
}

void
unbound_set_metrics(struct resolver *resolver, struct dns_metrics *metrics)
{
	((struct unbound *)resolver)->metrics = metrics;
}
