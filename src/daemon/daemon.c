/* daemon/daemon.c - see daemon.h.
 *
 * The order of the start: read the configuration; into the background, since
 * neither threads nor libunbound's context outlive a fork; files and the
 * socket, which may need root; give up root; with several workers, fork them;
 * then, in each of them, the loop, the resolver and threads.  Only then are we
 * ready, and only then does whoever started us stop waiting: so all trouble
 * reaches the terminal. */
#include "daemon/daemon.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "daemon/drain.h"
#include "daemon/hostname.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/loop.h"
#include "daemon/supervisor.h"
#include "daemon/version.h"
#include "dmarc/psl.h"
#include "dns/zone.h"
#include "report/writer.h"

/* A hundred problems, each shorter than 2 KB, in a buffer that doubles. */
#define PROBLEMS_CEILING ((size_t)1024 * 1024)
#define ARENA_CEILING (4 * PROBLEMS_CEILING)

/* How long the end waits for the store. */
#define WRITER_STOP_MS 5000

struct daemon {
	const struct daemon_options *options;	/* borrowed */
	int ready_fd;			/* our starter waits there; or -1 */
	struct arena *arena;
	struct strbuf problem;		/* what keeps us from starting */
	struct config *config;
	struct log *log;
	struct psl *psl;
	struct resolver *zone;		/* NULL: real DNS */
	struct event_base *base;
	struct resolver *resolver;	/* the zone, or what asks real DNS */
	struct throttle *throttle;
	struct loop *loop;
	struct report_writer *writer;	/* NULL: there is no store */
	struct milter_context context;	/* for all sessions */
};

/* ---- problems ------------------------------------------------------------ */

static void
print_slice(FILE *out, struct slice text)
{
	/* Nobody is left to tell when this cannot be written. */
	if (text.len != 0 && fwrite(text.ptr, 1, text.len, out) != text.len)
		clearerr(out);
}

/* On stderr in any case; to syslog too, which is where it is looked for when
 * nobody sees stderr. */
static void
tell_problem(struct daemon *d)
{
	struct slice text = strbuf_slice(&d->problem);

	if (d->log == NULL || !d->options->is_foreground)
		fprintf(stderr, "assayd: %.*s\n", SLICE_PRINTF(text));
	if (d->log != NULL)
		log_write(d->log, LOG_LEVEL_ERROR, "%.*s",
		    SLICE_PRINTF(text));
}

/* ---- the steps of the start ---------------------------------------------- */

static bool
create_arena(struct daemon *d)
{
	if ((d->arena = arena_create(ARENA_CEILING)) == NULL)
		return false;
	strbuf_init(&d->problem, d->arena, PROBLEMS_CEILING);
	return true;
}

/* Problems are printed as they are: each has file and line. */
static bool
load_config(struct daemon *d, const char *path)
{
	struct strbuf problems;

	strbuf_init(&problems, d->arena, PROBLEMS_CEILING);
	d->config = config_load(path, &problems);
	print_slice(stderr, strbuf_slice(&problems));
	return d->config != NULL;
}

static bool
create_log(struct daemon *d)
{
	d->log = log_create(d->options->is_foreground ? LOG_SINK_STDERR :
	    LOG_SINK_SYSLOG, d->config->log_level, "assayd",
	    d->config->log_facility);
	if (d->log == NULL) {
		strbuf_append_cstr(&d->problem, "memory is out");
		return false;
	}
	for (struct config_note *note = d->config->notes; note != NULL;
	    note = note->next)
		log_write(d->log, LOG_LEVEL_WARNING, "%s", note->text);
	return true;
}

static bool
create_loop(struct daemon *d)
{
	if (evthread_use_pthreads() == 0)
		d->base = event_base_new();
	if (d->base != NULL)
		d->loop = loop_create(d->base, d->log,
		    d->config->drain_s);
	if (d->loop != NULL)
		return true;
	strbuf_append_cstr(&d->problem, "there can be no event loop");
	return false;
}

static bool
load_zone(struct daemon *d)
{
	if (d->config->zone_file == NULL)
		return true;
	if ((d->zone = zone_create()) == NULL) {
		strbuf_append_cstr(&d->problem, "memory is out");
		return false;
	}
	return zone_load_file(d->zone, d->config->zone_file, &d->problem);
}

static bool
create_cache(struct daemon *d)
{
	struct resolver *cache = cache_create(d->resolver, &d->config->cache);

	if (cache == NULL) {
		strbuf_append_cstr(&d->problem, "memory is out");
		return false;
	}
	d->resolver = cache;
	loop_show_cache(d->loop, cache);
	return true;
}

static bool
create_resolver(struct daemon *d)
{
	if (d->zone != NULL) {
		d->resolver = d->zone;
		d->zone = NULL;
	} else {
		d->resolver = unbound_create(d->base, &d->config->resolver,
		    d->log, &d->problem);
		if (d->resolver == NULL || !create_cache(d))
			return false;
	}
	d->context.resolver = d->resolver;
	return true;
}

static bool
load_psl(struct daemon *d)
{
	const char *path = d->config->psl_file;

	if (d->config->inspect.dmarc.discovery != DMARC_DISCOVERY_PSL)
		return true;
	if ((d->psl = dmarc_psl_load(path)) == NULL) {
		strbuf_printf(&d->problem, "dmarc.org_domain = \"psl\": %s "
		    "cannot be read as a public suffix list",
		    path != NULL ? path : "the system's file");
		return false;
	}
	d->config->inspect.dmarc.psl = d->psl;
	return true;
}

static bool
create_throttle(struct daemon *d)
{
	d->throttle = throttle_create(&d->config->throttle);
	if (d->throttle == NULL)
		strbuf_append_cstr(&d->problem, "memory is out");
	d->context.inspect.throttle = d->throttle;
	return d->throttle != NULL;
}

/* Its thread begins with the store: what is wrong there keeps no mail back. */
static bool
start_writer(struct daemon *d)
{
	if (d->config->report.store[0] == '\0')
		return true;
	d->writer = report_start_writer(&d->config->report, d->log);
	if (d->writer == NULL) {
		strbuf_append_cstr(&d->problem, "there can be no writer for "
		    "the store: memory is out");
		return false;
	}
	d->context.writer = d->writer;
	d->context.policy.history = report_get_history(d->writer);
	loop_show_writer(d->loop, d->writer);
	return true;
}

static bool
open_milter(struct daemon *d)
{
	d->context = (struct milter_context){
		.milter = d->config->milter,
		.inspect = d->config->inspect,
		.policy = d->config->policy,
		.authserv_id = d->config->authserv_id,
		.hostname = hostname_find(d->arena),
		.report = &d->config->report,
		.log = d->log,
	};
	if (d->context.hostname == NULL) {
		strbuf_append_cstr(&d->problem, "memory is out");
		return false;
	}
	/* Whoever sees the socket may tell us to stop. */
	process_hold_signals();
	return milter_open(&d->context, &d->problem);
}

static bool
drop_privileges(struct daemon *d)
{
	if (!process_drop_privileges(d->config->user, &d->problem))
		return false;
	if (geteuid() == 0)
		log_write(d->log, LOG_LEVEL_WARNING, "running as root: write "
		    "user = \"assay\"; into the configuration");
	return true;
}

static bool
be_worker(struct daemon *d, const struct supervisor_place *place)
{
	milter_set_worker(place->number);
	if (loop_be_worker(d->loop, place->beat_ms, place->interval_us))
		return true;
	strbuf_append_cstr(&d->problem, "memory is out");
	return false;
}

static bool
start_threads(struct daemon *d)
{
	if (loop_start(d->loop))
		return true;
	strbuf_append_cstr(&d->problem, "there can be no thread");
	return false;
}

/* What all workers share: before anything that does not outlive a fork. */
static bool
prepare(struct daemon *d)
{
	return create_log(d) && load_zone(d) && load_psl(d) &&
	    open_milter(d) && drop_privileges(d);
}

/* What each process has for itself; PLACE is a worker's, or NULL. */
static bool
start(struct daemon *d, const struct supervisor_place *place)
{
	return create_loop(d) && (place == NULL || be_worker(d, place)) &&
	    create_resolver(d) && create_throttle(d) && start_writer(d) &&
	    start_threads(d);
}

/* What the sessions have brought is written, for a bounded time.  False where
 * that is still going on. */
static bool
stop_writer(struct daemon *d)
{
	return d->writer == NULL || report_stop_writer(d->writer,
	    clock_monotonic_ms() + WRITER_STOP_MS);
}

/* ---- running ------------------------------------------------------------- */

static void
tell_start(const struct daemon *d)
{
	const struct config *config = d->config;

	log_write(d->log, LOG_LEVEL_INFO, "started version=%s mode=%s "
	    "socket=%s authserv_id=%s hostname=%s workers=%u", version_text(),
	    config->policy.mode == POLICY_MODE_ENFORCE ? "enforce" : "monitor",
	    config->milter.socket,
	    config->authserv_id != NULL ? config->authserv_id : "(the MTA's)",
	    d->context.hostname, config->milter.workers);
}

static void
tell_ready(struct daemon *d)
{
	tell_start(d);
	if (d->ready_fd >= 0) {
		process_leave_terminal();
		process_tell_ready(d->ready_fd);
		d->ready_fd = -1;
	}
	notify_ready();
	notify_status("running");
}

/* Everything that uses it has ended. */
static void
destroy(struct daemon *d)
{
	if (!stop_writer(d))	/* its thread uses what is freed below */
		_exit(1);
	report_destroy_writer(&d->writer);
	if (d->resolver != NULL)
		dns_destroy_resolver(&d->resolver);
	if (d->zone != NULL)
		dns_destroy_resolver(&d->zone);
	loop_destroy(&d->loop);
	if (d->base != NULL)
		event_base_free(d->base);
	throttle_destroy(&d->throttle);
	dmarc_psl_free(&d->psl);
	log_destroy(&d->log);
	config_unload(&d->config);
	arena_destroy(&d->arena);
}

/* All in this process. */
static int
run_alone(struct daemon *d)
{
	int exit_status;
	bool is_over;

	if (!start(d, NULL)) {
		tell_problem(d);
		(void)milter_abandon(&d->problem);	/* as in supervise */
		return 1;
	}
	tell_ready(d);
	exit_status = loop_run(d->loop);
	is_over = stop_writer(d);
	log_write(d->log, LOG_LEVEL_INFO, "stopped");
	/* Sessions that are idle outlive libmilter's main function: with one
	 * of them open not even libcrypto may be taken down. */
	if (!loop_is_quiet(d->loop) || !is_over)
		_exit(exit_status);
	return exit_status;
}

/* A worker, in a process that ends when this returns. */
static int
work(void *arg, const struct supervisor_place *place)
{
	struct daemon *d = arg;
	int exit_status;

	if (d->ready_fd >= 0)	/* the supervisor's */
		close(d->ready_fd);
	if (!start(d, place)) {
		tell_problem(d);
		return 1;
	}
	if (d->ready_fd >= 0)
		process_leave_terminal();
	if (place->ready_fd >= 0)
		process_tell_ready(place->ready_fd);
	exit_status = loop_run(d->loop);
	(void)stop_writer(d);	/* it has had its time */
	return exit_status;
}

static int
supervise(struct daemon *d)
{
	const struct supervisor_options options = {
		.n_workers = d->config->milter.workers,
		.stop_ms = (int64_t)d->config->drain_s * 1000 + DRAIN_STOP_MS +
		    WRITER_STOP_MS,
		.haste_ms = DRAIN_STOP_MS + WRITER_STOP_MS,
		.log = d->log,
		.work = work, .arg = d,
	};
	struct supervisor *supervisor = supervisor_create(&options);
	int exit_status = 1;

	if (supervisor == NULL)
		log_write(d->log, LOG_LEVEL_ERROR, "memory is out");
	else if (supervisor_start(supervisor)) {
		tell_ready(d);
		exit_status = supervisor_run(supervisor);
		log_write(d->log, LOG_LEVEL_INFO, "stopped");
	}
	/* Where the folder is root's, and we are not, the file stays; the next
	 * start replaces it. */
	(void)milter_abandon(&d->problem);
	supervisor_destroy(&supervisor);
	return exit_status;
}

static int
run_process(struct daemon *d)
{
	int exit_status = 1;

	process_prepare();
	if (!prepare(d))
		tell_problem(d);
	else if (d->config->milter.workers == 1)
		exit_status = run_alone(d);
	else
		exit_status = supervise(d);
	destroy(d);
	return exit_status;
}

int
daemon_run(const struct daemon_options *options)
{
	struct daemon d = { .options = options, .ready_fd = -1 };
	int exit_status = 1;

	if (!create_arena(&d) || !load_config(&d, options->config_path)) {
		arena_destroy(&d.arena);
		return 1;
	}
	if (!options->is_foreground &&
	    !process_fork(&d.ready_fd, &exit_status)) {
		destroy(&d);
		return exit_status;
	}
	return run_process(&d);
}

int
daemon_test_config(const char *path)
{
	struct daemon d = { .options = NULL };
	bool is_good = create_arena(&d) && load_config(&d, path);

	if (is_good)
		for (struct config_note *note = d.config->notes; note != NULL;
		    note = note->next)
			puts(note->text);
	destroy(&d);
	return is_good ? 0 : 1;
}
