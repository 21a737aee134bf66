/* config/keys.c - see keys.h.  A key that is added here is also described in
 * man/assayd.conf.5 and conf/assayd.conf; a test looks. */
#include "config/keys.h"

#include <limits.h>
#include <stddef.h>
#include <syslog.h>

#include "base/strbuf.h"
#include "config/http.h"
#include "config/problems.h"
#include "config/report.h"
#include "config/rules.h"
#include "config/settings.h"
#include "config/suggest.h"
#include "config/values.h"
#include "dkim/body.h"

#define MAX_SERVERS 16
#define MAX_LISTED 1000		/* networks, domains: looked through in order */

static const struct key_word mode_words[] = {
	{ "monitor", POLICY_MODE_MONITOR },
	{ "enforce", POLICY_MODE_ENFORCE },
	{ NULL, 0 },
};

static const struct key_word dmarc_reject_words[] = {
	{ "knowledge", POLICY_REJECT_KNOWLEDGE },
	{ "strict", POLICY_REJECT_STRICT },
	{ NULL, 0 },
};

static const struct key_word org_domain_words[] = {
	{ "treewalk", DMARC_DISCOVERY_TREE_WALK },
	{ "psl", DMARC_DISCOVERY_PSL },
	{ NULL, 0 },
};

static const struct key_word bad_from_words[] = {
	{ "reject", false },
	{ "accept", true },
	{ NULL, 0 },
};

static const struct key_word temperror_words[] = {
	{ "tempfail", false },
	{ "accept", true },
	{ NULL, 0 },
};

static const struct key_word log_level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

static const struct key_word log_format_words[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ NULL, 0 },
};

static const struct key_word log_facility_words[] = {
	{ "mail", LOG_MAIL },
	{ "daemon", LOG_DAEMON },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ NULL, 0 },
};

#define AT(member) offsetof(struct config, member)

const struct config_key config_keys[] = {
	{ .path = "mode", .type = KEY_WORD, .words = mode_words,
	    .set_word = set_mode },
	{ .path = "milter.socket", .type = KEY_TEXT, .set_text = set_socket,
	    .unset = "unix:/run/assay/assayd.sock", .needs_restart = true },
	{ .path = "milter.socket_mode", .type = KEY_TEXT, .unset = "0660",
	    .set_text = set_socket_mode, .needs_restart = true },
	{ .path = "milter.socket_group", .type = KEY_TEXT,
	    .set_text = set_socket_group, .needs_restart = true },
	{ .path = "milter.backlog", .type = KEY_NUMBER,
	    .offset = AT(milter.backlog), .min = 1, .max = 65535,
	    .needs_restart = true },
	{ .path = "milter.workers", .type = KEY_NUMBER,
	    .offset = AT(milter.workers), .min = 1,
	    .max = MILTER_MAX_WORKERS, .needs_restart = true },
	{ .path = "authserv_id", .type = KEY_TEXT,
	    .set_text = set_authserv_id },
	{ .path = "resolver.servers", .type = KEY_LIST, .max = MAX_SERVERS,
	    .set_list = set_servers, .unset = "resolv.conf" },
	/* An MTA waits 30 s for our answer to MAIL; SPF alone has 20 of
	 * them. */
	{ .path = "resolver.timeout_ms", .type = KEY_NUMBER,
	    .offset = AT(resolver.timeout_ms), .min = 100, .max = 20000 },
	{ .path = "resolver.dnssec", .type = KEY_BOOL,
	    .offset = AT(resolver.dnssec) },
	{ .path = "resolver.trust_anchor_file", .type = KEY_TEXT,
	    .set_text = set_trust_anchor_file },
	{ .path = "resolver.cache_mb", .type = KEY_NUMBER,
	    .offset = AT(cache.megabytes), .min = 1, .max = 4096 },
	{ .path = "resolver.zone_file", .type = KEY_TEXT,
	    .set_text = set_zone_file },
	{ .path = "spf.enabled", .type = KEY_BOOL,
	    .offset = AT(inspect.is_spf_enabled) },
	{ .path = "spf.reject", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_spf_reject },
	/* More than the ten terms of RFC 7208 4.6.4 cannot be void. */
	{ .path = "spf.max_void_lookups", .type = KEY_NUMBER,
	    .offset = AT(inspect.spf.max_void_lookups), .max = 10 },
	{ .path = "dkim.enabled", .type = KEY_BOOL,
	    .offset = AT(inspect.is_dkim_enabled) },
	/* RFC 8301 3.2: keys under 1024 bits never count as valid, and up to
	 * 4096 must be verified. */
	{ .path = "dkim.min_rsa_bits", .type = KEY_NUMBER,
	    .offset = AT(inspect.dkim.min_rsa_bits), .min = 1024,
	    .max = 4096 },
	/* And more than 4096 at will. */
	{ .path = "dkim.max_rsa_bits", .type = KEY_NUMBER,
	    .offset = AT(inspect.dkim.max_rsa_bits), .min = 4096,
	    .max = 16384 },
	/* Each may want a digest of the body for itself. */
	{ .path = "dkim.max_signatures", .type = KEY_NUMBER,
	    .offset = AT(inspect.dkim.max_signatures), .min = 1,
	    .max = DKIM_BODY_MAX_FORMS },
	{ .path = "arc.enabled", .type = KEY_BOOL,
	    .offset = AT(inspect.is_arc_enabled) },
	{ .path = "arc.max_sets", .type = KEY_NUMBER,
	    .offset = AT(inspect.arc.max_sets), .min = 1,
	    .max = ARC_MAX_SETS },
	{ .path = "arc.trusted_sealers", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_trusted_sealers },
	{ .path = "dmarc.enabled", .type = KEY_BOOL,
	    .offset = AT(inspect.is_dmarc_enabled) },
	{ .path = "dmarc.reject", .type = KEY_WORD,
	    .words = dmarc_reject_words, .set_word = set_dmarc_reject,
	    .unset = "knowledge" },
	{ .path = "dmarc.evidence", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_evidence, .unset = "all" },
	{ .path = "dmarc.forwarders", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_forwarders },
	{ .path = "dmarc.org_domain", .type = KEY_WORD,
	    .words = org_domain_words, .set_word = set_org_domain,
	    .unset = "treewalk" },
	{ .path = "dmarc.psl_file", .type = KEY_TEXT,
	    .set_text = set_psl_file },
	{ .path = "dmarc.quarantine", .type = KEY_TEXT,
	    .set_text = set_quarantine, .unset = "hold" },
	{ .path = "dmarc.bad_from", .type = KEY_WORD, .words = bad_from_words,
	    .set_word = set_bad_from, .unset = "reject" },
	{ .path = "dmarc.temperror", .type = KEY_WORD,
	    .words = temperror_words, .set_word = set_temperror,
	    .unset = "tempfail" },
	{ .path = "trusted.networks", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_trusted_networks, .unset = "loopback" },
	{ .path = "trusted.relays", .type = KEY_LIST, .max = MAX_LISTED,
	    .set_list = set_trusted_relays },
	{ .path = "trusted.authenticated", .type = KEY_BOOL,
	    .offset = AT(policy.is_authenticated_trusted) },
	{ .path = "rules", .type = KEY_GROUPS, .max = MAX_LISTED,
	    .set_groups = set_rules },
	{ .path = "replies.spf_reject", .type = KEY_TEXT,
	    .set_text = set_reply },
	{ .path = "replies.dmarc_reject", .type = KEY_TEXT,
	    .set_text = set_reply },
	{ .path = "replies.bad_from", .type = KEY_TEXT,
	    .set_text = set_reply },
	{ .path = "replies.temperror", .type = KEY_TEXT,
	    .set_text = set_reply },
	{ .path = "replies.rule_reject", .type = KEY_TEXT,
	    .set_text = set_reply },
	{ .path = "store", .type = KEY_TEXT, .set_text = set_store,
	    .is_secret = true },
	{ .path = "report.from", .type = KEY_TEXT,
	    .set_text = set_report_from },
	{ .path = "report.organization", .type = KEY_TEXT,
	    .set_text = set_report_organization },
	{ .path = "report.contact", .type = KEY_TEXT,
	    .set_text = set_report_contact },
	{ .path = "report.submitter", .type = KEY_TEXT,
	    .set_text = set_report_submitter },
	{ .path = "report.transport", .type = KEY_TEXT,
	    .set_text = set_report_transport,
	    .unset = "sendmail:/usr/sbin/sendmail" },
	{ .path = "report.recipient_domain", .type = KEY_BOOL,
	    .offset = AT(report.tells_recipient_domain) },
	/* Yesterday is reported on, and history wants some days. */
	{ .path = "report.keep_days", .type = KEY_NUMBER,
	    .offset = AT(report.keep_days), .min = 7, .max = 3650 },
	{ .path = "report.max_destinations", .type = KEY_NUMBER,
	    .offset = AT(report.max_destinations), .min = 1, .max = 100 },
	{ .path = "report.max_octets", .type = KEY_SIZE,
	    .offset = AT(report.max_octets), .min = 64 * 1024,
	    .max = 1024 * 1024 * 1024 },
	{ .path = "report.max_rows", .type = KEY_NUMBER,
	    .offset = AT(report.max_rows), .min = 100, .max = 10000000 },
	{ .path = "report.max_reports", .type = KEY_NUMBER,
	    .offset = AT(report.max_reports), .min = 1, .max = 1000 },
	{ .path = "report.failure.enabled", .type = KEY_BOOL,
	    .offset = AT(report.is_failure_enabled) },
	{ .path = "report.failure.subject", .type = KEY_BOOL,
	    .offset = AT(report.tells_subject) },
	{ .path = "report.failure.per_hour", .type = KEY_NUMBER,
	    .offset = AT(report.failures_per_hour), .min = 1, .max = 100000 },
	{ .path = "mta_sts.socket", .type = KEY_TEXT,
	    .set_text = set_mta_sts_socket,
	    .unset = "unix:/run/assay/mta-sts.sock" },
	{ .path = "mta_sts.socket_mode", .type = KEY_TEXT,
	    .set_text = set_mta_sts_socket_mode, .unset = "0660" },
	{ .path = "mta_sts.socket_group", .type = KEY_TEXT,
	    .set_text = set_mta_sts_socket_group },
	/* Postfix waits 100 s for a socketmap's answer. */
	{ .path = "mta_sts.timeout_s", .type = KEY_NUMBER,
	    .offset = AT(mta_sts.timeout_s), .min = 1, .max = 60 },
	{ .path = "control.socket", .type = KEY_TEXT,
	    .set_text = set_control_socket, .needs_restart = true },
	{ .path = "control.socket_mode", .type = KEY_TEXT,
	    .set_text = set_control_socket_mode, .unset = "0600",
	    .needs_restart = true },
	{ .path = "control.socket_group", .type = KEY_TEXT,
	    .set_text = set_control_socket_group, .needs_restart = true },
	{ .path = "http.listen", .type = KEY_TEXT,
	    .set_text = set_http_listen, .needs_restart = true },
	{ .path = "limits.header_octets", .type = KEY_SIZE,
	    .offset = AT(inspect.header.max_octets), .min = 16 * 1024,
	    .max = 16 * 1024 * 1024 },
	{ .path = "limits.header_fields", .type = KEY_SIZE,
	    .offset = AT(inspect.header.max_fields), .min = 50,
	    .max = 100000 },
	{ .path = "limits.questions", .type = KEY_NUMBER,
	    .offset = AT(inspect.dns.max_questions), .min = 20,
	    .max = 10000 },
	{ .path = "limits.network_questions", .type = KEY_NUMBER,
	    .offset = AT(throttle.per_second), .max = 1000000 },
	{ .path = "limits.network_burst", .type = KEY_NUMBER,
	    .offset = AT(throttle.burst), .min = 100, .max = 10000000 },
	/* The most that DNS can carry is 65535. */
	{ .path = "limits.answer_octets", .type = KEY_SIZE,
	    .offset = AT(inspect.dns.max_answer_octets), .min = 4096,
	    .max = 65535 },
	{ .path = "limits.answer_records", .type = KEY_SIZE,
	    .offset = AT(inspect.dns.max_answer_records), .min = 20,
	    .max = 10000 },
	/* Postfix waits 30 s for our answer to MAIL, and 300 s at the end of
	 * a message; the client, ten minutes there. */
	{ .path = "limits.mail_time_ms", .type = KEY_NUMBER,
	    .offset = AT(inspect.spf.budget_ms), .min = 1000, .max = 25000 },
	{ .path = "limits.message_time_ms", .type = KEY_NUMBER,
	    .offset = AT(inspect.finish_budget_ms), .min = 1000,
	    .max = 240000 },
	{ .path = "limits.sessions", .type = KEY_NUMBER,
	    .offset = AT(milter_limits.max_sessions), .min = 10,
	    .max = 1000000 },
	/* A message may take 4 MB by itself. */
	{ .path = "limits.memory_mb", .type = KEY_NUMBER,
	    .offset = AT(milter_limits.memory_mb), .min = 16,
	    .max = 1048576 },
	/* As many as dns/unbound.c knows of, in line or on their way. */
	{ .path = "limits.dns_in_flight", .type = KEY_NUMBER,
	    .offset = AT(resolver.max_in_flight), .min = 8, .max = 4096 },
	{ .path = "limits.message_memory", .type = KEY_SIZE,
	    .offset = AT(inspect.max_message_memory), .min = 1024 * 1024,
	    .max = 256 * 1024 * 1024 },
	{ .path = "log.level", .type = KEY_WORD, .words = log_level_words,
	    .set_word = set_log_level, .unset = "info" },
	{ .path = "log.format", .type = KEY_WORD, .words = log_format_words,
	    .set_word = set_log_format, .unset = "text" },
	{ .path = "log.target", .type = KEY_TEXT,
	    .set_text = set_log_target, .unset = "auto" },
	{ .path = "log.facility", .type = KEY_WORD,
	    .words = log_facility_words, .set_word = set_log_facility,
	    .unset = "mail" },
	{ .path = "user", .type = KEY_TEXT, .set_text = set_user,
	    .needs_restart = true },
	{ .path = "drain_s", .type = KEY_NUMBER, .offset = AT(drain_s),
	    .max = 600 },
};

const size_t config_n_keys = N_ELEMENTS(config_keys);

size_t
key_find(struct slice path)
{
	for (size_t i = 0; i < N_ELEMENTS(config_keys); i++)
		if (slice_eq(path, slice_from_cstr(config_keys[i].path)))
			return i;
	return SIZE_MAX;
}

/* The group in front of a path; empty where it has none. */
static struct slice
group_of(struct slice path)
{
	size_t dot = slice_find_last(path, '.');

	return dot == SIZE_MAX ? SLICE_EMPTY : slice_head(path, dot);
}

/* What stands behind the group, or all of PATH. */
static struct slice
last_part(struct slice path)
{
	size_t dot = slice_find_last(path, '.');

	return dot == SIZE_MAX ? path : slice_from(path, dot + 1);
}

bool
key_is_group(struct slice path)
{
	for (size_t i = 0; i < N_ELEMENTS(config_keys); i++) {
		struct slice key = slice_from_cstr(config_keys[i].path);

		if (path.len != 0 && path.len < key.len &&
		    key.ptr[path.len] == '.' && slice_starts_with(key, path))
			return true;
	}
	return false;
}

/* "enabled" is right in every group. */
static bool
is_name(struct slice name, struct slice known)
{
	return slice_eq_nocase(name, known) && !slice_eq(name,
	    SLICE("enabled"));
}

/* "timeout" for "timeout_ms". */
static bool
is_head_of_name(struct slice name, struct slice known)
{
	return name.len > 3 && slice_starts_with_nocase(known, name);
}

/* The first key, of whatever group, whose name IS_MEANT by that in PATH. */
static struct slice
find_by_name(struct slice path, bool (*is_meant)(struct slice name,
    struct slice known))
{
	for (size_t i = 0; i < N_ELEMENTS(config_keys); i++) {
		struct slice known = slice_from_cstr(config_keys[i].path);

		if (is_meant(last_part(path), last_part(known)))
			return known;
	}
	return SLICE_EMPTY;
}

struct slice
key_suggest(struct slice path)
{
	struct slice nearest = find_by_name(path, is_name);
	unsigned least = UINT_MAX;

	if (nearest.len != 0)
		return nearest;
	for (size_t i = 0; i < N_ELEMENTS(config_keys); i++) {
		struct slice known = slice_from_cstr(config_keys[i].path);
		struct slice candidates[] = { known, group_of(known) };

		for (size_t j = 0; j < N_ELEMENTS(candidates); j++) {
			unsigned distance = suggest_distance(path,
			    candidates[j]);

			if (candidates[j].len == 0 || distance >= least)
				continue;
			nearest = candidates[j];
			least = distance;
		}
	}
	return suggest_is_near(last_part(path), least) ? nearest :
	    find_by_name(path, is_head_of_name);
}
