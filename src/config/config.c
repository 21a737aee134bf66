/* config/config.c - see config.h.  The file's text is scanned (scan.h), read
 * by libconfig and held against the table of keys (walk.h, keys.h); what keys
 * say of each other is looked at here. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/descriptors.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/scan.h"
#include "config/value.h"
#include "config/walk.h"

/* The file's texts are copied once, lists take more than their text: 16 octets
 * of file make at most 48 of list. */
#define ARENA_CEILING (16 * CONFIG_MAX_OCTETS)

/* A header is kept once as it came, and its fields are parsed. */
#define MEMORY_PER_HEADER_OCTET 4

#define DEFAULT_DRAIN_S 30

struct loader {
	struct config *config;
	struct config_problems problems;
	unsigned *lines;	/* of each of config_keys, or 0 */
};

static const struct ip_network loopback[] = {
	{ { IP_V4, { 127 } }, 8 },
	{ { IP_V6, { [15] = 1 } }, 128 },
};

static struct config *
create_config(void)
{
	struct config *config = malloc(sizeof(*config));

	if (config == NULL)
		return NULL;
	*config = (struct config){
		.resolver = UNBOUND_OPTIONS_DEFAULT,
		.cache = CACHE_OPTIONS_DEFAULT,
		.milter = MILTER_OPTIONS_DEFAULT,
		.milter_limits = MILTER_LIMITS_DEFAULT,
		.inspect = INSPECT_OPTIONS_DEFAULT,
		.throttle = THROTTLE_OPTIONS_DEFAULT,
		.policy = POLICY_OPTIONS_DEFAULT,
		.report = REPORT_OPTIONS_DEFAULT,
		.mta_sts = MTA_STS_OPTIONS_DEFAULT,
		.control = CONTROL_OPTIONS_DEFAULT,
		.log_level = LOG_LEVEL_INFO,
		.log_format = LOG_FORMAT_TEXT,
		.log_target = LOG_TARGET_AUTO,
		.log_facility = LOG_MAIL,
		.drain_s = DEFAULT_DRAIN_S,
	};
	config->policy.trusted_networks = loopback;
	config->policy.n_trusted_networks = N_ELEMENTS(loopback);
	if ((config->arena = arena_create(ARENA_CEILING)) == NULL) {
		free(config);
		return NULL;
	}
	return config;
}

void
config_unload(struct config **config)
{
	if (*config == NULL)
		return;
	arena_destroy(&(*config)->arena);
	free(*config);
	*config = NULL;
}

/* ---- what keys say of each other ----------------------------------------- */

/* The line of a key, or of the file's start where it has its default. */
static unsigned
line_of(const struct loader *loader, struct slice path)
{
	unsigned line = loader->lines[key_find(path)];

	return line != 0 ? line : 1;
}

static void
check_mode(struct loader *loader)
{
	if (loader->lines[key_find(SLICE("mode"))] == 0)
		problems_add(&loader->problems, 1, "mode is missing: write "
		    "mode = \"monitor\"; to see what assay would do, or "
		    "mode = \"enforce\"; to have it done");
}

static void
check_methods(struct loader *loader)
{
	const struct inspect_options *inspect = &loader->config->inspect;
	unsigned line = line_of(loader, SLICE("dmarc.enabled"));

	if (!inspect->is_dmarc_enabled)
		return;
	if (!inspect->is_spf_enabled && !inspect->is_dkim_enabled)
		problems_add(&loader->problems, line, "dmarc.enabled needs "
		    "SPF and DKIM: write spf: { enabled = true; }; and "
		    "dkim: { enabled = true; };, or dmarc: { enabled = false; "
		    "};");
	else if (!inspect->is_spf_enabled || !inspect->is_dkim_enabled)
		problems_note(&loader->problems, line, "dmarc.enabled without "
		    "%s: mail that only %s would let pass fails DMARC",
		    inspect->is_spf_enabled ? "dkim.enabled" : "spf.enabled",
		    inspect->is_spf_enabled ? "DKIM" : "SPF");
}

/* What is set and yet changes nothing, or less than its reader will think. */
static void
check_evidence(struct loader *loader)
{
	const struct config *config = loader->config;
	bool is_arc_off = !config->inspect.is_arc_enabled;

	if (config->policy.trusted_sealers.n == 0)
		return;
	if (is_arc_off || (config->policy.evidence & POLICY_SIGN_SEALER) == 0)
		problems_note(&loader->problems,
		    line_of(loader, SLICE("arc.trusted_sealers")),
		    "arc.trusted_sealers is not looked at: write %s",
		    is_arc_off ? "enabled = true; beside it" :
		    "\"sealer\" into dmarc.evidence");
	else if (config->policy.dmarc_reject == POLICY_REJECT_STRICT)
		problems_note(&loader->problems,
		    line_of(loader, SLICE("arc.trusted_sealers")),
		    "arc.trusted_sealers helps no mail that fails under "
		    "p=reject: dmarc.reject = \"strict\" refuses all of it");
}

static void
check_psl(struct loader *loader)
{
	if (loader->config->psl_file != NULL &&
	    loader->config->inspect.dmarc.discovery != DMARC_DISCOVERY_PSL)
		problems_note(&loader->problems,
		    line_of(loader, SLICE("dmarc.psl_file")),
		    "dmarc.psl_file is not looked at: write "
		    "org_domain = \"psl\"; too");
}

static void
check_trust_anchor(struct loader *loader)
{
	const struct unbound_options *resolver = &loader->config->resolver;

	if (resolver->trust_anchor_file != NULL && !resolver->dnssec)
		problems_note(&loader->problems,
		    line_of(loader, SLICE("resolver.trust_anchor_file")),
		    "resolver.trust_anchor_file is not looked at: write "
		    "dnssec = true; too");
}

static void
check_limits(struct loader *loader)
{
	const struct inspect_options *inspect = &loader->config->inspect;
	size_t needed = inspect->header.max_octets * MEMORY_PER_HEADER_OCTET;

	if (inspect->max_message_memory < needed)
		problems_add(&loader->problems,
		    line_of(loader, SLICE("limits.message_memory")),
		    "limits.message_memory is too small for "
		    "limits.header_octets: write %zu or more", needed);
}

static void
check_descriptors(struct loader *loader)
{
	struct config *config = loader->config;
	unsigned wanted = config->milter_limits.max_sessions;
	uint64_t max = descriptors_find_max();

	if (descriptors_fit(config, max))
		return;
	problems_note(&loader->problems,
	    line_of(loader, SLICE("limits.sessions")), "limits.sessions: %u "
	    "do not fit into the %" PRIu64 " files that a process may open "
	    "here: there can be %u at once; raise the limit (systemd: "
	    "LimitNOFILE=)", wanted, max, config->milter_limits.max_sessions);
}

/* Keys are the same for DKIM and ARC. */
static void
share_key_limits(struct inspect_options *inspect)
{
	inspect->arc.min_rsa_bits = inspect->dkim.min_rsa_bits;
	inspect->arc.max_rsa_bits = inspect->dkim.max_rsa_bits;
}

/* Whoever asks the cache waits little longer than the resolver may take. */
static void
share_time_out(struct config *config)
{
	config->cache.patience_ms = config->resolver.timeout_ms +
	    CACHE_GRACE_MS;
}

/* What a rule asks for and nobody finds out. */
static const char *
find_missing_method(const struct inspect_options *inspect,
    const struct policy_rule *rule)
{
	if (!rule->is_always && !inspect->is_dmarc_enabled)
		return "dmarc.enabled";
	if (rule->match.sealers.n != 0 && !inspect->is_arc_enabled)
		return "arc.enabled";
	if (rule->match.dkim_domains.n != 0 && !inspect->is_dkim_enabled)
		return "dkim.enabled";
	return NULL;
}

static void
check_rules(struct loader *loader)
{
	const struct policy_options *policy = &loader->config->policy;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const char *missing = find_missing_method(
		    &loader->config->inspect, &policy->rules[i]);

		if (missing != NULL)
			problems_note(&loader->problems, line_of(loader,
			    SLICE("rules")), "rule %zu fits no mail: it needs "
			    "%s", i + 1, missing);
	}
}

/* Two cannot listen in one place. */
static void
check_sockets(struct loader *loader)
{
	const struct config *config = loader->config;
	const struct {
		const char *name, *socket;
	} others[] = {
		{ "milter.socket", config->milter.socket },
		{ "mta_sts.socket", config->mta_sts.socket },
	};

	for (size_t i = 0; i < N_ELEMENTS(others); i++)
		if (strcmp(config->control.socket, others[i].socket) == 0)
			problems_add(&loader->problems, line_of(loader,
			    SLICE("control.socket")), "control.socket cannot "
			    "be \"%s\", which is %s: write another path",
			    config->control.socket, others[i].name);
}

/* ---- loading ------------------------------------------------------------- */

static void
read_keys(struct loader *loader, struct slice text)
{
	/* libconfig wants a NUL behind the text, which scan_text has found to
	 * hold none. */
	char *terminated = arena_copy_cstr(loader->config->arena, text);

	if (terminated == NULL || !walk_text((struct slice){ terminated,
	    text.len }, loader->config, &loader->problems, loader->lines))
		return;
	share_key_limits(&loader->config->inspect);
	share_time_out(loader->config);
	check_mode(loader);
	check_methods(loader);
	check_evidence(loader);
	check_psl(loader);
	check_trust_anchor(loader);
	check_rules(loader);
	check_sockets(loader);
	check_limits(loader);
	check_descriptors(loader);
}

struct config *
config_load_text(const char *name, struct slice text, struct strbuf *problems)
{
	struct config *config = create_config();
	struct loader loader;

	if (config == NULL) {
		strbuf_printf(problems, "%s:1: memory is out\n", name);
		return NULL;
	}
	loader = (struct loader){ .config = config, .problems = {
	    .file = name, .lines = problems, .arena = config->arena,
	    .last_note = &config->notes } };
	loader.lines = arena_alloc_array(config->arena, config_n_keys,
	    sizeof(*loader.lines));
	config->values = arena_alloc_array(config->arena, config_n_keys,
	    sizeof(*config->values));
	if (loader.lines != NULL && config->values != NULL &&
	    scan_text(text, &loader.problems))
		read_keys(&loader, text);
	if (loader.problems.n == 0 && arena_has_failed(config->arena))
		problems_add(&loader.problems, 1, "memory is out");
	if (loader.problems.n != 0)
		config_unload(&config);
	return config;
}

static struct config *
load_open_file(const char *path, int fd, struct strbuf *problems)
{
	size_t start = problems->len;
	struct config *config;
	struct slice text;

	strbuf_printf(problems, "%s:1: ", path);
	if (!file_read(fd, &text, problems)) {
		strbuf_append_char(problems, '\n');
		return NULL;
	}
	strbuf_truncate(problems, start);
	config = config_load_text(path, text, problems);
	file_free(text);
	return config;
}

struct config *
config_load(const char *path, struct strbuf *problems)
{
	struct config *config;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		strbuf_printf(problems, "%s:1: it cannot be opened: %s%s\n",
		    path, strerror(errno), errno == EACCES ?
		    " (a reload reads it as the user that assayd runs as)" :
		    "");
		return NULL;
	}
	config = load_open_file(path, fd, problems);
	close(fd);
	return config;
}
