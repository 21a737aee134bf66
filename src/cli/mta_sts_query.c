/* cli/mta_sts_query.c - see mta_sts.h: the server's answer, for people. */
#include "cli/mta_sts.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/policy_fetch.h"
#include "cli/policy_store.h"
#include "cli/resolver.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "cli/tls_policy.h"
#include "config/config.h"
#include "mail/domain.h"

#define MEMORY ((size_t)4 * 1024 * 1024)
#define MAX_TEXT ((size_t)128 * 1024)
#define OPTION_JSON 256		/* no short one */
#define NOT_FOUND 1		/* the exit status, as of postmap -q */

struct query {
	const struct command *command;
	const char *config_path;
	bool is_json, wants_help;
	struct arena *arena;		/* owned, and so on; of one domain */
	struct config *config;
	struct log *log;
	struct tool_resolver *resolver;
	struct policy_store *store;
	json_t *all;
	int status;
};

struct result {
	struct slice domain;
	struct tls_policy policy;
	bool has_answer, has_mta_sts;
	struct strbuf answer, problem;
};

/* ---- what is shown ------------------------------------------------------- */

static void
print_time(int64_t when_s)
{
	time_t when = (time_t)when_s;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	printf("%s UTC", text);
}

static void
print(const struct query *q, const struct result *r)
{
	printf("%.*s: %.*s\n", SLICE_PRINTF(r->domain), SLICE_PRINTF(
	    r->has_answer ? strbuf_slice(&r->answer) :
	    SLICE("no policy: Postfix's own settings decide")));
	printf("    DANE: %s\n", q->config->resolver.dnssec ?
	    dane_coverage_name(r->policy.dane) :
	    "not looked for, resolver.dnssec is false");
	if (r->has_mta_sts) {
		printf("    MTA-STS: %s, id %.*s, until ",
		    mta_sts_mode_name(r->policy.mode),
		    SLICE_PRINTF(r->policy.id));
		print_time(r->policy.expires_s);
		putchar('\n');
	} else if (r->policy.dane == DANE_COVERS_ALL) {
		puts("    MTA-STS: not looked for, DANE wins");
	} else {
		puts("    MTA-STS: none");
	}
	if (r->problem.len != 0) {
		fputs("    ", stdout);
		terminal_print_escaped(stdout, strbuf_slice(&r->problem));
		putchar('\n');
	}
}

static json_t *
text_of(struct arena *arena, struct slice text)
{
	struct strbuf escaped;

	strbuf_init(&escaped, arena, 4 * MAX_TEXT);
	strbuf_append_escaped(&escaped, text, MAX_TEXT);
	return json_stringn(escaped.ptr != NULL ? escaped.ptr : "",
	    escaped.len);
}

static void
add_json(struct query *q, const struct result *r)
{
	const struct tls_policy *policy = &r->policy;
	json_t *object = json_object();

	json_object_set_new(object, "domain", text_of(q->arena, r->domain));
	json_object_set_new(object, "answer", r->has_answer ?
	    text_of(q->arena, strbuf_slice(&r->answer)) : json_null());
	json_object_set_new(object, "dane", q->config->resolver.dnssec ?
	    json_string(dane_coverage_name(policy->dane)) : json_null());
	json_object_set_new(object, "mta_sts", !r->has_mta_sts ?
	    json_null() : json_pack("{s:s, s:o, s:I, s:I, s:o}",
	    "mode", mta_sts_mode_name(policy->mode),
	    "id", text_of(q->arena, policy->id),
	    "fetched_s", (json_int_t)policy->fetched_s,
	    "expires_s", (json_int_t)policy->expires_s,
	    "match", text_of(q->arena, policy->match)));
	json_object_set_new(object, "problem", r->problem.len == 0 ?
	    json_null() : text_of(q->arena, strbuf_slice(&r->problem)));
	json_array_append_new(q->all, object);
}

/* ---- one domain ---------------------------------------------------------- */

static void
find(struct query *q, struct result *r)
{
	const struct tls_policy nothing = { .ttl_s = 0 };
	const struct tls_policy_finder finder = {
		.resolver = tool_resolver_get(q->resolver),
		.store = q->store,
		.wants_dane = q->config->resolver.dnssec,
		.fetch_timeout_ms = POLICY_FETCH_TIMEOUT_MS,
	};
	int64_t now_s;

	strbuf_init(&r->answer, q->arena, MAX_TEXT);
	strbuf_init(&r->problem, q->arena, MAX_TEXT);
	tls_policy_find(&finder, q->arena, r->domain, &nothing, &r->policy,
	    &r->problem);
	now_s = clock_wall_s();
	r->has_answer = tls_policy_append(&r->answer, &r->policy, now_s);
	r->has_mta_sts = r->policy.expires_s > now_s;
}

static int
ask(struct query *q, const char *name)
{
	struct result r = { .has_answer = false };

	arena_reset(q->arena);
	if (!domain_normalize(q->arena, slice_from_cstr(name), &r.domain)) {
		fprintf(stderr, "%s: ", q->command->path);
		terminal_print_escaped(stderr, slice_from_cstr(name));
		fputs(" is no domain\n", stderr);
		return EX_USAGE;
	}
	find(q, &r);
	if (q->is_json)
		add_json(q, &r);
	else
		print(q, &r);
	return r.has_answer ? 0 : NOT_FOUND;
}

/* ---- the command --------------------------------------------------------- */

static int
prepare(struct query *q)
{
	struct strbuf problem;
	int status = setup_load_usable_config(q->command, q->config_path,
	    &q->config);

	if (status != 0)
		return status;
	strbuf_init(&problem, q->arena, MAX_TEXT);
	q->log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "assay", 0);
	if (q->log == NULL || !policy_fetch_start())
		return EX_OSERR;
	q->resolver = tool_resolver_open(q->config, &problem);
	if (q->resolver == NULL) {
		fprintf(stderr, "%s: %.*s\n", q->command->path,
		    SLICE_PRINTF(strbuf_slice(&problem)));
		return EX_UNAVAILABLE;
	}
	if (q->config->report.store[0] != '\0')
		q->store = policy_store_create(q->config->report.store,
		    q->log);
	if (q->is_json)
		q->all = json_array();
	return 0;
}

static int
ask_all(struct query *q, char **names, int n)
{
	int worst = 0;

	for (int i = 0; i < n; i++) {
		int status = ask(q, names[i]);

		if (status > worst)
			worst = status;
	}
	if (q->is_json) {
		json_dumpf(q->all, stdout, JSON_INDENT(2) |
		    JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	return worst;
}

static const char *
take_option(void *context, int c)
{
	struct query *q = context;

	if (c == 'c')
		q->config_path = optarg;
	else
		q->is_json = true;
	return NULL;
}

static int
read_arguments(struct query *q, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int status = command_parse_options(q->command, argc, argv, ":c:h",
	    options, take_option, q, &q->wants_help);

	if (status != 0 || q->wants_help)
		return status;
	return optind < argc ? 0 : command_misuse(q->command,
	    "name a domain");
}

int
mta_sts_query_run(const struct command *self, int argc, char **argv)
{
	struct query q = { .command = self };
	int status = read_arguments(&q, argc, argv);

	if (status != 0)
		return status;
	if (q.wants_help)
		return command_help(self);
	if ((q.arena = arena_create(MEMORY)) == NULL)
		return EX_OSERR;
	status = prepare(&q);
	if (status == 0)
		status = ask_all(&q, argv + optind, argc - optind);
	policy_store_destroy(&q.store);
	tool_resolver_close(&q.resolver);
	if (q.log != NULL)
		policy_fetch_stop();
	log_destroy(&q.log);
	config_unload(&q.config);
	json_decref(q.all);
	arena_destroy(&q.arena);
	return status;
}
