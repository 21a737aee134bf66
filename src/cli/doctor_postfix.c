/* cli/doctor_postfix.c - see doctor.h: main.cf and master.cf. */
#include <stddef.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/doctor.h"
#include "cli/program.h"
#include "config/settings.h"
#include "config/socket.h"

#define MAX_TEXT ((size_t)4096)
#define MAX_SERVICES 200
#define MATTER "postfix"

/* One line of "postconf -M": service type private unpriv chroot wakeup maxproc
 * command. */
struct service {
	struct slice name, type;
	struct slice command;	/* and its options, as the line has them */
	bool is_chrooted, is_smtpd;
};

struct postfix {
	struct check *check;
	const char *directory;
	struct service services[MAX_SERVICES];
	size_t n_services;
	struct slice our_socket;	/* in Postfix's form, or empty */
};

/* ---- what postconf says -------------------------------------------------- */

static bool
run_postconf(struct postfix *postfix, const char *option, const char *name,
    struct slice *output)
{
	static char postconf[] = "postconf", in[] = "-c";
	char *argv[] = { postconf, in, NULL, NULL, NULL, NULL };
	size_t n = 1;

	if (postfix->directory != NULL) {
		argv[2] = arena_copy_cstr(postfix->check->arena,
		    slice_from_cstr(postfix->directory));
		n = 3;
	}
	argv[n++] = arena_copy_cstr(postfix->check->arena,
	    slice_from_cstr(option));
	if (name != NULL)
		argv[n++] = arena_copy_cstr(postfix->check->arena,
		    slice_from_cstr(name));
	argv[n] = NULL;
	return program_run(postfix->check->arena, argv, output) == 0;
}

/* Its value, with the names of others in it resolved; empty where unset. */
static struct slice
get(struct postfix *postfix, const char *name)
{
	struct slice output;

	if (!run_postconf(postfix, "-xh", name, &output))
		return SLICE_EMPTY;
	return slice_trim(output);
}

static struct slice
take_word(struct cursor *cur)
{
	const char *start;

	cursor_skip_wsp(cur);
	start = cur->pos;
	while (!cursor_at_end(cur) && !ascii_is_wsp(*cur->pos))
		cur->pos++;
	return (struct slice){ start, (size_t)(cur->pos - start) };
}

static void
read_service(struct postfix *postfix, struct slice line)
{
	struct cursor cur = cursor_of(line);
	struct service service = { .name = take_word(&cur) };
	struct slice chroot;

	service.type = take_word(&cur);
	(void)take_word(&cur);	/* private */
	(void)take_word(&cur);	/* unpriv */
	chroot = take_word(&cur);
	(void)take_word(&cur);	/* wakeup */
	(void)take_word(&cur);	/* maxproc */
	cursor_skip_wsp(&cur);
	service.command = cursor_rest(&cur);
	service.is_chrooted = slice_eq(chroot, SLICE("y"));
	service.is_smtpd = slice_eq(slice_head(service.command,
	    slice_find(service.command, ' ')), SLICE("smtpd"));
	if (service.command.len != 0 && postfix->n_services < MAX_SERVICES)
		postfix->services[postfix->n_services++] = service;
}

static bool
read_services(struct postfix *postfix)
{
	struct slice output;

	if (!run_postconf(postfix, "-M", NULL, &output))
		return false;
	while (output.len != 0) {
		struct slice line = slice_head(output, slice_find(output,
		    '\n'));

		read_service(postfix, line);
		output = slice_from(output, line.len + 1);
	}
	return true;
}

/* "-o NAME=VALUE" of a service; false where it has none. */
static bool
find_override(const struct service *service, struct slice name,
    struct slice *value_out)
{
	struct cursor cur = cursor_of(service->command);
	struct slice word;

	*value_out = SLICE_EMPTY;
	while ((word = take_word(&cur)).len != 0) {
		if (!slice_eq(word, SLICE("-o")))
			continue;
		word = take_word(&cur);
		if (slice_starts_with(word, name) && word.len > name.len &&
		    word.ptr[name.len] == '=') {
			*value_out = slice_from(word, name.len + 1);
			return true;
		}
	}
	return false;
}

/* ---- our socket ---------------------------------------------------------- */

/* Postfix writes "inet:HOST:PORT" and "unix:PATH", below its queue directory
 * where that is chrooted. */
static bool
is_ours(struct postfix *postfix, struct slice milter)
{
	const struct config *config = postfix->check->config;
	struct slice socket = slice_from_cstr(config->milter.socket);
	struct slice theirs = slice_from(milter, slice_find(milter, ':') + 1);
	struct socket_name name;

	if (socket_parse(socket, &name) != SOCKET_OK)
		return false;
	if (!name.is_unix) {
		struct slice port = slice_from(socket, slice_find(socket,
		    ':') + 1);

		port = slice_head(port, slice_find(port, '@'));
		return slice_starts_with(milter, SLICE("inet:")) &&
		    slice_eq(slice_from(theirs, slice_find_last(theirs,
		    ':') + 1), port);
	}
	if (!slice_starts_with(milter, SLICE("unix:")) &&
	    !slice_starts_with(milter, SLICE("local:")))
		return false;
	/* A relative one is the end of ours. */
	return slice_eq(theirs, name.path) ||
	    slice_ends_with_nocase(name.path, theirs);
}

static bool
is_separator(char c)
{
	return c == ',' || ascii_is_fws(c);
}

/* Our place in a list of milters, from 1; 0 where we are not in it. */
static size_t
find_ours(struct postfix *postfix, struct slice list, size_t *n_out)
{
	struct cursor cur = cursor_of(list);
	size_t place = 0;

	*n_out = 0;
	for (;;) {
		const char *start;
		struct slice milter;

		cursor_take_while(&cur, is_separator);
		if (cursor_at_end(&cur))
			return place;
		start = cur.pos;
		while (!cursor_at_end(&cur) && !is_separator(*cur.pos))
			cur.pos++;
		milter = (struct slice){ start, (size_t)(cur.pos - start) };
		++*n_out;
		if (place == 0 && is_ours(postfix, milter)) {
			place = *n_out;
			postfix->our_socket = milter;
		}
	}
}

/* ---- main.cf ------------------------------------------------------------- */

static void
check_lists(struct postfix *postfix)
{
	struct check *check = postfix->check;
	struct slice list = get(postfix, "smtpd_milters");
	size_t n, place = find_ours(postfix, list, &n);

	if (place == 0)
		check_add(check, CHECK_CRITICAL, MATTER, "postfix-no-milter",
		    "name assay's socket in smtpd_milters",
		    "smtpd_milters does not name %s: %s",
		    postfix->check->config->milter.socket,
		    list.len != 0 ? check_show(check, list) : "it is empty");
	else if (place != 1)
		check_add(check, CHECK_WARNING, MATTER, "postfix-order",
		    "put assay first: what others change breaks signatures",
		    "assay is milter %zu of %zu", place, n);
	else
		check_add(check, CHECK_GOOD, MATTER, "postfix-milter", NULL,
		    "smtpd_milters names assay, %s",
		    n == 1 ? "alone" : "first");
	if (find_ours(postfix, get(postfix, "non_smtpd_milters"), &n) != 0)
		check_add(check, CHECK_NOTE, MATTER, "postfix-non-smtpd",
		    "leave it out there", "non_smtpd_milters names assay, "
		    "which does not look at local mail");
}

static void
check_default_action(struct postfix *postfix)
{
	struct check *check = postfix->check;
	struct slice action = get(postfix, "milter_default_action");

	if (slice_eq(action, SLICE("tempfail")))
		check_add(check, CHECK_GOOD, MATTER, "postfix-default", NULL,
		    "mail waits while assay is away (tempfail)");
	else
		check_add(check, CHECK_WARNING, MATTER, "postfix-default",
		    "set milter_default_action = tempfail",
		    "while assay is away Postfix does: %s",
		    check_show(check, action));
}

/* "30s", "5m": seconds; 0 where it cannot be read. */
static uint64_t
parse_time(struct slice text)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 },
	};
	uint64_t number;

	if (text.len == 0)
		return 0;
	for (size_t i = 0; i < N_ELEMENTS(units); i++)
		if (text.ptr[text.len - 1] == units[i].unit)
			return slice_parse_uint(slice_head(text,
			    text.len - 1), 1000000, &number) ?
			    number * units[i].seconds : 0;
	return slice_parse_uint(text, 1000000, &number) ? number : 0;
}

static void
check_time(struct postfix *postfix, const char *name, unsigned needed_ms)
{
	struct slice value = get(postfix, name);
	uint64_t seconds = parse_time(value);

	if (seconds != 0 && seconds * 1000 < needed_ms)
		check_add(postfix->check, CHECK_CRITICAL, MATTER,
		    "postfix-timeout", "make it longer, or assay's limits "
		    "shorter", "%s is %s, assay may need %u s", name,
		    check_show(postfix->check, value), needed_ms / 1000);
}

static void
check_times(struct postfix *postfix)
{
	const struct config *config = postfix->check->config;

	if (config->policy.spf_reject != 0)
		check_time(postfix, "milter_command_timeout",
		    config->inspect.spf.budget_ms);
	check_time(postfix, "milter_content_timeout",
	    config->inspect.finish_budget_ms);
}

static void
check_internal_mail(struct postfix *postfix)
{
	struct slice classes = get(postfix, "internal_mail_filter_classes");

	if (classes.len != 0)
		check_add(postfix->check, CHECK_WARNING, MATTER,
		    "postfix-internal", "leave it empty",
		    "internal_mail_filter_classes has bounces and notices "
		    "filtered: %s", check_show(postfix->check, classes));
}

/* ---- master.cf ----------------------------------------------------------- */

/* Whether assay is asked about this service's mail. */
static bool
uses_us(struct postfix *postfix, const struct service *service)
{
	struct slice value;
	size_t n;

	if (find_override(service, SLICE("receive_override_options"),
	    &value) && slice_find(value, 'm') != SIZE_MAX) {
		struct cursor cur = cursor_of(value);

		while (!cursor_at_end(&cur)) {
			if (slice_eq(cursor_take_until(&cur, ','),
			    SLICE("no_milters")))
				return false;
			cursor_take_char(&cur, ',');
		}
	}
	if (!find_override(service, SLICE("smtpd_milters"), &value))
		value = get(postfix, "smtpd_milters");
	return find_ours(postfix, value, &n) != 0;
}

static bool
is_loopback_service(struct slice name)
{
	return slice_starts_with(name, SLICE("127.")) ||
	    slice_starts_with(name, SLICE("localhost:")) ||
	    slice_starts_with(name, SLICE("[::1]:"));
}

static bool
is_submission(struct slice name)
{
	struct slice port = slice_from(name, slice_find_last(name, ':') + 1);

	return slice_eq(port, SLICE("submission")) ||
	    slice_eq(port, SLICE("submissions")) ||
	    slice_eq(port, SLICE("smtps")) || slice_eq(port, SLICE("587")) ||
	    slice_eq(port, SLICE("465"));
}

static void
check_path(struct postfix *postfix, const struct service *service)
{
	struct check *check = postfix->check;
	struct slice path = slice_from(postfix->our_socket,
	    slice_find(postfix->our_socket, ':') + 1);
	struct slice queue = get(postfix, "queue_directory");

	if (!service->is_chrooted || path.len == 0 || path.ptr[0] != '/' ||
	    !slice_starts_with(postfix->our_socket, SLICE("unix:")))
		return;
	check_add(check, CHECK_CRITICAL, MATTER, "postfix-chroot",
	    "use inet:, or a socket below the queue directory",
	    "%s runs in %s and cannot see %s",
	    check_show(check, service->name), check_show(check, queue),
	    check_show(check, path));
}

static void
check_service(struct postfix *postfix, const struct service *service)
{
	struct check *check = postfix->check;
	const char *name = check_show(check, service->name);
	struct slice value;

	if (!uses_us(postfix, service))
		return;
	check_path(postfix, service);
	if (is_submission(service->name) &&
	    !check->config->policy.is_authenticated_trusted)
		check_add(check, CHECK_WARNING, MATTER, "postfix-submission",
		    "give it -o smtpd_milters=, or set trusted.authenticated",
		    "%s has assay judge mail of your own users", name);
	if (find_override(service, SLICE("content_filter"), &value) &&
	    value.len == 0 && is_loopback_service(service->name))
		check_add(check, CHECK_WARNING, MATTER, "postfix-reinjection",
		    "give it -o receive_override_options=no_milters",
		    "%s takes back what a content filter has had: assay would "
		    "judge it a second time, changed", name);
	if (!find_override(service, SLICE("smtpd_proxy_filter"), &value))
		value = get(postfix, "smtpd_proxy_filter");
	if (value.len != 0)
		check_add(check, CHECK_CRITICAL, MATTER,
		    "postfix-proxy-filter", "put assay behind the filter, on "
		    "the service that it hands mail back to",
		    "%s has smtpd_proxy_filter: its milters see no message",
		    name);
}

/* ---- all of it ----------------------------------------------------------- */

void
doctor_check_postfix(struct check *check, const char *directory)
{
	struct postfix *postfix = arena_alloc(check->arena, sizeof(*postfix));
	struct slice version;

	if (postfix == NULL) {
		check->has_failed = true;
		return;
	}
	postfix->check = check;
	postfix->directory = directory;
	version = get(postfix, "mail_version");
	if (version.len == 0 || !read_services(postfix)) {
		check_add(check, CHECK_NOTE, MATTER, "postfix-absent", NULL,
		    "there is no Postfix that postconf(1) can tell of");
		return;
	}
	check_add(check, CHECK_NOTE, MATTER, "postfix-version", NULL,
	    "Postfix %s", check_show(check, version));
	check_lists(postfix);
	check_default_action(postfix);
	check_times(postfix);
	check_internal_mail(postfix);
	for (size_t i = 0; i < postfix->n_services; i++)
		if (postfix->services[i].is_smtpd)
			check_service(postfix, &postfix->services[i]);
}
