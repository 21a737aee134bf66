/* cli/resolver.c - see resolver.h. */
#include "cli/resolver.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "config/settings.h"
#include "dns/zone.h"

struct tool_resolver {
	struct resolver *resolver;	/* owned, all of them */
	struct log *log;		/* NULL, the next too: a zone file */
	struct event_base *base;
	pthread_t thread;
	bool has_thread;
};

static struct resolver *
load_zone(const char *path, struct strbuf *problem)
{
	struct resolver *zone = zone_create();

	if (zone == NULL)
		strbuf_append_cstr(problem, "memory is out");
	else if (!zone_load_file(zone, path, problem))
		dns_destroy_resolver(&zone);
	return zone;
}

static void *
run_loop(void *context)
{
	struct event_base *base = context;

	/* It ends when it is told to, whatever it returns. */
	(void)event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static bool
open_unbound(struct tool_resolver *tool, const struct config *config,
    struct strbuf *problem)
{
	struct resolver *cache;

	tool->log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "assay", 0);
	if (evthread_use_pthreads() == 0)
		tool->base = event_base_new();
	if (tool->log == NULL || tool->base == NULL) {
		strbuf_append_cstr(problem, "memory is out");
		return false;
	}
	tool->resolver = unbound_create(tool->base, &config->resolver,
	    tool->log, problem);
	if (tool->resolver == NULL)
		return false;
	cache = cache_create(tool->resolver, &config->cache);
	if (cache == NULL) {
		strbuf_append_cstr(problem, "memory is out");
		return false;
	}
	tool->resolver = cache;
	tool->has_thread = pthread_create(&tool->thread, NULL, run_loop,
	    tool->base) == 0;
	if (!tool->has_thread)
		strbuf_append_cstr(problem, "there can be no thread");
	return tool->has_thread;
}

struct tool_resolver *
tool_resolver_open(const struct config *config, struct strbuf *problem)
{
	struct tool_resolver *tool = calloc(1, sizeof(*tool));
	bool is_open;

	if (tool == NULL) {
		strbuf_append_cstr(problem, "memory is out");
		return NULL;
	}
	if (config->zone_file != NULL) {
		tool->resolver = load_zone(config->zone_file, problem);
		is_open = tool->resolver != NULL;
	} else {
		is_open = open_unbound(tool, config, problem);
	}
	if (!is_open)
		tool_resolver_close(&tool);
	return tool;
}

struct resolver *
tool_resolver_get(const struct tool_resolver *tool)
{
	return tool->resolver;
}

static void
break_loop(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(context);
}

/* By an event, which is there for a loop too that has not begun yet: that would
 * forget what it was told before. */
static void
stop_loop(struct tool_resolver *tool)
{
	static const struct timeval at_once;

	if (event_base_once(tool->base, -1, EV_TIMEOUT, break_loop, tool->base,
	    &at_once) != 0)
		event_base_loopbreak(tool->base);
	pthread_join(tool->thread, NULL);
}

void
tool_resolver_close(struct tool_resolver **tool)
{
	struct tool_resolver *t = *tool;

	if (t == NULL)
		return;
	if (t->has_thread)
		stop_loop(t);
	dns_destroy_resolver(&t->resolver);
	if (t->base != NULL)
		event_base_free(t->base);
	log_destroy(&t->log);
	free(t);
	*tool = NULL;
}
