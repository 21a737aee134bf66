/* config/values.c - see values.h. */
#include "config/values.h"

#include <grp.h>
#include <pwd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/ip.h"
#include "base/journal.h"
#include "base/strbuf.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/socket.h"
#include "dns/server.h"
#include "mail/address.h"
#include "mail/domain.h"
#include "policy/template.h"

#define MAX_AUTHSERV_ID 255	/* octets; no host name is longer */
#define MAX_ADDRESS 254		/* octets (RFC 5321 4.5.3.1.3, erratum 1690) */
#define MAX_SOCKET_MODE 0777

static void
refuse(const struct key_place *place, unsigned line, struct slice text,
    const char *instead)
{
	problems_add(place->problems, line, "%s cannot be \"%s\": %s",
	    place->path, problems_show(place->problems, text), instead);
}

/* For texts that "" turns off. */
static const char *
or_null(struct slice text)
{
	return text.len != 0 ? text.ptr : NULL;
}

/* ---- sockets ------------------------------------------------------------- */

static const char *
make_unix_socket(struct arena *arena, struct slice path)
{
	struct strbuf normal;

	strbuf_init(&normal, arena, path.len + 8);
	strbuf_append_cstr(&normal, "unix:");
	strbuf_append(&normal, path);
	return strbuf_cstr(&normal);
}

void
set_socket(const struct key_place *place, const struct key_text *text)
{
	struct socket_name name;
	enum socket_problem problem = socket_parse(text->text, &name);

	if (problem != SOCKET_OK) {
		refuse(place, text->line, text->text,
		    socket_problem_text(problem));
		return;
	}
	if (!name.is_unix) {
		place->config->milter.socket = text->text.ptr;
		if (name.host.len == 0)
			problems_note(place->problems, text->line,
			    "%s: this listens on every address of this host, "
			    "and any host that reaches it may use it",
			    place->path);
		return;
	}
	place->config->milter.socket = make_unix_socket(place->config->arena,
	    name.path);
}

/* One that can be nothing but a UNIX socket; INSTEAD is what to write. */
static void
take_unix_socket(const struct key_place *place, const struct key_text *text,
    const char *instead, const char **socket_out)
{
	struct socket_name name;
	enum socket_problem problem = socket_parse(text->text, &name);

	if (problem != SOCKET_OK || !name.is_unix)
		refuse(place, text->line, text->text,
		    problem == SOCKET_RELATIVE_PATH ||
		    problem == SOCKET_LONG_PATH ?
		    socket_problem_text(problem) : instead);
	else
		*socket_out = make_unix_socket(place->config->arena,
		    name.path);
}

/* Postfix's own notation, with a path as it is here and a table's name. */
void
set_mta_sts_socket(const struct key_place *place, const struct key_text *text)
{
	take_unix_socket(place, text, "write \"unix:/PATH\"",
	    &place->config->mta_sts.socket);
}

void
set_control_socket(const struct key_place *place, const struct key_text *text)
{
	if (text->text.len == 0)
		place->config->control.socket = "";
	else
		take_unix_socket(place, text,
		    "write \"unix:/PATH\", or \"\" for none",
		    &place->config->control.socket);
}

/* chmod(1)'s three octal digits, as text: libconfig does not read 0660 as an
 * octal number. */
static void
take_socket_mode(const struct key_place *place, const struct key_text *text,
    unsigned *mode_out)
{
	struct slice digits = text->text;
	unsigned mode = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '7') {
			mode = MAX_SOCKET_MODE + 1;
			break;
		}
		mode = mode * 8 + (unsigned)(digits.ptr[i] - '0');
		if (mode > MAX_SOCKET_MODE)
			break;
	}
	if (digits.len < 3 || mode > MAX_SOCKET_MODE) {
		refuse(place, text->line, digits,
		    "write an octal mode such as \"0660\"");
		return;
	}
	*mode_out = mode;
}

void
set_socket_mode(const struct key_place *place, const struct key_text *text)
{
	take_socket_mode(place, text, &place->config->milter.socket_mode);
}

void
set_mta_sts_socket_mode(const struct key_place *place,
    const struct key_text *text)
{
	take_socket_mode(place, text, &place->config->mta_sts.socket_mode);
}

void
set_control_socket_mode(const struct key_place *place,
    const struct key_text *text)
{
	take_socket_mode(place, text, &place->config->control.socket_mode);
}

static const char *
take_socket_group(const struct key_place *place, const struct key_text *text)
{
	if (text->text.len != 0 && getgrnam(text->text.ptr) == NULL)
		refuse(place, text->line, text->text,
		    "there is no such group: write one of group(5), or \"\"");
	return or_null(text->text);
}

void
set_socket_group(const struct key_place *place, const struct key_text *text)
{
	place->config->milter.socket_group = take_socket_group(place, text);
}

void
set_mta_sts_socket_group(const struct key_place *place,
    const struct key_text *text)
{
	place->config->mta_sts.socket_group = take_socket_group(place, text);
}

void
set_control_socket_group(const struct key_place *place,
    const struct key_text *text)
{
	place->config->control.socket_group = take_socket_group(place, text);
}

void
set_user(const struct key_place *place, const struct key_text *text)
{
	place->config->user = or_null(text->text);
	if (text->text.len != 0 && getpwnam(text->text.ptr) == NULL)
		refuse(place, text->line, text->text,
		    "there is no such user: write one of passwd(5), or \"\"");
}

/* "journal" is refused here and not in a table of words: it depends on what
 * this program was built with. */
void
set_log_target(const struct key_place *place, const struct key_text *text)
{
	static const struct key_word words[] = {
		{ "auto", LOG_TARGET_AUTO },
		{ "syslog", LOG_TARGET_SYSLOG },
		{ "journal", LOG_TARGET_JOURNAL },
		{ "stderr", LOG_TARGET_STDERR },
		{ NULL, 0 },
	};
	unsigned target;

	if (!key_find_word(words, text->text, &target))
		key_refuse_word(place, text->text, words);
	else if (target == LOG_TARGET_JOURNAL && !journal_is_built())
		refuse(place, text->line, text->text, "this program was built "
		    "without libsystemd; write \"syslog\"");
	else
		place->config->log_target = (enum log_target)target;
}

/* ---- files --------------------------------------------------------------- */

/* The daemon's working folder is nobody's business. */
static const char *
take_path(const struct key_place *place, const struct key_text *text)
{
	if (text->text.len != 0 && text->text.ptr[0] != '/')
		refuse(place, text->line, text->text,
		    "write the whole path, from the first \"/\" on");
	return or_null(text->text);
}

void
set_zone_file(const struct key_place *place, const struct key_text *text)
{
	place->config->zone_file = take_path(place, text);
	if (text->text.len != 0)
		problems_note(place->problems, text->line,
		    "%s: no DNS server is asked, this file answers everything",
		    place->path);
}

void
set_trust_anchor_file(const struct key_place *place,
    const struct key_text *text)
{
	place->config->resolver.trust_anchor_file = take_path(place, text);
}

void
set_psl_file(const struct key_place *place, const struct key_text *text)
{
	place->config->psl_file = take_path(place, text);
}

/* ---- replies ------------------------------------------------------------- */

void
set_reply(const struct key_place *place, const struct key_text *text)
{
	static const struct {
		struct slice path;
		enum policy_reply reply;
	} replies[POLICY_N_REPLIES] = {
		{ SLICE_INIT("replies.spf_reject"), POLICY_REPLY_SPF },
		{ SLICE_INIT("replies.dmarc_reject"), POLICY_REPLY_DMARC },
		{ SLICE_INIT("replies.bad_from"), POLICY_REPLY_BAD_FROM },
		{ SLICE_INIT("replies.temperror"), POLICY_REPLY_TEMPERROR },
		{ SLICE_INIT("replies.rule_reject"), POLICY_REPLY_RULE },
	};
	const char *instead = template_check(text->text);

	if (instead != NULL)
		refuse(place, text->line, text->text, instead);
	for (size_t i = 0; i < N_ELEMENTS(replies); i++)
		if (slice_eq(replies[i].path, slice_from_cstr(place->path)))
			place->config->policy.replies[replies[i].reply] =
			    or_null(text->text);
}

/* ---- names --------------------------------------------------------------- */

/* authserv-id = value = token / quoted-string (RFC 8601 2.2, RFC 2045 5.1);
 * beyond ASCII it is a host name with U-labels (RFC 8601 2.2, 5).  The quotes
 * are put on by whoever writes the field. */
void
set_authserv_id(const struct key_place *place, const struct key_text *text)
{
	struct slice id = text->text, domain;

	if (id.len > MAX_AUTHSERV_ID)
		refuse(place, text->line, id, "write a shorter name");
	else if (!slice_is_ascii(id) &&
	    !domain_normalize(place->config->arena, id, &domain))
		refuse(place, text->line, id, "it is no host name; write it "
		    "in ASCII, or in UTF-8 without a fault");
	else if (slice_find(id, ' ') != SIZE_MAX ||
	    slice_find(id, '"') != SIZE_MAX)
		refuse(place, text->line, id, "write one word without blanks "
		    "and quotes, usually this host's name");
	place->config->authserv_id = or_null(id);
}

static bool
is_redirect_octet(char c)
{
	return ascii_is_vchar(c) && c != '<' && c != '>';
}

static bool
is_redirect_address(const struct key_place *place, struct slice address)
{
	struct mail_path path;
	struct slice domain;
	struct cursor cur = cursor_of(address);

	mail_parse_path(address, &path);
	return address.len <= MAX_ADDRESS &&
	    cursor_take_while(&cur, is_redirect_octet).len == address.len &&
	    path.local.len != 0 &&
	    domain_normalize(place->config->arena, path.domain, &domain);
}

/* The last one is there to be shown: set_quarantine reads it itself. */
static const struct key_word quarantine_words[] = {
	{ "hold", POLICY_QUARANTINE_HOLD },
	{ "tag", POLICY_QUARANTINE_TAG },
	{ "reject", POLICY_QUARANTINE_REJECT },
	{ "none", POLICY_QUARANTINE_NONE },
	{ "redirect:ADDRESS", POLICY_QUARANTINE_REDIRECT },
	{ NULL, 0 },
};

void
set_quarantine(const struct key_place *place, const struct key_text *text)
{
	struct policy_options *policy = &place->config->policy;
	struct cursor cur = cursor_of(text->text);
	unsigned value;

	if (cursor_take_text_nocase(&cur, SLICE("redirect:"))) {
		if (!is_redirect_address(place, cursor_rest(&cur)))
			refuse(place, text->line, text->text, "write a mail "
			    "address: \"redirect:quarantine@example.org\"");
		policy->quarantine = POLICY_QUARANTINE_REDIRECT;
		policy->quarantine_address = cur.pos;
	} else if (key_find_word(quarantine_words, text->text, &value)) {
		policy->quarantine = (enum policy_quarantine)value;
	} else {
		key_refuse_word(place, text->text, quarantine_words);
	}
}

/* ---- lists --------------------------------------------------------------- */

static bool
is_recursive(const struct key_text *text)
{
	return slice_eq(text->text, SLICE("recursive"));
}

void
set_servers(const struct key_place *place, const struct key_text *texts,
    size_t n)
{
	const char **servers = arena_alloc_array(place->config->arena, n,
	    sizeof(*servers));

	if (servers == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++) {
		servers[i] = texts[i].text.ptr;
		if (is_recursive(&texts[i]) ? n != 1 :
		    !dns_check_server(texts[i].text))
			refuse(place, texts[i].line, texts[i].text,
			    is_recursive(&texts[i]) ? "it stands alone: write "
			    "[\"recursive\"], or addresses only" :
			    "write \"ADDRESS\", \"ADDRESS@PORT\", or "
			    "[\"recursive\"] alone");
	}
	place->config->resolver.servers = servers;
	place->config->resolver.n_servers = n;
}

/* Pass is not there: who wants no mail at all need not ask SPF first. */
static const struct key_word spf_reject_words[] = {
	{ "fail", 1U << SPF_FAIL },
	{ "softfail", 1U << SPF_SOFTFAIL },
	{ "neutral", 1U << SPF_NEUTRAL },
	{ "none", 1U << SPF_NONE },
	{ "permerror", 1U << SPF_PERMERROR },
	{ "temperror", 1U << SPF_TEMPERROR },
	{ NULL, 0 },
};

/* All words' bits together. */
static unsigned
set_bits(const struct key_place *place, const struct key_text *texts, size_t n,
    const struct key_word *words)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		struct key_place there = *place;
		unsigned bit;

		there.line = texts[i].line;
		if (key_find_word(words, texts[i].text, &bit))
			bits |= bit;
		else
			key_refuse_word(&there, texts[i].text, words);
	}
	return bits;
}

void
set_spf_reject(const struct key_place *place, const struct key_text *texts,
    size_t n)
{
	place->config->policy.spf_reject = set_bits(place, texts, n,
	    spf_reject_words);
}

static const struct key_word evidence_words[] = {
	{ "arc", POLICY_SIGN_ARC },
	/* Where only the body has changed it no longer verifies, either. */
	{ "signature", POLICY_SIGN_SIGNATURE | POLICY_SIGN_SIGNATURE_BODY },
	{ "signature-body", POLICY_SIGN_SIGNATURE_BODY },
	{ "list", POLICY_SIGN_LIST },
	{ "forwarder", POLICY_SIGN_FORWARDER },
	{ "relay", POLICY_SIGN_RELAY },
	{ "sealer", POLICY_SIGN_SEALER },
	{ "history", POLICY_SIGN_HISTORY },
	{ NULL, 0 },
};

void
set_evidence(const struct key_place *place, const struct key_text *texts,
    size_t n)
{
	place->config->policy.evidence = set_bits(place, texts, n,
	    evidence_words);
}

struct ip_network *
values_take_networks(const struct key_place *place,
    const struct key_text *texts, size_t n)
{
	struct ip_network *networks = arena_alloc_array(place->config->arena,
	    n, sizeof(*networks));

	for (size_t i = 0; networks != NULL && i < n; i++) {
		if (ip_parse_network(texts[i].text, &networks[i]))
			continue;
		refuse(place, texts[i].line, texts[i].text, "write an address "
		    "or a network, \"192.0.2.0/24\" or \"2001:db8::/32\"");
		networks[i] = (struct ip_network){ .prefix_bits = 0 };
	}
	return networks;
}

static bool
is_everybody(const struct ip_network *network)
{
	return network->address.family != IP_NONE && network->prefix_bits == 0;
}

void
set_trusted_networks(const struct key_place *place,
    const struct key_text *texts, size_t n)
{
	struct ip_network *networks = values_take_networks(place, texts, n);

	if (networks == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++)
		if (is_everybody(&networks[i]))
			problems_note(place->problems, texts[i].line,
			    "%s: \"%s\" trusts everybody: no mail is inspected",
			    place->path, texts[i].text.ptr);
	place->config->policy.trusted_networks = networks;
	place->config->policy.n_trusted_networks = n;
}

void
set_trusted_relays(const struct key_place *place,
    const struct key_text *texts, size_t n)
{
	struct ip_network *networks = values_take_networks(place, texts, n);

	if (networks == NULL)
		return;		/* config_load looks at arena_has_failed */
	for (size_t i = 0; i < n; i++)
		if (is_everybody(&networks[i]))
			problems_add(place->problems, texts[i].line,
			    "%s cannot be \"%s\": whoever comes could say who "
			    "he is; write your own hosts", place->path,
			    texts[i].text.ptr);
	place->config->inspect.relays =
	    (struct relay_networks){ networks, n };
}

/* ---- words --------------------------------------------------------------- */

void
set_mode(struct config *config, unsigned mode)
{
	config->policy.mode = (enum policy_mode)mode;
}

void
set_dmarc_reject(struct config *config, unsigned reject)
{
	config->policy.dmarc_reject = (enum policy_dmarc_reject)reject;
}

void
set_org_domain(struct config *config, unsigned discovery)
{
	config->inspect.dmarc.discovery = (enum dmarc_discovery)discovery;
}

void
set_bad_from(struct config *config, unsigned is_accepted)
{
	config->policy.is_bad_from_accepted = is_accepted != 0;
}

void
set_temperror(struct config *config, unsigned is_accepted)
{
	config->policy.is_temperror_accepted = is_accepted != 0;
}

void
set_log_level(struct config *config, unsigned level)
{
	config->log_level = (enum log_level)level;
}

void
set_log_format(struct config *config, unsigned format)
{
	config->log_format = (enum log_format)format;
}

void
set_log_facility(struct config *config, unsigned facility)
{
	config->log_facility = (int)facility;
}
