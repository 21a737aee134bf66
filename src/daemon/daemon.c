/* daemon/daemon.c - see daemon.h.
 *
 * The order of the start: read the configuration; into the background, since
 * neither threads nor libunbound's context outlive a fork; files and the
 * sockets, which may need root; give up root; with several workers, fork them;
 * then, in each of them, the loop, the resolver and threads (engine.c).  Only
 * then are we ready, and only then does whoever started us stop waiting: so all
 * trouble reaches the terminal. */
#include "daemon/daemon.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "control/board.h"
#include "control/socket.h"
#include "daemon/draft.h"
#include "daemon/drain.h"
#include "daemon/engine.h"
#include "daemon/hostname.h"
#include "daemon/listeners.h"
#include "daemon/log_setup.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/part.h"
#include "daemon/process.h"
#include "daemon/reload_board.h"
#include "daemon/reload_leader.h"
#include "daemon/supervisor.h"
#include "daemon/version.h"
#include "milter/milter.h"

/* A hundred problems, each shorter than 2 KB, in a buffer that doubles. */
#define PROBLEMS_CEILING ((size_t)1024 * 1024)
#define ARENA_CEILING (4 * PROBLEMS_CEILING)

struct daemon {
	const struct daemon_options *options;	/* borrowed */
	int ready_fd;			/* our starter waits there; or -1 */
	struct arena *arena;
	struct strbuf problem;		/* what keeps us from starting */
	const char *config_path;	/* absolute */
	struct draft draft;		/* the newest one */
	struct part *first;		/* the configuration at the start */
	const struct config *config;	/* the same */
	struct log *log;
	struct board *board;
	struct reload_board *reload_board;	/* NULL: one process */
	struct listeners listeners;
	struct milter_context context;	/* until there is a better one */
	/* The supervisor's. */
	struct supervisor *supervisor;
	struct reload_leader *leader;
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

	if (d->log == NULL || log_choose_sink(d->config->log_target,
	    d->options->is_foreground) != LOG_SINK_STDERR)
		fprintf(stderr, "assayd: %.*s\n", SLICE_PRINTF(text));
	if (d->log != NULL)
		log_write(d->log, LOG_LEVEL_ERROR, "%.*s",
		    SLICE_PRINTF(text));
}

static bool
lacks_memory(struct daemon *d)
{
	strbuf_append_cstr(&d->problem, "memory is out");
	return false;
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

/* It is read again when the working folder is another one.  A link is followed
 * each time. */
static bool
find_config(struct daemon *d, const char *path)
{
	struct strbuf text;
	char *folder;

	if (path[0] == '/') {
		d->config_path = path;
		return true;
	}
	if ((folder = getcwd(NULL, 0)) == NULL) {
		perror("assayd: the working folder");
		return false;
	}
	strbuf_init(&text, d->arena, PROBLEMS_CEILING);
	strbuf_printf(&text, "%s/%s", folder, path);
	free(folder);
	d->config_path = strbuf_cstr(&text);
	return d->config_path != NULL;
}

/* Problems are printed as they are: each has file and line. */
static bool
load_draft(struct daemon *d, const char *path)
{
	struct strbuf problems;

	strbuf_init(&problems, d->arena, PROBLEMS_CEILING);
	if (!draft_load(&d->draft, path, &problems)) {
		print_slice(stderr, strbuf_slice(&problems));
		return false;
	}
	d->first = part_retain(d->draft.config);
	d->config = draft_config(&d->draft);
	return true;
}

static bool
create_log(struct daemon *d)
{
	struct log_settings settings;

	if (!log_setup_choose(d->config, d->options->is_foreground, &settings,
	    &d->problem))
		return false;
	d->log = log_create(settings.sink, d->config->log_level, "assayd",
	    settings.facility);
	if (d->log == NULL)
		return lacks_memory(d);
	log_reconfigure(d->log, &settings);
	for (struct config_note *note = d->config->notes; note != NULL;
	    note = note->next)
		log_write(d->log, LOG_LEVEL_WARNING, "%s", note->text);
	return true;
}

/* Beside workers, since one of them would only know of itself. */
static bool
has_control(const struct daemon *d)
{
	return d->config->milter.workers > 1 &&
	    (d->config->control.socket[0] != '\0' ||
	    d->config->control.http[0] != '\0');
}

static bool
create_board(struct daemon *d)
{
	struct rlimit limit;

	unsigned n = d->config->milter.workers;

	if (n > 1) {
		n += has_control(d);
		d->reload_board = reload_board_create(n);
		if (d->reload_board == NULL)
			return lacks_memory(d);
	}
	if ((d->board = board_create(n)) == NULL)
		return lacks_memory(d);
	d->board->start_s = clock_wall_s();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		d->board->max_descriptors = limit.rlim_cur < UINT_MAX ?
		    (unsigned)limit.rlim_cur : UINT_MAX;
	log_share_threshold(d->log, &d->board->log_level);
	log_share_settings(d->log, &d->board->log_settings);
	return true;
}

static bool
open_milter(struct daemon *d)
{
	d->context = (struct milter_context){
		.milter = d->config->milter,
		.hostname = hostname_find(d->arena),
		.log = d->log,
	};
	if (d->context.hostname == NULL)
		return lacks_memory(d);
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

/* What all workers share: before anything that does not outlive a fork. */
static bool
prepare(struct daemon *d)
{
	return create_log(d) && create_board(d) && open_milter(d) &&
	    listeners_open(&d->listeners, &d->config->control, &d->problem) &&
	    drop_privileges(d);
}

static struct engine *
start_engine(struct daemon *d, const struct supervisor_place *place)
{
	const struct engine_options options = {
		.boot = d->config,
		.config_path = d->config_path,
		.hostname = d->context.hostname,
		.log = d->log,
		.is_foreground = d->options->is_foreground,
		.board = d->board,
		.reload_board = d->reload_board,
		.place = place,
		.listeners = &d->listeners,
	};

	return engine_create(&options, &d->draft, &d->problem);
}

/* ---- running ------------------------------------------------------------- */

static void
tell_start(const struct daemon *d)
{
	const struct config *config = d->config;

	log_write(d->log, LOG_LEVEL_INFO, "started version=%s mode=%s "
	    "socket=%s authserv_id=%s hostname=%s workers=%u", version_text(),
	    policy_mode_name(config->policy.mode),
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

/* Where the folder is root's, and we are not, a file stays; the next start
 * replaces it. */
static void
remove_sockets(struct daemon *d)
{
	listeners_close(&d->listeners);
	(void)control_remove_socket(&d->config->control, &d->problem);
}

/* Everything that uses it has ended. */
static void
destroy(struct daemon *d)
{
	draft_discard(&d->draft);
	log_destroy(&d->log);
	listeners_close(&d->listeners);
	board_destroy(&d->board);
	reload_board_destroy(&d->reload_board);
	part_release(&d->first);
	arena_destroy(&d->arena);
}

/* All in this process. */
static int
run_alone(struct daemon *d)
{
	struct engine *engine = start_engine(d, NULL);
	int exit_status;
	bool is_over;

	if (engine == NULL) {
		tell_problem(d);
		(void)milter_abandon(&d->problem);
		remove_sockets(d);
		return 1;
	}
	tell_ready(d);
	exit_status = engine_run(engine);
	is_over = engine_end(engine);
	remove_sockets(d);
	if (!is_over) {
		log_write(d->log, LOG_LEVEL_INFO, "stopped");
		_exit(exit_status);
	}
	log_write(d->log, LOG_LEVEL_INFO, "stopped");
	engine_destroy(&engine);
	return exit_status;
}

/* A worker, in a process that ends when this returns. */
static int
work(void *arg, const struct supervisor_place *place)
{
	struct daemon *d = arg;
	struct engine *engine;
	int exit_status;

	if (d->ready_fd >= 0)	/* the supervisor's */
		close(d->ready_fd);
	if ((engine = start_engine(d, place)) == NULL) {
		tell_problem(d);
		return 1;
	}
	if (d->ready_fd >= 0)
		process_leave_terminal();
	if (place->ready_fd >= 0)
		process_tell_ready(place->ready_fd);
	exit_status = engine_run(engine);
	(void)engine_end(engine);	/* it has had its time */
	return exit_status;
}

/* ---- the supervisor ------------------------------------------------------ */

static int64_t
find_stop_ms(const struct config *config)
{
	return (int64_t)config->drain_s * 1000 + DRAIN_STOP_MS +
	    ENGINE_WRITER_MS;
}

static void
on_hangup(void *arg)
{
	struct daemon *d = arg;

	reload_leader_hangup(d->leader);
}

static int64_t
on_step(void *arg)
{
	struct daemon *d = arg;

	return reload_leader_step(d->leader);
}

static void
on_forking(void *arg, unsigned slot)
{
	struct daemon *d = arg;

	reload_leader_forking(d->leader, slot);
}

static void
alert(void *arg)
{
	struct daemon *d = arg;

	supervisor_signal(d->supervisor, SIGHUP);
}

static bool
is_alive(void *arg, unsigned seat)
{
	struct daemon *d = arg;

	return supervisor_is_alive(d->supervisor, seat);
}

static void
on_switched(void *arg)
{
	struct daemon *d = arg;
	const struct config *config = draft_config(&d->draft);

	supervisor_set_stop(d->supervisor, find_stop_ms(config));
}

static bool
create_supervisor(struct daemon *d)
{
	const struct reload_leader_options leading = {
		.path = d->config_path,
		.is_foreground = d->options->is_foreground,
		.draft = &d->draft,
		.board = d->board,
		.reload_board = d->reload_board,
		.log = d->log,
		.alert = alert, .is_alive = is_alive,
		.switched = on_switched, .arg = d,
	};
	const struct supervisor_options options = {
		.n_workers = d->config->milter.workers,
		.has_control = has_control(d),
		.stop_ms = find_stop_ms(d->config),
		.haste_ms = DRAIN_STOP_MS + ENGINE_WRITER_MS,
		.log = d->log,
		.work = work, .hangup = on_hangup, .step = on_step,
		.forking = on_forking, .arg = d,
	};

	d->leader = reload_lead(&leading);
	if (d->leader != NULL)
		d->supervisor = supervisor_create(&options);
	if (d->supervisor == NULL)
		log_write(d->log, LOG_LEVEL_ERROR, "memory is out");
	return d->supervisor != NULL;
}

static int
supervise(struct daemon *d)
{
	int exit_status = 1;

	if (create_supervisor(d) && supervisor_start(d->supervisor)) {
		tell_ready(d);
		exit_status = supervisor_run(d->supervisor);
		log_write(d->log, LOG_LEVEL_INFO, "stopped");
	}
	(void)milter_abandon(&d->problem);
	remove_sockets(d);
	supervisor_destroy(&d->supervisor);
	reload_leader_destroy(&d->leader);
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
	struct daemon d = { .options = options, .ready_fd = -1,
		.listeners = LISTENERS_NONE };
	int exit_status = 1;

	if (!create_arena(&d) || !find_config(&d, options->config_path) ||
	    !load_draft(&d, options->config_path)) {
		destroy(&d);
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
	struct daemon d = { .listeners = LISTENERS_NONE };
	bool is_good = create_arena(&d) && load_draft(&d, path);

	if (is_good)
		for (struct config_note *note = d.config->notes; note != NULL;
		    note = note->next)
			puts(note->text);
	destroy(&d);
	return is_good ? 0 : 1;
}
