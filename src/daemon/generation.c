/* daemon/generation.c - see generation.h. */
#include "daemon/generation.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "config/config.h"
#include "config/fingerprint.h"
#include "daemon/log_setup.h"
#include "daemon/part.h"
#include "dns/zone.h"
#include "milter/milter.h"
#include "report/writer.h"

/* A writer that was replaced may take so long for one try of the store. */
#define WRITER_END_MS 5000
#define WAIT_MS 20

struct store_writer {
	struct report_writer *writer;
	struct part *config;		/* its options are in there */
	struct generation_maker *maker;	/* borrowed */
	bool is_stopped;
};

/* ---- parts --------------------------------------------------------------- */

static void
destroy_resolver(void *object)
{
	struct resolver *resolver = object;

	dns_destroy_resolver(&resolver);
}

static void
destroy_throttle(void *object)
{
	struct throttle *throttle = object;

	throttle_destroy(&throttle);
}

static void
free_writer(struct store_writer *w)
{
	report_destroy_writer(&w->writer);
	part_release(&w->config);
	free(w);
}

static void *
run_end(void *arg)
{
	struct store_writer *w = arg;
	struct generation_maker *maker = w->maker;

	/* At its deadline it gives up what it has, but not a call of the store
	 * that it is in. */
	while (!report_stop_writer(w->writer,
	    clock_monotonic_ms() + WRITER_END_MS))
		continue;
	free_writer(w);
	atomic_fetch_sub(&maker->n_ending, 1);
	return NULL;
}

static void
destroy_writer(void *object)
{
	struct store_writer *w = object;
	pthread_t thread;

	if (w->is_stopped) {
		free_writer(w);
		return;
	}
	atomic_fetch_add(&w->maker->n_ending, 1);
	if (thread_start_blocked(&thread, run_end, w)) {
		pthread_detach(thread);
		return;
	}
	/* It ends by itself, and nobody can wait for it. */
	log_write(w->maker->log, LOG_LEVEL_ERROR, "no more threads: what the "
	    "old store's writer has is left to it");
	(void)report_stop_writer(w->writer, clock_monotonic_ms());
}

/* ---- making it ----------------------------------------------------------- */

static bool
lacks_memory(struct strbuf *problem)
{
	strbuf_append_cstr(problem, "memory is out");
	return false;
}

static bool
is_same(const struct generation *a, const struct generation *b,
    struct slice group)
{
	return config_fingerprint(a->config, group) ==
	    config_fingerprint(b->config, group);
}

static bool
ask_dns(struct generation *gen, struct generation_maker *maker,
    struct strbuf *problem)
{
	struct resolver *asking = unbound_create(maker->base,
	    &gen->config->resolver, maker->log, problem), *cache;

	if (asking == NULL)
		return false;
	unbound_set_metrics(asking, maker->dns_metrics);
	if ((cache = cache_create(asking, &gen->config->cache)) == NULL) {
		dns_destroy_resolver(&asking);
		return lacks_memory(problem);
	}
	cache_set_metrics(cache, maker->dns_metrics);
	gen->resolver = part_create(cache, destroy_resolver);
	gen->cache = part_object(gen->resolver);
	return gen->resolver != NULL || lacks_memory(problem);
}

static struct generation_file
look_at_file(const char *path)
{
	struct stat status;

	if (path == NULL || stat(path, &status) != 0)
		return (struct generation_file){ .inode = 0 };
	return (struct generation_file){
		.inode = (uint64_t)status.st_ino,
		.octets = (uint64_t)status.st_size,
		.changed_s = (int64_t)status.st_mtim.tv_sec,
		.changed_ns = (int64_t)status.st_mtim.tv_nsec,
	};
}

static bool
is_same_file(const struct generation_file *a, const struct generation_file *b)
{
	return a->inode == b->inode && a->octets == b->octets &&
	    a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

static void
look_at_files(struct generation *gen)
{
	const struct unbound_options *options = &gen->config->resolver;

	gen->servers_file = look_at_file(options->n_servers == 0 ?
	    DNS_RESOLV_CONF : NULL);
	gen->anchor_file = look_at_file(options->trust_anchor_file);
}

static bool
is_same_resolver(const struct generation *gen,
    const struct generation *before)
{
	return before->cache != NULL &&
	    is_same(gen, before, SLICE("resolver")) &&
	    is_same(gen, before, SLICE("limits.dns_in_flight")) &&
	    is_same_file(&gen->servers_file, &before->servers_file) &&
	    is_same_file(&gen->anchor_file, &before->anchor_file);
}

static bool
make_resolver(struct generation *gen, struct generation_maker *maker,
    const struct generation *before, struct strbuf *problem)
{
	if (gen->draft.zone != NULL) {
		gen->resolver = part_retain(gen->draft.zone);
		return true;
	}
	look_at_files(gen);
	if (before == NULL || !is_same_resolver(gen, before))
		return ask_dns(gen, maker, problem);
	gen->resolver = part_retain(before->resolver);
	gen->cache = before->cache;
	return true;
}

static bool
make_throttle(struct generation *gen, const struct generation *before,
    struct strbuf *problem)
{
	const struct throttle_options *options = &gen->config->throttle;

	if (before != NULL &&
	    options->per_second == before->config->throttle.per_second &&
	    options->burst == before->config->throttle.burst)
		gen->throttle = part_retain(before->throttle);
	else
		gen->throttle = part_create(throttle_create(options),
		    destroy_throttle);
	return gen->throttle != NULL || lacks_memory(problem);
}

static struct store_writer *
start_writer(struct generation *gen, struct generation_maker *maker)
{
	struct store_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->maker = maker;
	w->writer = report_start_writer(&gen->config->report, maker->log);
	if (w->writer == NULL) {
		free(w);
		return NULL;
	}
	w->config = part_retain(gen->draft.config);
	return w;
}

/* What the writer itself looks at; the messages have the options of their own
 * generation. */
static bool
is_same_writer(const struct generation *gen, const struct generation *before)
{
	return is_same(gen, before, SLICE("store")) &&
	    is_same(gen, before, SLICE("report.keep_days")) &&
	    is_same(gen, before, SLICE("report.failure.enabled"));
}

/* Its thread begins with the store: what is wrong there keeps no mail back. */
static bool
make_writer(struct generation *gen, struct generation_maker *maker,
    const struct generation *before, struct strbuf *problem)
{
	if (gen->config->report.store[0] == '\0')
		return true;
	if (before != NULL && before->writer != NULL &&
	    is_same_writer(gen, before))
		gen->writer = part_retain(before->writer);
	else
		gen->writer = part_create(start_writer(gen, maker),
		    destroy_writer);
	if (gen->writer != NULL)
		return true;
	strbuf_append_cstr(problem, "there can be no writer for the store: "
	    "memory is out");
	return false;
}

static void
fill_context(struct generation *gen, const struct generation_maker *maker)
{
	struct report_writer *writer = generation_writer(gen);

	gen->context = (struct milter_context){
		.milter = maker->milter,
		.limits = gen->config->milter_limits,
		.inspect = gen->config->inspect,
		.policy = gen->config->policy,
		.authserv_id = gen->config->authserv_id,
		.hostname = maker->hostname,
		.resolver = part_object(gen->resolver),
		.log = maker->log,
		.report = &gen->config->report,
		.writer = writer,
	};
	gen->context.inspect.dmarc.psl = part_object(gen->draft.psl);
	gen->context.inspect.throttle = part_object(gen->throttle);
	if (writer != NULL)
		gen->context.policy.history = report_get_history(writer);
}

struct generation *
generation_create(struct generation_maker *maker, const struct draft *draft,
    const struct generation *before, struct strbuf *problem)
{
	struct generation *gen = calloc(1, sizeof(*gen));

	if (gen == NULL) {
		lacks_memory(problem);
		return NULL;
	}
	gen->draft = draft_share(draft);
	gen->config = draft_config(draft);
	if (log_setup_choose(gen->config, maker->is_foreground, &gen->log,
	    problem) &&
	    make_resolver(gen, maker, before, problem) &&
	    make_throttle(gen, before, problem) &&
	    make_writer(gen, maker, before, problem))
		fill_context(gen, maker);
	else
		generation_destroy(&gen);
	return gen;
}

/* ---- and its end --------------------------------------------------------- */

bool
generation_is_used(const struct generation *generation)
{
	return milter_is_context_used(&generation->context);
}

void
generation_destroy(struct generation **generation)
{
	struct generation *gen = *generation;

	*generation = NULL;
	if (gen == NULL)
		return;
	part_release(&gen->writer);
	part_release(&gen->resolver);
	part_release(&gen->throttle);
	draft_discard(&gen->draft);
	free(gen);
}

bool
generation_await_writers(const struct generation_maker *maker,
    int64_t deadline_ms)
{
	const struct timespec moment = { .tv_nsec = WAIT_MS * 1000000 };

	while (atomic_load(&maker->n_ending) != 0 &&
	    clock_monotonic_ms() < deadline_ms)
		nanosleep(&moment, NULL);
	return atomic_load(&maker->n_ending) == 0;
}

bool
generation_stop_writer(struct generation *generation, int64_t deadline_ms)
{
	struct store_writer *w = part_object(generation->writer);

	if (w == NULL)
		return true;
	w->is_stopped = report_stop_writer(w->writer, deadline_ms);
	return w->is_stopped;
}

struct report_writer *
generation_writer(const struct generation *generation)
{
	const struct store_writer *w = part_object(generation->writer);

	return w != NULL ? w->writer : NULL;
}
