/* control/http.c - see http.h.
 *
 * One request a connection: what is asked for is small, and whoever asks is
 * near. */
#include "control/http.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "control/health.h"
#include "control/host.h"
#include "control/http_host.h"
#include "control/http_peers.h"
#include "control/keeper.h"
#include "control/page.h"
#include "control/prometheus.h"
#include "control/samples.h"
#include "control/summary.h"
#include "milter/milter.h"
#include "report/options.h"

#define MAX_HEADER_OCTETS 8192
#define IDLE_S 5		/* nothing comes, or is taken */
#define ANSWER_CEILING ((size_t)1024 * 1024)
#define TURN_S 2		/* between two looks at what the store does */
#define STOP_MS 1000		/* the end waits for it */

struct http {
	const struct control_host *host;	/* borrowed */
	struct event_base *base;	/* borrowed */
	struct evhttp *server;
	struct http_peers *peers;
	struct samples *samples;
	int64_t start_s;		/* wall clock */
	struct keeper *keeper;
	struct event *sampler, *turner;	/* timers */
};

/* ---- answers ------------------------------------------------------------- */

/* The page is made of its own files and of nothing else, and of no use within
 * another one.  The last two are what Chromium knows beyond the standard:
 * no text can become markup, even by a mistake of ours. */
static const struct {
	const char *name, *value;
} common_fields[] = {
	{ "Content-Security-Policy", "default-src 'none'; script-src 'self'; "
	    "style-src 'self'; connect-src 'self'; img-src 'self'; "
	    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	    "require-trusted-types-for 'script'; trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cache-Control", "no-store" },
	{ "Connection", "close" },
};

/* It copies both; it fails where memory is out, or at a line end in a value:
 * there is none in ours. */
static bool
add_field(struct evhttp_request *request, const char *name, const char *value)
{
	return evhttp_add_header(evhttp_request_get_output_headers(request),
	    name, value) == 0;
}

static bool
add_common_fields(struct evhttp_request *request, const char *type)
{
	for (size_t i = 0; i < N_ELEMENTS(common_fields); i++)
		if (!add_field(request, common_fields[i].name,
		    common_fields[i].value))
			return false;
	return add_field(request, "Content-Type", type);
}

/* HEAD says how much GET would have given; evhttp would send it, too. */
static bool
add_body(struct evhttp_request *request, struct slice body)
{
	char length[24];

	if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
		return evbuffer_add(evhttp_request_get_output_buffer(request),
		    body.ptr, body.len) == 0;
	snprintf(length, sizeof(length), "%zu", body.len);
	return add_field(request, "Content-Length", length);
}

static void
send_answer(struct evhttp_request *request, int code, const char *reason,
    const char *type, struct slice body)
{
	if (!add_common_fields(request, type) || !add_body(request, body))
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(request, code, reason, NULL);
}

static void
refuse(struct evhttp_request *request, int code, const char *reason,
    struct slice text)
{
	send_answer(request, code, reason, "text/plain; charset=utf-8", text);
}

static void
send_text(struct evhttp_request *request, int code, const char *reason,
    const char *type, const struct strbuf *text)
{
	if (text->has_failed)
		refuse(request, HTTP_INTERNAL, "Internal Server Error",
		    SLICE("memory is out\n"));
	else
		send_answer(request, code, reason, type, strbuf_slice(text));
}

/* ---- the last 24 hours --------------------------------------------------- */

static int64_t
to_wall_s(int64_t time_ms)
{
	return clock_wall_s() - (clock_monotonic_ms() - time_ms) / 1000;
}

static int64_t
to_monotonic_ms(int64_t time_s)
{
	return clock_monotonic_ms() - (clock_wall_s() - time_s) * 1000;
}

/* What the process before us had; a clock that was set may have left some in
 * the future, and what is ours is here already. */
static void
restore(struct http *http)
{
	const struct keeper_column *columns;
	size_t n = keeper_take_columns(http->keeper, &columns), n_good = 0;
	struct samples_column *good = n != 0 ? calloc(n, sizeof(*good)) : NULL;

	if (good == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		if (columns[i].end_s <= http->start_s)
			good[n_good++] = (struct samples_column){
				to_monotonic_ms(columns[i].start_s),
				to_monotonic_ms(columns[i].end_s),
				columns[i].counts };
	samples_restore(http->samples, good, n_good);
	free(good);
}

static void
turn(struct http *http, const struct milter_context *context)
{
	keeper_turn(http->keeper, context->report != NULL ?
	    context->report->store : "", context->hostname);
	restore(http);
}

static void
take_turn(evutil_socket_t fd, short what, void *arg)
{
	struct milter_context *context = milter_retain_context();

	(void)fd;
	(void)what;
	turn(arg, context);
	milter_release_context(context);
}

static void
take_sample(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	struct samples_column column;
	struct sample now;
	struct sum sum;

	(void)fd;
	(void)what;
	sum_board(http->host->board, &sum);
	samples_describe(&sum, &now);
	if (samples_take(http->samples, &now, clock_monotonic_ms(), &column))
		keeper_save(http->keeper, &(struct keeper_column){
		    .start_s = to_wall_s(column.start_ms),
		    .end_s = to_wall_s(column.end_ms),
		    .counts = column.counts });
}

/* ---- what there is ------------------------------------------------------- */

static void
answer_metrics(struct http *http, struct evhttp_request *request,
    struct strbuf *text)
{
	prometheus_append(text, http->host->board, http->host);
	send_text(request, HTTP_OK, "OK", PROMETHEUS_CONTENT_TYPE, text);
}

static void
answer_health(struct http *http, struct evhttp_request *request,
    struct strbuf *text)
{
	bool is_well = health_append(text, http->host->board);

	send_text(request, is_well ? HTTP_OK : HTTP_SERVUNAVAIL,
	    is_well ? "OK" : "Service Unavailable",
	    "text/plain; charset=utf-8", text);
}

static void
answer_summary(struct http *http, struct evhttp_request *request,
    struct strbuf *text)
{
	struct milter_context *context = milter_retain_context();

	turn(http, context);
	summary_append(text, &(struct summary){
		.host = http->host,
		.context = context,
		.samples = http->samples,
		.keeper = http->keeper,
		.now_ms = clock_monotonic_ms(),
		.now_s = clock_wall_s(),
	});
	milter_release_context(context);
	send_text(request, HTTP_OK, "OK", "application/json", text);
}

static const struct route {
	const char *path;
	void (*answer)(struct http *http, struct evhttp_request *request,
	    struct strbuf *text);
} routes[] = {
	{ "/metrics", answer_metrics },
	{ "/healthz", answer_health },
	{ "/summary.json", answer_summary },
};

static void
follow(const struct route *route, struct http *http,
    struct evhttp_request *request)
{
	struct arena *arena = arena_create(4 * ANSWER_CEILING);
	struct strbuf text;

	if (arena == NULL) {
		refuse(request, HTTP_INTERNAL, "Internal Server Error",
		    SLICE("memory is out\n"));
		return;
	}
	strbuf_init(&text, arena, ANSWER_CEILING);
	route->answer(http, request, &text);
	arena_destroy(&arena);
}

static void
answer_path(struct http *http, struct evhttp_request *request,
    const char *path)
{
	const struct page_file *file = page_find(path);

	if (file != NULL) {
		send_answer(request, HTTP_OK, "OK", file->type, *file->octets);
		return;
	}
	for (size_t i = 0; i < N_ELEMENTS(routes); i++)
		if (strcmp(path, routes[i].path) == 0) {
			follow(&routes[i], http, request);
			return;
		}
	refuse(request, HTTP_NOTFOUND, "Not Found",
	    SLICE("there is no such page\n"));
}

/* ---- requests ------------------------------------------------------------ */

/* *HOST_OUT is NULL where there is no such field; false where there are
 * several (RFC 9112 3.2). */
static bool
find_host(struct evhttp_request *request, const char **host_out)
{
	const struct evkeyvalq *fields =
	    evhttp_request_get_input_headers(request);
	const struct evkeyval *field;

	*host_out = NULL;
	TAILQ_FOREACH(field, fields, next) {
		if (strcasecmp(field->key, "Host") != 0)
			continue;
		if (*host_out != NULL)
			return false;
		*host_out = field->value;
	}
	return true;
}

/* Browsers always name one; what is not a browser, and speaks as HTTP/1.0
 * does, is not to be fooled by names. */
static bool
is_for_us(struct evhttp_request *request)
{
	struct milter_context *context;
	const char *host;
	bool is_ours;

	if (!find_host(request, &host))
		return false;
	if (host == NULL)
		return true;
	context = milter_retain_context();
	is_ours = http_is_our_host(slice_from_cstr(host),
	    slice_from_cstr(context->hostname));
	milter_release_context(context);
	return is_ours;
}

/* "http://HOST/PATH" is for proxies, and names no path here. */
static const char *
find_path(struct evhttp_request *request)
{
	const struct evhttp_uri *uri =
	    evhttp_request_get_evhttp_uri(request);

	if (uri == NULL || evhttp_uri_get_host(uri) != NULL ||
	    evhttp_uri_get_path(uri) == NULL)
		return "";
	return evhttp_uri_get_path(uri);
}

static void
answer(struct evhttp_request *request, void *arg)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		(void)add_field(request, "Allow", "GET, HEAD");
		refuse(request, HTTP_BADMETHOD, "Method Not Allowed",
		    SLICE("everything here is read only\n"));
	} else if (!is_for_us(request)) {
		refuse(request, 421, "Misdirected Request",
		    SLICE("ask by address, by localhost or by this host's "
		    "own name\n"));
	} else {
		answer_path(arg, request, find_path(request));
	}
}

/* ---- start and end ------------------------------------------------------- */

static bool
start_timers(struct http *http)
{
	const struct timeval step = { .tv_sec = SAMPLES_STEP_S };
	const struct timeval pause = { .tv_sec = TURN_S };

	http->samples = samples_create();
	http->keeper = keeper_create();
	http->sampler = event_new(http->base, -1, EV_PERSIST, take_sample,
	    http);
	http->turner = event_new(http->base, -1, EV_PERSIST, take_turn, http);
	if (http->samples == NULL || http->keeper == NULL ||
	    http->sampler == NULL || http->turner == NULL)
		return false;
	take_sample(-1, 0, http);
	return event_add(http->sampler, &step) == 0 &&
	    event_add(http->turner, &pause) == 0;
}

/* All methods are ours to refuse; a body is evhttp's, 413. */
static bool
start_server(struct http *http, int fd)
{
	http->server = evhttp_new(http->base);
	if (http->server == NULL)
		return false;
	evhttp_set_max_headers_size(http->server, MAX_HEADER_OCTETS);
	evhttp_set_max_body_size(http->server, 0);
	evhttp_set_timeout(http->server, IDLE_S);
	evhttp_set_allowed_methods(http->server, UINT16_MAX);
	evhttp_set_gencb(http->server, answer, http);
	http->peers = http_peers_create(http->base, http->server, fd,
	    http->host->log);
	return http->peers != NULL;
}

struct http *
http_start(struct event_base *base, int fd, const struct control_host *host)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	http->base = base;
	http->host = host;
	http->start_s = clock_wall_s();
	if (!start_timers(http) || !start_server(http, fd))
		(void)http_stop(&http);
	return http;
}

bool
http_stop(struct http **http)
{
	struct http *old = *http;
	bool is_quiet;

	if (old == NULL)
		return true;
	if (old->peers != NULL)
		http_peers_close(old->peers);
	if (old->server != NULL)
		evhttp_free(old->server);
	http_peers_destroy(&old->peers);
	if (old->samples != NULL && old->keeper != NULL)
		take_sample(-1, 0, old);	/* what was counted since */
	if (old->sampler != NULL)
		event_free(old->sampler);
	if (old->turner != NULL)
		event_free(old->turner);
	samples_destroy(&old->samples);
	is_quiet = keeper_destroy(&old->keeper,
	    clock_monotonic_ms() + STOP_MS);
	free(old);
	*http = NULL;
	return is_quiet;
}
