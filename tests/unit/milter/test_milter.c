/* tests/unit/milter/test_milter.c - sessions of an MTA, played to a real
 * libmilter over a UNIX socket, with DNS from a zone in memory.
 *
 * libmilter serves once per process: one server for all tests, whose options
 * each test may change while nobody is connected. */
#include "inspect/forged.h"
#include "milter/milter.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

#include "base/log.h"
#include "base/poison.h"
#include "base/strbuf.h"
#include "milter/libmilter.h"
#include "milter/service.h"
#include "unit/asked.h"
#include "unit/inspect/sample.h"
#include "unit/milter/peer.h"
#include "unit/test.h"

#define OURS "mx.example.org"
#define FORGED "Authentication-Results: " OURS "; spf=pass\n"
#define FOREIGN "Authentication-Results: mx.example.net; spf=pass\n"
#define HONEST "192.0.2.1"
#define FORGER "198.51.100.66"

#define TEN(text) text text text text text text text text text text
#define ZONE \
	"example.org TXT v=spf1 ip4:192.0.2.0/24 -all exp=why.example.org\n" \
	"why.example.org TXT 100%% sure: %{i} is not of %{d}\n" \
	"_dmarc.example.org TXT v=DMARC1; p=reject\n" \
	"quarantine.example TXT v=spf1 -all\n" \
	"_dmarc.quarantine.example TXT v=DMARC1; p=quarantine\n" \
	"_dmarc.mute.example TIMEOUT\n" \
	"mute.example SERVFAIL\n" \
	"long.example TXT v=spf1 -all exp=why.long.example\n" \
	"why.long.example TXT " TEN(TEN(TEN("%% "))) "\n" \
	"bytes.example TXT v=spf1 -all exp=why.bytes.example\n" \
	"why.bytes.example TXT caf\xe9 \x1b[2J 100%%\n" \
	"break.example TXT v=spf1 -all exp=why.break.example\n" \
	"why.break.example TXT no\r250 2.0.0 ok\n" \
	"_dmarc.example.com TXT v=DMARC1; p=reject\n" \
	SAMPLE_KEYS SAMPLE_SIMPLE_KEY

/* The one server. */
static struct {
	char folder[64], path[96], socket[104], log_path[96];
	struct milter_context context;
	pthread_t thread;
	bool has_run_well;
	int saved_stderr, log_fd;
	off_t log_start;	/* of the test that runs */
} server;

static const struct milter_context defaults = {
	.milter = MILTER_OPTIONS_DEFAULT,
	.inspect = INSPECT_OPTIONS_DEFAULT,
	.policy = POLICY_OPTIONS_DEFAULT,
	.authserv_id = OURS,
	.hostname = "host.example.org",
};

static void *
run(void *unused)
{
	(void)unused;
	server.has_run_well = milter_run();
	return NULL;
}

static void
wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 2000000 };

	nanosleep(&moment, NULL);
}

/* stderr is a file from now on; the sanitizer's reports are not for it. */
static void
catch_log(void)
{
	server.saved_stderr = dup(STDERR_FILENO);
	server.log_fd = open(server.log_path, O_RDWR | O_CREAT | O_APPEND,
	    0600);
	assert_true(server.saved_stderr >= 0 && server.log_fd >= 0);
	assert_true(dup2(server.log_fd, STDERR_FILENO) >= 0);
#ifdef POISON_ENABLED
	__sanitizer_set_report_fd((void *)(intptr_t)server.saved_stderr);
#endif
}

static int
start_server(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	(void)state;
	strcpy(server.folder, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(server.folder));
	snprintf(server.path, sizeof(server.path), "%s/s", server.folder);
	snprintf(server.socket, sizeof(server.socket), "unix:%s",
	    server.path);
	snprintf(server.log_path, sizeof(server.log_path), "%s/log",
	    server.folder);
	catch_log();
	server.context = defaults;
	server.context.milter.socket = server.socket;
	server.context.resolver = test_zone(ZONE);
	server.context.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_DEBUG,
	    "assayd", 0);
	assert_non_null(server.context.log);
	strbuf_init(&problem, arena, 4096);
	if (!milter_open(&server.context, &problem))
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(&problem)));
	assert_int_equal(pthread_create(&server.thread, NULL, run, NULL), 0);
	arena_destroy(&arena);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	milter_stop();
	assert_int_equal(pthread_join(server.thread, NULL), 0);
	assert_true(server.has_run_well);
	dns_destroy_resolver(&server.context.resolver);
	log_destroy(&server.context.log);
	return 0;
}

/* Before each test: what the last one changed is undone. */
static int
set_defaults(void **state)
{
	struct milter_context context = defaults;

	(void)state;
	context.milter = server.context.milter;
	context.resolver = server.context.resolver;
	context.log = server.context.log;
	context.policy.mode = POLICY_MODE_ENFORCE;
	server.context = context;
	server.log_start = lseek(server.log_fd, 0, SEEK_END);
	return 0;
}

static void
wait_until_idle(void)
{
	for (int i = 0; i < 5000 && milter_count_open_messages() != 0; i++)
		wait_a_moment();
	assert_int_equal(milter_count_open_messages(), 0);
}

/* What the test has written to the log, or *TEXT of it at the latest after a
 * while. */
static struct slice
read_log(struct arena *arena, const char *text)
{
	char *mem = arena_alloc(arena, 1024 * 1024);
	ssize_t n = 0;

	assert_non_null(mem);
	for (int i = 0; i < 2000; i++) {
		n = pread(server.log_fd, mem, 1024 * 1024 - 1,
		    server.log_start);
		assert_true(n >= 0);
		mem[n] = '\0';
		if (strstr(mem, text) != NULL)
			break;
		wait_a_moment();
	}
	return (struct slice){ mem, (size_t)n };
}

static void
assert_logged(const char *text)
{
	struct arena *arena = test_arena();

	if (strstr(read_log(arena, text).ptr, text) == NULL)
		fail_msg("not in the log: %s", text);
	arena_destroy(&arena);
}

/* ---- pieces of a session ------------------------------------------------- */

static void
open_peer(struct peer *peer, const char *address)
{
	assert_true(peer_open(peer, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	peer_define(peer, SMFIC_CONNECT, "j", "mta.example.org",
	    "{daemon_name}", "smtpd", NULL);
	assert_int_equal(peer_client(peer, "client.example.org", SMFIA_INET,
	    address), SMFIR_CONTINUE);
	assert_int_equal(peer_helo(peer, "mail.example.org"), SMFIR_CONTINUE);
}

static void
send_message(struct peer *peer, const char *sender, const char *header,
    const char *body)
{
	assert_int_equal(peer_mail(peer, sender, NULL, NULL), SMFIR_CONTINUE);
	peer_define(peer, SMFIC_RCPT, "i", "4XyZ", NULL);
	assert_int_equal(peer_rcpt(peer, "<user@example.org>"),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_rcpt(peer, "<\"second one\"@example.org>"),
	    SMFIR_CONTINUE);
	peer_fields(peer, header);
	assert_int_equal(peer_end_header(peer), SMFIR_CONTINUE);
	if (body[0] != '\0')
		assert_int_equal(peer_body(peer, slice_from_cstr(body)),
		    SMFIR_CONTINUE);
}

struct outcome {
	char answer;
	struct slice changes, text;
};

static struct outcome
end_message(struct peer *peer)
{
	struct outcome outcome;

	outcome.answer = peer_end(peer, SLICE_EMPTY, &outcome.changes,
	    &outcome.text);
	return outcome;
}

static bool
contains(struct slice text, const char *part)
{
	return part[0] == '\0' || (text.len != 0 &&
	    memmem(text.ptr, text.len, part, strlen(part)) != NULL);
}

static void
assert_contains(const char *name, struct slice text, const char *part)
{
	if (!contains(text, part))
		fail_msg("%s: no \"%s\" in: %.*s", name, part,
		    SLICE_PRINTF(text));
}

/* ---- verdicts ------------------------------------------------------------ */

static void
test_verdicts(void **state)
{
	static const struct {
		const char *name, *address, *sender, *header;
		char answer;
		const char *text;	/* a part of the reply */
		const char *changes;	/* a part of them */
	} cases[] = {
		{ "honest", HONEST, "<a@example.org>", "From: a@example.org\n",
		    SMFIR_CONTINUE, "", "dmarc=pass (p=reject dis=none)" },
		{ "forged", FORGER, "<a@none.example>",
		    "From: a@example.org\n", SMFIR_REPLYCODE,
		    "550 5.7.1 rejected by the DMARC policy of example.org",
		    "" },
		{ "quarantined", FORGER, "<a@none.example>",
		    "From: a@quarantine.example\n", SMFIR_CONTINUE, "",
		    "\nquarantine dmarc=fail p=quarantine" },
		{ "no answer", FORGER, "<a@none.example>",
		    "From: a@mute.example\n", SMFIR_REPLYCODE,
		    "451 4.7.0 DMARC", "" },
		{ "two authors", HONEST, "<a@example.org>",
		    "From: a@example.org\nFrom: a@example.org\n",
		    SMFIR_REPLYCODE, "550 5.7.1 DMARC", "" },
		{ "null sender", HONEST, "<>", "From: a@none.example\n",
		    SMFIR_CONTINUE, "", "smtp.helo=mail.example.org" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct peer peer;
		struct outcome outcome;

		open_peer(&peer, cases[i].address);
		send_message(&peer, cases[i].sender, cases[i].header, "x\r\n");
		outcome = end_message(&peer);
		if (outcome.answer != cases[i].answer)
			fail_msg("%s: answer %c", cases[i].name,
			    outcome.answer);
		assert_contains(cases[i].name, outcome.text, cases[i].text);
		if (cases[i].answer == SMFIR_REPLYCODE)
			assert_int_equal(outcome.changes.len, 0);
		else
			assert_contains(cases[i].name, outcome.changes,
			    cases[i].changes);
		assert_int_equal(milter_count_open_messages(), 0);
		peer_quit(&peer);
	}
}

static void
test_monitor(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	server.context.policy.mode = POLICY_MODE_MONITOR;
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	open_peer(&peer, FORGER);
	send_message(&peer, "<a@example.org>", FORGED "From: a@example.org\n",
	    "");
	outcome = end_message(&peer);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_contains("changes", outcome.changes, "delete 1 ");
	assert_contains("changes", outcome.changes,
	    "dmarc=fail (p=reject dis=none)");
	assert_contains("changes", outcome.changes, "spf=fail");
	assert_logged("verdict=accept wanted=reject reason=\"spf=fail ");
	assert_logged("verdict=accept wanted=reject reason=\"dmarc=fail ");
	peer_quit(&peer);
}

static void
test_deletions(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	open_peer(&peer, HONEST);
	send_message(&peer, "<a@example.org>", FORGED FOREIGN
	    "From: a@example.org\n" FORGED
	    "authentication-results: MX.EXAMPLE.ORG 1; none\n" FOREIGN, "");
	outcome = end_message(&peer);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_true(slice_starts_with(outcome.changes, SLICE(
	    "delete 4 Authentication-Results\n"
	    "delete 3 Authentication-Results\n"
	    "delete 1 Authentication-Results\n"
	    "insert 0 Authentication-Results: " OURS ";")));
	peer_quit(&peer);
}

static void
test_quarantine_forms(void **state)
{
	static const struct {
		const char *name;
		enum policy_quarantine quarantine;
		const char *last;	/* change */
	} cases[] = {
		{ "redirect", POLICY_QUARANTINE_REDIRECT,
		    "\nremove <user@example.org>\n"
		    "remove <\"second one\"@example.org>\n"
		    "add <junk@example.org>\n" },
		{ "tag", POLICY_QUARANTINE_TAG, "policy.dmarc=quarantine\n" },
		{ "none", POLICY_QUARANTINE_NONE,
		    "policy.dmarc=quarantine\n" },
	};

	(void)state;
	server.context.policy.quarantine_address = "<junk@example.org>";
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct peer peer;
		struct outcome outcome;

		server.context.policy.quarantine = cases[i].quarantine;
		open_peer(&peer, FORGER);
		send_message(&peer, "<a@none.example>",
		    "From: a@quarantine.example\n", "");
		outcome = end_message(&peer);
		assert_int_equal(outcome.answer, SMFIR_CONTINUE);
		assert_true(slice_ends_with_nocase(outcome.changes,
		    slice_from_cstr(cases[i].last)));
		assert_true(contains(outcome.changes, "dis=quarantine") ==
		    (cases[i].quarantine != POLICY_QUARANTINE_NONE));
		peer_quit(&peer);
	}
}

static void
test_spf_at_mail(void **state)
{
	struct peer peer;
	struct slice text;

	(void)state;
	server.context.policy.spf_reject = 1U << SPF_FAIL | 1U << SPF_TEMPERROR;
	open_peer(&peer, FORGER);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "550 5.7.23 SPF MAIL FROM");
	assert_contains("percent", text, "100%% sure: " FORGER);
	assert_int_equal(milter_count_open_messages(), 0);
	assert_logged("queue=NOQUEUE daemon=smtpd client=" FORGER);
	assert_logged("spf=fail");
	assert_int_equal(peer_mail(&peer, "<a@mute.example>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "451 4.7.24 SPF MAIL FROM");
	/* The session goes on. */
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	peer_quit(&peer);
}

/* Each line of a reply is printable ASCII and short enough. */
static void
expect_reply_lines(const char *name, struct slice text)
{
	size_t octets = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		octets = c == '\n' ? 0 : octets + 1;
		if ((c < ' ' || c > '~') && c != '\r' && c != '\n')
			fail_msg("%s: octet %d", name, c);
		if (octets > 511)
			fail_msg("%s: a line is too long", name);
	}
}

/* What a domain explains is its own: thousands of percent signs, octets that
 * are no ASCII, a line end before what looks like another reply. */
static void
test_explanations(void **state)
{
	static const struct {
		const char *sender, *text;
	} cases[] = {
		{ "<a@long.example>", "%% %% %% %% " },
		{ "<a@bytes.example>", "5.7.23 SPF" },
		{ "<a@break.example>", "5.7.23 SPF" },
	};
	struct peer peer;

	(void)state;
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	open_peer(&peer, FORGER);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text;

		assert_int_equal(peer_mail(&peer, cases[i].sender, NULL,
		    &text), SMFIR_REPLYCODE);
		assert_contains(cases[i].sender, text, "550");
		assert_contains(cases[i].sender, text, cases[i].text);
		assert_false(contains(text, "250 2.0.0"));
		expect_reply_lines(cases[i].sender, text);
	}
	peer_quit(&peer);
}

/* ---- who is not inspected ------------------------------------------------ */

static void
expect_skipped(struct peer *peer, const char *name)
{
	struct outcome outcome;

	send_message(peer, "<a@example.org>", FORGED "From: a@example.org\n",
	    "");
	outcome = end_message(peer);
	if (outcome.answer != SMFIR_CONTINUE)
		fail_msg("%s: answer %c", name, outcome.answer);
	assert_contains(name, outcome.changes,
	    "delete 1 Authentication-Results\n"
	    "insert 0 Authentication-Results: " OURS ";");
	assert_contains(name, outcome.changes, "none\n");
	assert_false(contains(outcome.changes, "dmarc="));
	peer_quit(peer);
}

static void
test_trust(void **state)
{
	struct ip_network network;
	struct peer peer;

	(void)state;
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	open_peer(&peer, FORGER);
	peer_define(&peer, SMFIC_MAIL, "{auth_authen}", "alice", NULL);
	expect_skipped(&peer, "authenticated");
	assert_logged("trusted=authenticated");

	assert_true(ip_parse_network(SLICE("198.51.100.0/24"), &network));
	server.context.policy.trusted_networks = &network;
	server.context.policy.n_trusted_networks = 1;
	open_peer(&peer, FORGER);
	expect_skipped(&peer, "network");
	assert_logged("trusted=network");
}

static void
test_no_smtp_client(void **state)
{
	static const char families[] = { SMFIA_UNKNOWN, SMFIA_UNIX };

	(void)state;
	server.context.policy.spf_reject = 1U << SPF_NONE | 1U << SPF_FAIL;
	for (size_t i = 0; i < N_ELEMENTS(families); i++) {
		struct peer peer;

		assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
		    PEER_ALL_STEPS));
		assert_int_equal(peer_client(&peer, "localhost", families[i],
		    "/tmp/x"), SMFIR_CONTINUE);
		expect_skipped(&peer, "no client");
		assert_logged("client=unknown");
	}
}

/* IPv4 in an IPv6 dress is IPv4. */
static void
test_mapped_client(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	assert_int_equal(peer_client(&peer, "x", SMFIA_INET6,
	    "::ffff:" HONEST), SMFIR_CONTINUE);
	send_message(&peer, "<a@example.org>", "From: a@example.org\n", "");
	outcome = end_message(&peer);
	assert_contains("field", outcome.changes, "spf=pass");
	assert_logged("client=" HONEST " ");
	peer_quit(&peer);
}

/* ---- names and spaces ---------------------------------------------------- */

static void
test_authserv_id(void **state)
{
	static const struct {
		const char *name, *configured;
		bool has_macro;
		const char *want;
	} cases[] = {
		{ "configured", "a.example.org", true, " a.example.org;" },
		{ "the MTA's", NULL, true, " mta.example.org;" },
		{ "the host's", NULL, false, " host.example.org;" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct peer peer;
		struct outcome outcome;

		server.context.authserv_id = cases[i].configured;
		assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
		    PEER_ALL_STEPS));
		if (cases[i].has_macro)
			peer_define(&peer, SMFIC_CONNECT, "j",
			    "mta.example.org", NULL);
		assert_int_equal(peer_client(&peer, "x", SMFIA_INET, HONEST),
		    SMFIR_CONTINUE);
		send_message(&peer, "<a@example.org>",
		    "Authentication-Results: a.example.org;\n"
		    "Authentication-Results: mta.example.org;\n"
		    "Authentication-Results: host.example.org;\n"
		    "From: a@example.org\n", "");
		outcome = end_message(&peer);
		assert_contains(cases[i].name, outcome.changes, cases[i].want);
		test_assert_slice(cases[i].name, slice_head(outcome.changes,
		    9), i == 0 ? "delete 1 " : i == 1 ? "delete 2 " :
		    "delete 3 ");
		peer_quit(&peer);
	}
}

/* With SMFIP_HDR_LEADSPC, without, and with protocol 2, which has no more than
 * the barest. */
static void
test_protocols(void **state)
{
	static const struct {
		const char *name;
		unsigned long version, actions, steps;
		const char *field;	/* as it is inserted */
	} cases[] = {
		{ "all", 6, PEER_ALL_ACTIONS, PEER_ALL_STEPS,
		    "insert 0 Authentication-Results: " OURS },
		{ "no leading space", 6, PEER_ALL_ACTIONS,
		    PEER_ALL_STEPS ^ (unsigned long)SMFIP_HDR_LEADSPC,
		    "insert 0 Authentication-Results:" OURS },
		{ "no macro lists", 6, PEER_ALL_ACTIONS ^
		    (unsigned long)SMFIF_SETSYMLIST, PEER_ALL_STEPS,
		    "insert 0 Authentication-Results: " OURS },
		{ "protocol 2", 2, PEER_V2_ACTIONS, PEER_V2_STEPS,
		    "insert 0 Authentication-Results:" OURS },
		{ "no flags at all", 2, PEER_V2_ACTIONS, 0,
		    "insert 0 Authentication-Results:" OURS },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct peer peer;
		struct outcome outcome;

		assert_true(peer_open(&peer, server.path, cases[i].version,
		    cases[i].actions, cases[i].steps));
		assert_int_equal(peer_client(&peer, "x", SMFIA_INET, HONEST),
		    SMFIR_CONTINUE);
		assert_int_equal(peer_helo(&peer, "x"), SMFIR_CONTINUE);
		send_message(&peer, "<a@example.org>", SAMPLE_SIMPLE_HEADER,
		    SAMPLE_SIMPLE_BODY);
		outcome = end_message(&peer);
		assert_int_equal(outcome.answer, SMFIR_CONTINUE);
		assert_contains(cases[i].name, outcome.changes,
		    cases[i].field);
		/* A "simple" signature: each space is as it was. */
		assert_contains(cases[i].name, outcome.changes, "dkim=pass");
		assert_contains(cases[i].name, outcome.changes, "dmarc=pass");
		/* There was none behind the colon. */
		send_message(&peer, "<a@example.org>", SAMPLE_FOLDED_HEADER,
		    SAMPLE_SIMPLE_BODY);
		outcome = end_message(&peer);
		assert_contains(cases[i].name, outcome.changes, "dkim=pass");
		peer_quit(&peer);
	}
}

static void
test_negotiation(void **state)
{
	struct peer peer;

	(void)state;
	assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	assert_int_equal(peer.actions, SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_QUARANTINE | SMFIF_ADDRCPT | SMFIF_DELRCPT |
	    SMFIF_SETSYMLIST);
	assert_int_equal(peer.steps, SMFIP_NR_CONN | SMFIP_NR_HELO |
	    SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY |
	    SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC);
	test_assert_slice("macros", peer.symbols, "0:j {daemon_name};"
	    "1:;2:i {auth_authen};3:;5:i;6:;");
	peer_quit(&peer);

	/* The policy needs what is not offered. */
	assert_false(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS ^
	    (unsigned long)SMFIF_QUARANTINE, PEER_ALL_STEPS));
	assert_logged("does not let a milter quarantine");
	peer_close(&peer);
}

/* ---- another configuration ------------------------------------------------ */

static struct milter_context
copy_context(void)
{
	return (struct milter_context){
		.milter = server.context.milter,
		.inspect = server.context.inspect,
		.policy = server.context.policy,
		.authserv_id = server.context.authserv_id,
		.hostname = server.context.hostname,
		.resolver = server.context.resolver,
		.log = server.context.log,
	};
}

/* Whoever uses it has ended within a moment. */
static void
assert_let_go(const struct milter_context *context)
{
	for (int i = 0; i < 5000 && milter_is_context_used(context); i++)
		wait_a_moment();
	assert_false(milter_is_context_used(context));
}

/* A message ends by the configuration that it began with; the next one of the
 * same session has the new one, and what is known of the session stays. */
static void
test_context_of_message(void **state)
{
	struct milter_context next = copy_context();
	struct peer peer;
	struct outcome outcome;

	(void)state;
	next.policy.quarantine = POLICY_QUARANTINE_REDIRECT;
	next.policy.quarantine_address = "<junk@example.org>";
	next.authserv_id = "other.example.org";
	open_peer(&peer, FORGER);
	assert_false(milter_is_context_used(&server.context));
	send_message(&peer, "<a@none.example>", "From: a@quarantine.example\n",
	    "");
	assert_true(milter_is_context_used(&server.context));
	milter_set_context(&next);
	assert_true(milter_is_context_used(&server.context));
	outcome = end_message(&peer);
	assert_contains("old", outcome.changes, "\nquarantine dmarc=fail");
	assert_contains("old", outcome.changes, "Results: " OURS);
	assert_let_go(&server.context);

	send_message(&peer, "<>", "From: a@quarantine.example\n", "");
	assert_true(milter_is_context_used(&next));
	outcome = end_message(&peer);
	assert_contains("new", outcome.changes, "add <junk@example.org>");
	assert_contains("new", outcome.changes, "Results: other.example.org");
	assert_contains("new", outcome.changes, "smtp.helo=mail.example.org");
	milter_set_context(&server.context);
	assert_let_go(&next);
	peer_quit(&peer);
}

static void
test_retained_context(void **state)
{
	struct milter_context next = copy_context();

	(void)state;
	assert_ptr_equal(milter_retain_context(), &server.context);
	assert_ptr_equal(milter_retain_context(), &server.context);
	milter_set_context(&next);
	milter_release_context(&server.context);
	assert_true(milter_is_context_used(&server.context));
	milter_release_context(&server.context);
	assert_false(milter_is_context_used(&server.context));
	assert_false(milter_is_context_used(&next));
	milter_set_context(&server.context);
}

/* What the session's MTA did not offer while nobody needed it. */
static void
test_context_beyond_session(void **state)
{
	struct milter_context next = copy_context();
	struct peer peer;
	struct slice text;

	(void)state;
	server.context.policy.quarantine = POLICY_QUARANTINE_TAG;
	assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS ^
	    (unsigned long)SMFIF_QUARANTINE, PEER_ALL_STEPS));
	assert_int_equal(peer_client(&peer, "x", SMFIA_INET, HONEST),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_helo(&peer, "x"), SMFIR_CONTINUE);
	milter_set_context(&next);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "451 4.3.0 ");
	assert_logged("did not offer all that the configuration needs");
	wait_until_idle();
	assert_let_go(&next);
	milter_set_context(&server.context);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_CONTINUE);
	peer_quit(&peer);
	wait_until_idle();
}

#define N_SENDERS 4
#define N_MESSAGES 60
#define N_SWITCHES 400

/* Each is made, used, and torn up as soon as nobody uses it: what is used then
 * all the same the sanitizer sees, and so does the reply. */
static void *
send_many(void *address)
{
	struct peer peer;

	open_peer(&peer, address);
	for (unsigned i = 0; i < N_MESSAGES; i++) {
		struct outcome outcome;

		send_message(&peer, "<a@none.example>",
		    "From: a@quarantine.example\n", "x\r\n");
		outcome = end_message(&peer);
		if (outcome.answer != SMFIR_CONTINUE || !contains(
		    outcome.changes, "quarantine dmarc=fail"))
			return address;
	}
	peer_quit(&peer);
	return NULL;
}

static void
test_contexts_under_load(void **state)
{
	struct milter_context *old = NULL;
	pthread_t threads[N_SENDERS];

	(void)state;
	for (size_t i = 0; i < N_SENDERS; i++) {
		static char address[] = FORGER;

		assert_int_equal(pthread_create(&threads[i], NULL, send_many,
		    address), 0);
	}
	for (unsigned i = 0; i < N_SWITCHES; i++) {
		struct milter_context *next = malloc(sizeof(*next));

		assert_non_null(next);
		*next = copy_context();
		milter_set_context(next);
		assert_let_go(old != NULL ? old : &server.context);
		free(old);
		old = next;
	}
	for (size_t i = 0; i < N_SENDERS; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	milter_set_context(&server.context);
	assert_let_go(old);
	free(old);
}

/* The last of the body may come with the end of the message. */
static void
test_body_in_the_end(void **state)
{
	struct peer peer;
	struct slice changes;

	(void)state;
	assert_true(peer_open(&peer, server.path, 2, PEER_V2_ACTIONS,
	    PEER_V2_STEPS));
	assert_int_equal(peer_client(&peer, "x", SMFIA_INET, HONEST),
	    SMFIR_CONTINUE);
	send_message(&peer, "<a@example.org>", SAMPLE_HEADER, "");
	assert_int_equal(peer_body(&peer, slice_head(SLICE(SAMPLE_BODY), 9)),
	    SMFIR_CONTINUE);
	peer_send(&peer, SMFIC_BODYEOB, slice_from(SLICE(SAMPLE_BODY), 9));
	peer.steps |= SMFIP_NR_BODY;	/* one answer for both events */
	for (;;) {
		char answer = peer_receive(&peer, &changes);

		if (answer == SMFIR_INSHEADER)
			assert_contains("field", changes, "dkim=pass");
		else if (answer == SMFIR_CONTINUE)
			break;
		else
			assert_int_equal(answer, SMFIR_CHGHEADER);
	}
	peer_quit(&peer);
}

/* ---- order, interruptions ------------------------------------------------ */

static void
test_two_messages(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	open_peer(&peer, HONEST);
	send_message(&peer, "<a@example.org>", FORGED SAMPLE_HEADER,
	    SAMPLE_BODY);
	outcome = end_message(&peer);
	assert_contains("first", outcome.changes, "delete 1");
	assert_contains("first", outcome.changes, "dkim=pass");
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	outcome = end_message(&peer);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_false(contains(outcome.changes, "delete"));
	assert_contains("second", outcome.changes, "dkim=none");
	assert_contains("second", outcome.changes, "dmarc=none");
	/* A refused one, then an honest one. */
	send_message(&peer, "<a@none.example>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_REPLYCODE);
	send_message(&peer, "<a@example.org>", "From: a@example.org\n", "");
	outcome = end_message(&peer);
	assert_contains("fourth", outcome.changes, "dmarc=pass");
	peer_quit(&peer);
}

static void
test_abort(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	open_peer(&peer, HONEST);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, NULL),
	    SMFIR_CONTINUE);
	assert_int_equal(milter_count_open_messages(), 1);
	peer_abort(&peer);
	send_message(&peer, "<a@example.org>", FORGED SAMPLE_HEADER, "x");
	peer_abort(&peer);
	assert_logged("note=aborted");
	wait_until_idle();
	/* HELO ends a message as well. */
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, NULL),
	    SMFIR_CONTINUE);
	peer_abort(&peer);
	assert_int_equal(peer_helo(&peer, "other.example"), SMFIR_CONTINUE);
	wait_until_idle();
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	outcome = end_message(&peer);
	assert_false(contains(outcome.changes, "delete"));
	assert_contains("changes", outcome.changes, "dmarc=none");
	assert_logged("helo=other.example");
	peer_quit(&peer);
}

/* The connection ends behind each event in turn. */
static void
test_close_anywhere(void **state)
{
	(void)state;
	for (int last = 0; last < 9; last++) {
		struct peer peer;

		peer_connect(&peer, server.path);
		if (last == 0) {
			peer_close(&peer);
			continue;
		}
		peer_close(&peer);
		assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
		    PEER_ALL_STEPS));
		if (last >= 2)
			peer_client(&peer, "x", SMFIA_INET, HONEST);
		if (last >= 3)
			peer_helo(&peer, "x");
		if (last >= 4)
			peer_mail(&peer, "<a@example.org>", NULL, NULL);
		if (last >= 5)
			peer_rcpt(&peer, "<b@example.org>");
		if (last >= 6)
			peer_fields(&peer, SAMPLE_HEADER);
		if (last >= 7)
			peer_end_header(&peer);
		if (last >= 8)
			peer_body(&peer, SLICE("x\r\n"));
		if (last % 2 == 0)
			peer_close(&peer);
		else
			peer_quit(&peer);
		wait_until_idle();
	}
}

/* An honest message goes through: the server is alive. */
static void
assert_serves(void)
{
	struct peer peer;

	open_peer(&peer, HONEST);
	send_message(&peer, "<a@example.org>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	peer_quit(&peer);
}

/* The data of an event as an MTA would send it. */
static struct slice
event_data(char command)
{
	switch (command) {
	case SMFIC_CONNECT:
		return SLICE("x\0" "4" "\0\0" HONEST "\0");
	case SMFIC_HELO:
		return SLICE("x\0");
	case SMFIC_MAIL:
		return SLICE("<a@example.org>\0");
	case SMFIC_RCPT:
		return SLICE("<b@example.org>\0");
	case SMFIC_HEADER:
		return SLICE("From\0 a@example.org\0");
	case SMFIC_BODY:
		return SLICE("x\r\n");
	case SMFIC_MACRO:
		return SLICE("Mi\0" "4XyZ\0");
	case SMFIC_UNKNOWN:
		return SLICE("VRFY\0");
	default:
		return SLICE_EMPTY;
	}
}

/* Events in any order, from a fixed sequence of pseudo-random numbers. */
static void
test_any_order(void **state)
{
	static const char commands[] = { SMFIC_CONNECT, SMFIC_HELO,
		SMFIC_MAIL, SMFIC_RCPT, SMFIC_HEADER, SMFIC_EOH, SMFIC_BODY,
		SMFIC_BODYEOB, SMFIC_ABORT, SMFIC_MACRO, SMFIC_UNKNOWN,
		SMFIC_DATA, SMFIC_QUIT_NC, SMFIC_OPTNEG, 'z' };
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct peer peer;

		/* Every other one without negotiation of the no-reply kind. */
		assert_true(peer_open(&peer, server.path, i % 2 ? 6 : 2,
		    i % 2 ? PEER_ALL_ACTIONS : PEER_V2_ACTIONS,
		    i % 2 ? PEER_ALL_STEPS : PEER_V2_STEPS));
		for (int j = 0; j < 20; j++) {
			char command;

			random = random * 1664525 + 1013904223;
			command = commands[(random >> 16) %
			    sizeof(commands)];
			peer_send(&peer, command, event_data(command));
		}
		peer_close(&peer);
	}
	wait_until_idle();
	assert_serves();
}

/* MAIL without its argument, as non-SMTP mail may have it: the null sender. */
static void
test_mail_without_argument(void **state)
{
	static const struct {
		const char *name;
		struct slice data;
		char answer;
	} cases[] = {
		{ "an empty argument", SLICE_INIT("\0"), SMFIR_REPLYCODE },
		{ "two empty arguments", SLICE_INIT("\0\0"),
		    SMFIR_REPLYCODE },
		/* libmilter hangs up, without asking us. */
		{ "no argument", SLICE_INIT(""), 0 },
		{ "an argument without its end", SLICE_INIT("<a@example.org>"),
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct peer peer;
		struct slice text;
		char answer;

		open_peer(&peer, FORGER);
		peer_send(&peer, SMFIC_MAIL, cases[i].data);
		answer = peer_receive(&peer, &text);
		if (answer == SMFIR_CONTINUE) {
			peer_rcpt(&peer, "<user@example.org>");
			peer_fields(&peer, "From: a@example.org\n");
			peer_end_header(&peer);
			answer = end_message(&peer).answer;
		}
		if (answer != cases[i].answer)
			fail_msg("%s: answer %d", cases[i].name, answer);
		peer_close(&peer);
		wait_until_idle();
	}
	assert_logged("mailfrom=<>");
	assert_serves();
}

/* libmilter lets UNKNOWN be followed by events that nothing led to. */
static void
test_body_without_mail(void **state)
{
	struct peer peer;
	struct slice data;

	(void)state;
	open_peer(&peer, HONEST);
	peer_send(&peer, SMFIC_UNKNOWN, SLICE("X\0"));
	assert_int_equal(peer_receive(&peer, &data), SMFIR_CONTINUE);
	peer_body(&peer, SLICE("x\r\n"));
	peer_send(&peer, SMFIC_BODYEOB, SLICE_EMPTY);
	assert_int_equal(peer_receive(&peer, &data), SMFIR_TEMPFAIL);
	peer_quit(&peer);

	/* MAIL before anything is known of the client. */
	assert_true(peer_open(&peer, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	peer_send(&peer, SMFIC_UNKNOWN, SLICE("X\0"));
	assert_int_equal(peer_receive(&peer, &data), SMFIR_CONTINUE);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &data),
	    SMFIR_REPLYCODE);
	assert_contains("reply", data, "451 4.3.0");
	peer_quit(&peer);
}

/* After QUIT_NC libmilter begins a session without a negotiation. */
static void
test_connection_reused(void **state)
{
	struct peer peer;
	struct outcome outcome;

	(void)state;
	open_peer(&peer, HONEST);
	send_message(&peer, "<a@example.org>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	peer_send(&peer, SMFIC_QUIT_NC, SLICE_EMPTY);
	assert_int_equal(peer_client(&peer, "second", SMFIA_INET, HONEST),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_helo(&peer, "x"), SMFIR_CONTINUE);
	send_message(&peer, "<a@none.example>", SAMPLE_SIMPLE_HEADER,
	    SAMPLE_SIMPLE_BODY);
	outcome = end_message(&peer);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_contains("changes", outcome.changes, "dkim=pass");
	peer_quit(&peer);
}

/* ---- sizes --------------------------------------------------------------- */

static void
test_large_field(void **state)
{
	const size_t size = 1024 * 1024;
	char *mem = malloc(size);
	struct peer peer;
	struct outcome outcome;

	(void)state;
	assert_non_null(mem);
	memset(mem, 'x', size);
	open_peer(&peer, HONEST);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, NULL),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_rcpt(&peer, "<b@example.org>"), SMFIR_CONTINUE);
	assert_int_equal(peer_field(&peer, SLICE("References"),
	    (struct slice){ mem, size }), SMFIR_CONTINUE);
	peer_fields(&peer, "From: a@example.org\n" FORGED);
	assert_int_equal(peer_end_header(&peer), SMFIR_CONTINUE);
	outcome = end_message(&peer);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_contains("changes", outcome.changes, "delete 1");
	assert_contains("changes", outcome.changes, "dmarc=pass");
	assert_logged("header=cut");
	peer_quit(&peer);
	free(mem);
}

static struct outcome
send_many_fields(struct peer *peer, int n_forged)
{
	assert_int_equal(peer_mail(peer, "<a@example.org>", NULL, NULL),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_rcpt(peer, "<b@example.org>"), SMFIR_CONTINUE);
	for (int i = 0; i < 10000; i++)
		peer_fields(peer, i < 10000 - n_forged ? "X-Padding: x\n" :
		    FORGED);
	peer_fields(peer, "From: a@example.org\n");
	assert_int_equal(peer_end_header(peer), SMFIR_CONTINUE);
	return end_message(peer);
}

static void
test_many_fields(void **state)
{
	struct peer peer;
	struct outcome outcome;
	size_t n_lines = 0;

	(void)state;
	open_peer(&peer, HONEST);
	outcome = send_many_fields(&peer, FORGED_MAX_FIELDS);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	for (size_t i = 0; i < outcome.changes.len; i++)
		if (outcome.changes.ptr[i] == '\n')
			n_lines++;
	assert_true(n_lines > FORGED_MAX_FIELDS);
	assert_true(slice_starts_with(outcome.changes,
	    SLICE("delete 1000 Authentication-Results\ndelete 999 ")));
	assert_contains("changes", outcome.changes, "\ndelete 1 ");
	assert_contains("changes", outcome.changes, "dmarc=pass");
	peer_quit(&peer);

	/* One more, and in monitor mode: it is not let in. */
	server.context.policy.mode = POLICY_MODE_MONITOR;
	open_peer(&peer, HONEST);
	outcome = send_many_fields(&peer, FORGED_MAX_FIELDS + 1);
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	assert_contains("reply", outcome.text, "550 5.7.1 too many");
	assert_int_equal(outcome.changes.len, 0);
	peer_quit(&peer);
}

/* What cannot be kept within the limits is deferred, and said. */
static void
test_no_memory(void **state)
{
	(void)state;
	for (size_t ceiling = 0; ceiling < 40000; ceiling += 331) {
		struct peer peer;
		struct outcome outcome;
		struct slice text;
		char answer;

		server.context.inspect.max_message_memory = ceiling;
		open_peer(&peer, FORGER);
		answer = peer_mail(&peer, "<a@example.org>", NULL, &text);
		if (answer == SMFIR_REPLYCODE) {
			assert_contains("at MAIL", text, "451 4.3.0");
			peer_quit(&peer);
			continue;
		}
		assert_int_equal(peer_rcpt(&peer, "<b@example.org>"),
		    SMFIR_CONTINUE);
		peer_fields(&peer, "From: a@example.org\n" FORGED);
		assert_int_equal(peer_end_header(&peer), SMFIR_CONTINUE);
		outcome = end_message(&peer);
		/* It is forged: whatever happens it is not let in. */
		assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
		if (!contains(outcome.text, "550 5.7.1"))
			assert_contains("at the end", outcome.text,
			    "451 4.3.0 temporary failure");
		assert_int_equal(outcome.changes.len, 0);
		peer_quit(&peer);
	}
	assert_logged("verdict=tempfail");
	assert_logged("verdict=reject");
	wait_until_idle();
}

/* ---- what is counted ----------------------------------------------------- */

/* Nobody is connected: the last one's end may still be on its way. */
static void
wait_until_alone(void)
{
	struct service *service = service_get();

	for (int i = 0; i < 5000 && atomic_load(&service->n_present) != 0;
	    i++)
		wait_a_moment();
	assert_int_equal(atomic_load(&service->n_present), 0);
}

static void
begin_counting(struct milter_metrics *metrics)
{
	wait_until_alone();
	memset(metrics, 0, sizeof(*metrics));
	milter_set_metrics(metrics);
}

static void
end_counting(struct milter_metrics *metrics, unsigned n_connections)
{
	for (int i = 0; i < 5000 && (atomic_load(&metrics->n_connections) !=
	    n_connections || atomic_load(&metrics->n_sessions) != 0); i++)
		wait_a_moment();
	assert_int_equal(metrics->n_connections, n_connections);
	wait_until_alone();
	assert_int_equal(metrics->n_sessions, 0);
	assert_int_equal(metrics->n_open, 0);
	service_get()->metrics = &service_get()->own_metrics;
}

static uint64_t
count_times(const struct milter_metrics *metrics, enum milter_stage stage)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_N_BOUNDS + 1; i++)
		n += metrics->stages[stage].counts[i];
	return n;
}

static void
test_counted_verdicts(void **state)
{
	static const char header[] = "From: a@example.org\n";
	static struct milter_metrics m;
	struct peer peer;

	(void)state;
	begin_counting(&m);
	open_peer(&peer, HONEST);
	assert_int_equal(m.n_sessions, 1);
	send_message(&peer, "<a@example.org>", header, "x\r\n");
	assert_int_equal(m.n_open, 1);
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	send_message(&peer, "<a@none.example>", header, "");
	assert_int_equal(end_message(&peer).answer, SMFIR_REPLYCODE);
	peer_quit(&peer);
	open_peer(&peer, FORGER);
	send_message(&peer, "<a@none.example>", header, "");
	assert_int_equal(end_message(&peer).answer, SMFIR_REPLYCODE);
	peer_quit(&peer);
	end_counting(&m, 2);
	assert_int_equal(m.n_messages, 3);
	assert_int_equal(m.actions[POLICY_ACCEPT], 1);
	assert_int_equal(m.actions[POLICY_REJECT], 2);
	assert_int_equal(m.wanted[POLICY_REJECT], 2);
	assert_int_equal(m.trusts[POLICY_INSPECT], 3);
	assert_int_equal(m.spf[SPF_PASS], 1);
	assert_int_equal(m.spf[SPF_NONE], 2);
	assert_int_equal(m.dkim[DKIM_RESULT_NONE], 3);
	assert_int_equal(m.arc[ARC_NONE], 3);
	assert_int_equal(m.dmarc[DMARC_PASS], 1);
	assert_int_equal(m.dmarc[DMARC_FAIL], 2);
	assert_int_equal(m.octets, 3 * (sizeof(header) - 1 + 1) + 3);
	assert_int_equal(m.n_aborted + m.n_failures + m.n_turned_away +
	    m.n_strangers, 0);
	for (unsigned i = 0; i < MILTER_N_STAGES; i++)
		assert_int_equal(count_times(&m, (enum milter_stage)i), 3);
}

static void
test_counted_ends(void **state)
{
	static struct milter_metrics m;
	struct peer peer, stranger;

	(void)state;
	begin_counting(&m);
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	/* Refused at MAIL, which is a verdict. */
	open_peer(&peer, FORGER);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, NULL),
	    SMFIR_REPLYCODE);
	/* Given up by RSET, by another MAIL, by HELO, and by hanging up. */
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	peer_abort(&peer);
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	assert_int_equal(peer_helo(&peer, "again.example"), SMFIR_CONTINUE);
	send_message(&peer, "<a@none.example>", "From: a@none.example\n", "");
	peer_close(&peer);
	/* A port scan, and one who says hello in another protocol. */
	peer_connect(&stranger, server.path);
	peer_close(&stranger);
	peer_connect(&stranger, server.path);
	peer_send(&stranger, 'E', SLICE("HLO x\r\n"));
	peer_close(&stranger);
	end_counting(&m, 3);
	assert_int_equal(m.n_strangers, 2);
	assert_int_equal(m.n_messages, 1);
	assert_int_equal(m.actions[POLICY_REJECT], 1);
	assert_int_equal(m.spf[SPF_FAIL], 1);
	assert_int_equal(m.dmarc[DMARC_NONE] + m.dkim[DKIM_RESULT_NONE], 0);
	assert_int_equal(m.n_aborted, 4);
	assert_int_equal(count_times(&m, MILTER_STAGE_MAIL), 5);
	assert_int_equal(count_times(&m, MILTER_STAGE_END), 0);
}

static void
test_counted_faults(void **state)
{
	static struct milter_metrics m;
	struct outcome outcome;
	struct peer peer;

	(void)state;
	begin_counting(&m);
	server.context.inspect.max_message_memory = 1;
	open_peer(&peer, FORGER);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, NULL),
	    SMFIR_REPLYCODE);
	peer_quit(&peer);
	wait_until_alone();
	server.context.inspect.max_message_memory = 20000;
	open_peer(&peer, FORGER);
	outcome = send_many_fields(&peer, 0);
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	assert_contains("reply", outcome.text, "451 4.3.0");
	peer_quit(&peer);
	end_counting(&m, 2);
	assert_int_equal(m.n_messages, 2);
	assert_int_equal(m.n_failures, 2);
	assert_int_equal(m.n_aborted, 0);
	assert_int_equal(m.actions[POLICY_TEMPFAIL], 2);
	assert_int_equal(m.wanted[POLICY_TEMPFAIL], 2);
	assert_int_equal(m.spf[SPF_PASS] + m.spf[SPF_FAIL], 0);
}

/* What is wanted in monitor mode, who is trusted, and what a rule matched. */
static void
test_counted_policy(void **state)
{
	const struct policy_rule rules[] = {
		{ .name = SLICE("tried"), .is_shadow = true,
		    .action = POLICY_RULE_QUARANTINE, .why = SLICE("x"),
		    .end_s = INT64_MAX },
		{ .name = SLICE("four"), .action = POLICY_RULE_REJECT,
		    .is_always = true, .why = SLICE("x"),
		    .end_s = INT64_MAX },
	};
	static struct milter_metrics m;
	struct peer peer;

	(void)state;
	begin_counting(&m);
	server.context.policy.mode = POLICY_MODE_MONITOR;
	server.context.policy.rules = rules;
	server.context.policy.n_rules = 2;
	open_peer(&peer, FORGER);
	send_message(&peer, "<a@none.example>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	peer_define(&peer, SMFIC_MAIL, "{auth_authen}", "alice", NULL);
	send_message(&peer, "<a@none.example>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_CONTINUE);
	peer_quit(&peer);
	end_counting(&m, 1);
	assert_int_equal(m.actions[POLICY_ACCEPT], 2);
	assert_int_equal(m.wanted[POLICY_REJECT], 1);
	assert_int_equal(m.wanted[POLICY_ACCEPT], 1);
	assert_int_equal(m.trusts[POLICY_AUTHENTICATED], 1);
	assert_int_equal(m.trusts[POLICY_INSPECT], 1);
	assert_int_equal(m.dmarc[DMARC_FAIL], 1);	/* of one of them */
	assert_string_equal(m.rules[0].name, "four");
	assert_int_equal(m.rules[0].hits, 1);
	assert_string_equal(m.rules[1].name, "tried");
	assert_int_equal(m.rules[1].shadow_hits, 1);
}

/* ---- the log ------------------------------------------------------------- */

static void
test_log(void **state)
{
	struct peer peer;

	(void)state;
	open_peer(&peer, FORGER);
	send_message(&peer, "<a@none.example>", "From: a@example.org\n", "");
	assert_int_equal(end_message(&peer).answer, SMFIR_REPLYCODE);
	assert_logged(" queue=4XyZ daemon=smtpd client=" FORGER
	    " host=client.example.org helo=mail.example.org "
	    "mailfrom=a@none.example rcpts=2 from=a@example.org spf=none ");
	assert_logged(" dmarc=fail ");
	assert_logged(" verdict=reject reason=\"dmarc=fail p=reject "
	    "example.org: ");
	peer_quit(&peer);
}

/* ---- rules, relays, limits ----------------------------------------------- */

/* The answer to mail by a forger for both recipients of send_message. */
static struct outcome
send_forged(struct peer *peer, const char *header)
{
	open_peer(peer, FORGER);
	send_message(peer, "<a@none.example>", header, "");
	return end_message(peer);
}

static void
test_rules(void **state)
{
	static const struct slice smtpd[] = { SLICE_INIT("smtpd") };
	static const struct slice other[] = { SLICE_INIT("submission") };
	static const struct policy_recipient user[] = {
		{ SLICE_INIT("USER"), SLICE_INIT("example.org") } };
	static const struct policy_recipient all[] = {
		{ SLICE_EMPTY, SLICE_INIT("example.org") } };
	struct policy_rule rules[] = {
		{ .name = SLICE("1"), .why = SLICE("one of two"),
		    .match = { .recipients = user, .n_recipients = 1 },
		    .end_s = INT64_MAX },
		{ .name = SLICE("2"), .why = SLICE("elsewhere"),
		    .match = { .listeners = { other, 1 } },
		    .end_s = INT64_MAX },
		{ .name = SLICE("3"), .why = SLICE("tried"),
		    .action = POLICY_RULE_QUARANTINE, .is_shadow = true,
		    .end_s = INT64_MAX },
		{ .name = SLICE("four"), .why = SLICE("ours"),
		    .match = { .listeners = { smtpd, 1 }, .recipients = all,
		    .n_recipients = 1 }, .end_s = INT64_MAX },
	};
	struct outcome outcome;
	struct peer peer;

	(void)state;
	server.context.policy.rules = rules;
	server.context.policy.n_rules = 4;
	outcome = send_forged(&peer, "From: a@example.org\n");
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	assert_contains("field", outcome.changes, "policy.rule=four");
	assert_contains("field", outcome.changes, "(p=reject dis=none)");
	assert_logged("override=local_policy override_comment=ours rule=four "
	    "shadow_rule=3 shadow_why=tried shadow_wanted=hold ");
	peer_quit(&peer);

	server.context.policy.n_rules = 3;
	outcome = send_forged(&peer, "From: a@example.org\n");
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	peer_quit(&peer);

	rules[0].action = POLICY_RULE_REJECT;
	outcome = send_forged(&peer, "From: a@none.example\n");
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	assert_contains("reply", outcome.text, "550 5.7.1 rejected by local "
	    "rule 1: one of two (author domain none.example) (id 4XyZ)");
	peer_quit(&peer);
}

/* Rules that have ended are told of with the first message of a day. */
static void
test_ended_rule(void **state)
{
	const struct policy_rule rule = { .name = SLICE("1"),
		.why = SLICE("a partner"), .until = SLICE("2020-01-31"),
		.end_s = 1580515200 };
	struct outcome outcome;
	struct arena *arena = test_arena();
	struct peer peer;

	(void)state;
	server.context.policy.rules = &rule;
	server.context.policy.n_rules = 1;
	outcome = send_forged(&peer, "From: a@example.org\n");
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	peer_quit(&peer);
	assert_false(contains(read_log(arena, " verdict=reject "),
	    "held until"));
	atomic_fetch_sub(&service_get()->day, 1);
	outcome = send_forged(&peer, "From: a@example.org\n");
	peer_quit(&peer);
	assert_logged("rule 1 held until 2020-01-31 (a partner): it is off");
	arena_destroy(&arena);
}

static void
test_quarantine_is_reject(void **state)
{
	struct outcome outcome;
	struct peer peer;

	(void)state;
	server.context.policy.quarantine = POLICY_QUARANTINE_REJECT;
	outcome = send_forged(&peer, "From: a@quarantine.example\n");
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	assert_contains("reply", outcome.text, "550 5.7.1 rejected by the "
	    "DMARC policy of quarantine.example (p=quarantine)");
	assert_int_equal(outcome.changes.len, 0);
	peer_quit(&peer);
}

static void
test_replies(void **state)
{
	struct outcome outcome;
	struct slice text;
	struct peer peer;

	(void)state;
	server.context.policy.replies[POLICY_REPLY_DMARC] =
	    "%{client} is not %{domain}, %{id}, 100%%";
	server.context.policy.replies[POLICY_REPLY_SPF] = "%{id}";
	outcome = send_forged(&peer, "From: a@example.org\n");
	assert_contains("template", outcome.text, "550 5.7.1 " FORGER " is "
	    "not example.org, 4XyZ, 100%%");
	peer_quit(&peer);

	/* At MAIL there is no queue id: the message's own is taken. */
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	open_peer(&peer, FORGER);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	text = slice_from(text, slice_find_last(text, ' ') + 1);
	assert_logged("verdict=reject");
	{
		struct arena *arena = test_arena();
		struct strbuf line;

		strbuf_init(&line, arena, 1000);
		strbuf_printf(&line, " id=%.*s ", SLICE_PRINTF(text));
		assert_logged(strbuf_cstr(&line));
		arena_destroy(&arena);
	}
	peer_quit(&peer);
}

#define RELAY "198.51.100.1"
#define BY_RELAY(address) "Received: from mail.example.org (x [" address \
	"])\n\tby relay.example.org with ESMTP\n"

static void
test_relay(void **state)
{
	static const struct {
		const char *name, *header;
		char answer;
		const char *changes, *log;
	} cases[] = {
		{ "its client counts", BY_RELAY(HONEST)
		    "From: a@example.org\n", SMFIR_CONTINUE, "spf=pass",
		    " client=" HONEST " relay=" RELAY " " },
		{ "a forger behind it", FORGED BY_RELAY(FORGER)
		    BY_RELAY(HONEST) "From: a@example.org\n",
		    SMFIR_CONTINUE, "\nquarantine dmarc=fail p=reject",
		    " evidence=relay " },
		{ "SPF alone: put aside, too", BY_RELAY(FORGER)
		    "From: a@none.example\n", SMFIR_CONTINUE,
		    "\nquarantine spf=fail example.org",
		    " verdict=hold reason=\"spf=fail " },
		{ "it tells nothing", "From: a@none.example\n",
		    SMFIR_CONTINUE, "policy.relay=" RELAY,
		    " client=unknown relay=" RELAY " " },
		{ "a trusted client behind it", FORGED BY_RELAY("203.0.113.9")
		    "From: a@example.org\n", SMFIR_CONTINUE,
		    " " OURS "; none", " trusted=network " },
		{ "one who says so through the relay's loopback",
		    BY_RELAY("127.0.0.1") BY_RELAY("203.0.113.9")
		    "From: a@example.org\n", SMFIR_CONTINUE,
		    "\nquarantine dmarc=fail p=reject",
		    " client=203.0.113.9 relay=" RELAY " " },
		{ "its forged fields go", FORGED BY_RELAY("203.0.113.9")
		    "From: a@example.org\n", SMFIR_CONTINUE, "delete 1 ",
		    " forged=1 " },
	};
	struct ip_network relay, trusted;

	(void)state;
	assert_true(ip_parse_network(SLICE(RELAY), &relay));
	assert_true(ip_parse_network(SLICE("203.0.113.0/24"), &trusted));
	server.context.inspect.relays = (struct relay_networks){ &relay, 1 };
	server.context.policy.trusted_networks = &trusted;
	server.context.policy.n_trusted_networks = 1;
	server.context.policy.spf_reject = 1U << SPF_FAIL | 1U << SPF_NONE;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct outcome outcome;
		struct peer peer;

		open_peer(&peer, RELAY);
		send_message(&peer, "<a@example.org>", cases[i].header, "");
		outcome = end_message(&peer);
		if (outcome.answer != cases[i].answer)
			fail_msg("%s: answer %c", cases[i].name,
			    outcome.answer);
		assert_contains(cases[i].name, outcome.changes,
		    cases[i].changes);
		assert_logged(cases[i].log);
		peer_quit(&peer);
	}
}

static void
test_limits(void **state)
{
	struct arena *arena = test_arena();
	struct outcome outcome;
	struct strbuf counted;
	struct peer peer;

	(void)state;
	atomic_store(&service_get()->metrics->limits.hits[LIMIT_QUESTIONS], 0);
	server.context.inspect.dns.max_questions = 1;
	outcome = send_forged(&peer, "From: a@example.org\n");
	assert_int_equal(outcome.answer, SMFIR_REPLYCODE);
	assert_contains("reply", outcome.text, "451 4.7.0 ");
	peer_quit(&peer);
	assert_logged(" limits=questions ");
	assert_logged(": the limit questions was hit");
	outcome = send_forged(&peer, "From: a@example.org\n");
	peer_quit(&peer);
	strbuf_init(&counted, arena, 1000);
	milter_append_limits(&counted);
	assert_contains("counters", strbuf_slice(&counted), " questions=2");
	arena_destroy(&arena);
}

/* ---- while the self-test fails ------------------------------------------- */

#define NO_RESULTS "insert 0 Authentication-Results: " OURS "; none\n"

static void
test_unsound(void **state)
{
	static const struct {
		const char *name, *address, *header;
		char answer;		/* with mode = "enforce" */
		const char *was;	/* would have come of it */
	} cases[] = {
		{ "refused", FORGER, "From: a@example.org\n",
		    SMFIR_REPLYCODE, "this was reject: dmarc=fail p=reject " },
		{ "quarantined", FORGER, "From: a@quarantine.example\n",
		    SMFIR_REPLYCODE, "this was hold: dmarc=fail" },
		{ "passed under a policy", HONEST, "From: a@example.org\n",
		    SMFIR_REPLYCODE, "this was accept: dmarc=pass p=reject " },
		{ "no author", HONEST, "Subject: x\n",
		    SMFIR_REPLYCODE, "this was reject: dmarc=permerror" },
		{ "without policy", FORGER, "From: a@none.example\n",
		    SMFIR_CONTINUE, NULL },
	};
	static const enum policy_mode modes[] = { POLICY_MODE_ENFORCE,
		POLICY_MODE_MONITOR };

	(void)state;
	milter_set_sound(false);
	for (size_t i = 0; i < 2 * N_ELEMENTS(cases); i++) {
		size_t c = i / 2;
		bool is_deferred = i % 2 == 0 &&
		    cases[c].answer == SMFIR_REPLYCODE;
		struct peer peer;
		struct outcome outcome;

		server.context.policy.mode = modes[i % 2];
		open_peer(&peer, cases[c].address);
		send_message(&peer, "<a@example.org>", cases[c].header, "");
		outcome = end_message(&peer);
		if (outcome.answer != (is_deferred ? SMFIR_REPLYCODE :
		    SMFIR_CONTINUE))
			fail_msg("%s: answer %c", cases[c].name,
			    outcome.answer);
		if (is_deferred)
			assert_contains(cases[c].name, outcome.text,
			    "451 4.7.0 mail cannot be verified here");
		else
			test_assert_slice(cases[c].name, outcome.changes,
			    NO_RESULTS);
		if (cases[c].was != NULL)
			assert_logged(cases[c].was);
		peer_quit(&peer);
	}
	assert_logged("verdict=accept wanted=tempfail ");
	assert_logged("note=\"the self-test fails: results cannot be relied "
	    "on\"");
	milter_set_sound(true);
}

static void
test_unsound_at_mail(void **state)
{
	struct peer peer;
	struct slice text;

	(void)state;
	server.context.policy.spf_reject = 1U << SPF_FAIL;
	milter_set_sound(false);
	open_peer(&peer, FORGER);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "451 4.7.0 mail cannot be verified");
	assert_logged("this was reject: spf=fail ");
	assert_int_equal(peer_mail(&peer, "<a@none.example>", NULL, NULL),
	    SMFIR_CONTINUE);
	milter_set_sound(true);
	assert_int_equal(peer_mail(&peer, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "550 5.7.23 SPF MAIL FROM");
	peer_quit(&peer);
}

/* Whom we trust needs no verification; what claims our results is still taken
 * away. */
static void
test_unsound_trusted(void **state)
{
	static const struct ip_network networks[] = {
		{ { IP_V4, { 198, 51, 100, 0 } }, 24 },
	};
	struct outcome outcome;
	struct peer peer;

	(void)state;
	server.context.policy.trusted_networks = networks;
	server.context.policy.n_trusted_networks = N_ELEMENTS(networks);
	milter_set_sound(false);
	outcome = send_forged(&peer, FORGED "From: a@example.org\n");
	milter_set_sound(true);
	assert_int_equal(outcome.answer, SMFIR_CONTINUE);
	test_assert_slice("changes", outcome.changes,
	    "delete 1 Authentication-Results\n" NO_RESULTS);
	peer_quit(&peer);
}

/* ---- limits of the process ----------------------------------------------- */

static unsigned long long
count_hits(enum limit limit)
{
	return atomic_load(&service_get()->metrics->limits.hits[limit]);
}

static void
test_sessions(void **state)
{
	unsigned long long n_hits = count_hits(LIMIT_SESSIONS);
	struct peer peers[3];

	(void)state;
	for (int i = 0; i < 5000 && service_get()->n_admitted != 0; i++)
		wait_a_moment();
	server.context.limits.max_sessions = 2;
	open_peer(&peers[0], HONEST);
	open_peer(&peers[1], HONEST);
	for (unsigned i = 1; i <= 3; i++) {
		assert_true(peer_open(&peers[2], server.path, 6,
		    PEER_ALL_ACTIONS, PEER_ALL_STEPS));
		assert_int_equal(peers[2].steps & SMFIP_NR_CONN, 0);
		assert_int_equal(peer_client(&peers[2], "x", SMFIA_INET,
		    HONEST), SMFIR_TEMPFAIL);
		assert_int_equal(count_hits(LIMIT_SESSIONS), n_hits + i);
		peer_close(&peers[2]);
	}
	assert_logged(": the limit sessions was hit");
	assert_true(peer_open(&peers[2], server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	assert_int_equal(peer_client(&peers[2], "localhost", SMFIA_UNKNOWN,
	    NULL), SMFIR_ACCEPT);
	peer_close(&peers[2]);
	send_message(&peers[0], "<a@example.org>", "From: a@example.org\n",
	    "");
	assert_int_equal(end_message(&peers[0]).answer, SMFIR_CONTINUE);
	peer_quit(&peers[1]);
	for (int i = 0; i < 5000 && service_get()->n_admitted != 1; i++)
		wait_a_moment();
	open_peer(&peers[2], HONEST);
	peer_quit(&peers[2]);
	peer_quit(&peers[0]);
}

/* What is open goes on; what would begin waits, until there is room. */
static void
test_memory(void **state)
{
	struct arena *arena = test_arena();
	char *value = arena_alloc(arena, 60000);
	struct peer peers[10], local;
	struct slice text;
	size_t n = 0;

	(void)state;
	memset(value, 'x', 60000);
	wait_until_idle();
	assert_int_equal(service_get()->memory.octets, 0);
	server.context.limits.memory_mb = 1;
	for (size_t i = 0; i < N_ELEMENTS(peers); i++)
		open_peer(&peers[i], HONEST);
	while (n < N_ELEMENTS(peers) && peer_mail(&peers[n],
	    "<a@example.org>", NULL, &text) == SMFIR_CONTINUE) {
		peer_rcpt(&peers[n], "<user@example.org>");
		peer_fields(&peers[n], "From: a@example.org\n");
		for (int j = 0; j < 4; j++)
			peer_field(&peers[n], SLICE("X"),
			    (struct slice){ value, 60000 });
		peer_end_header(&peers[n]);
		/* Of fields there is no answer to wait for. */
		for (int j = 0; j < 5000 && service_get()->memory.octets <
		    (n + 1) * 4 * 60000; j++)
			wait_a_moment();
		n++;
	}
	assert_in_range(n, 2, 5);
	assert_contains("reply", text, "451 4.3.1 too much mail at once");
	assert_logged(": the limit memory was hit");
	assert_true(peer_open(&local, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	assert_int_equal(peer_client(&local, "x", SMFIA_UNKNOWN, NULL),
	    SMFIR_CONTINUE);
	assert_int_equal(peer_mail(&local, "<root>", NULL, NULL),
	    SMFIR_ACCEPT);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(end_message(&peers[i]).answer,
		    SMFIR_CONTINUE);
	wait_until_idle();
	assert_int_equal(service_get()->memory.octets, 0);
	assert_int_equal(peer_mail(&peers[n], "<a@example.org>", NULL, NULL),
	    SMFIR_CONTINUE);
	for (size_t i = 0; i < N_ELEMENTS(peers); i++)
		peer_quit(&peers[i]);
	peer_quit(&local);
	arena_destroy(&arena);
}

/* ---- shutting down: the last one, there is no way back ------------------- */

static void
test_drain(void **state)
{
	struct peer open, late, local;
	unsigned long long turned_away;
	struct slice text;

	(void)state;
	open_peer(&open, HONEST);
	open_peer(&late, HONEST);
	assert_true(peer_open(&local, server.path, 6, PEER_ALL_ACTIONS,
	    PEER_ALL_STEPS));
	assert_int_equal(peer_client(&local, "x", SMFIA_UNKNOWN, NULL),
	    SMFIR_CONTINUE);
	send_message(&open, "<a@example.org>", "From: a@example.org\n", "");
	assert_int_equal(milter_count_open_messages(), 1);
	turned_away = service_get()->metrics->n_turned_away;
	milter_begin_drain();
	assert_int_equal(peer_mail(&late, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_contains("reply", text, "451 4.3.2");
	assert_int_equal(peer_mail(&local, "<root>", NULL, NULL),
	    SMFIR_ACCEPT);
	assert_int_equal(milter_count_open_messages(), 1);
	assert_int_equal(end_message(&open).answer, SMFIR_CONTINUE);
	assert_int_equal(milter_count_open_messages(), 0);
	assert_int_equal(peer_mail(&open, "<a@example.org>", NULL, &text),
	    SMFIR_REPLYCODE);
	assert_int_equal(service_get()->metrics->n_turned_away,
	    turned_away + 3);
	peer_quit(&open);
	peer_quit(&late);
	peer_quit(&local);
}

/* After a failure the log, cmocka's words among it, is shown. */
static void
show_log(void)
{
	char chunk[4096];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(server.log_fd, chunk, sizeof(chunk), at)) > 0) {
		if (write(server.saved_stderr, chunk, (size_t)n) != n)
			return;
		at += n;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_verdicts, set_defaults),
		cmocka_unit_test_setup(test_monitor, set_defaults),
		cmocka_unit_test_setup(test_deletions, set_defaults),
		cmocka_unit_test_setup(test_quarantine_forms, set_defaults),
		cmocka_unit_test_setup(test_spf_at_mail, set_defaults),
		cmocka_unit_test_setup(test_explanations, set_defaults),
		cmocka_unit_test_setup(test_trust, set_defaults),
		cmocka_unit_test_setup(test_rules, set_defaults),
		cmocka_unit_test_setup(test_ended_rule, set_defaults),
		cmocka_unit_test_setup(test_quarantine_is_reject,
		    set_defaults),
		cmocka_unit_test_setup(test_replies, set_defaults),
		cmocka_unit_test_setup(test_relay, set_defaults),
		cmocka_unit_test_setup(test_limits, set_defaults),
		cmocka_unit_test_setup(test_unsound, set_defaults),
		cmocka_unit_test_setup(test_unsound_at_mail, set_defaults),
		cmocka_unit_test_setup(test_unsound_trusted, set_defaults),
		cmocka_unit_test_setup(test_sessions, set_defaults),
		cmocka_unit_test_setup(test_memory, set_defaults),
		cmocka_unit_test_setup(test_no_smtp_client, set_defaults),
		cmocka_unit_test_setup(test_mapped_client, set_defaults),
		cmocka_unit_test_setup(test_authserv_id, set_defaults),
		cmocka_unit_test_setup(test_protocols, set_defaults),
		cmocka_unit_test_setup(test_negotiation, set_defaults),
		cmocka_unit_test_setup(test_context_of_message, set_defaults),
		cmocka_unit_test_setup(test_retained_context, set_defaults),
		cmocka_unit_test_setup(test_context_beyond_session,
		    set_defaults),
		cmocka_unit_test_setup(test_contexts_under_load, set_defaults),
		cmocka_unit_test_setup(test_body_in_the_end, set_defaults),
		cmocka_unit_test_setup(test_two_messages, set_defaults),
		cmocka_unit_test_setup(test_abort, set_defaults),
		cmocka_unit_test_setup(test_close_anywhere, set_defaults),
		cmocka_unit_test_setup(test_any_order, set_defaults),
		cmocka_unit_test_setup(test_mail_without_argument,
		    set_defaults),
		cmocka_unit_test_setup(test_body_without_mail, set_defaults),
		cmocka_unit_test_setup(test_connection_reused, set_defaults),
		cmocka_unit_test_setup(test_large_field, set_defaults),
		cmocka_unit_test_setup(test_many_fields, set_defaults),
		cmocka_unit_test_setup(test_no_memory, set_defaults),
		cmocka_unit_test_setup(test_counted_verdicts, set_defaults),
		cmocka_unit_test_setup(test_counted_ends, set_defaults),
		cmocka_unit_test_setup(test_counted_faults, set_defaults),
		cmocka_unit_test_setup(test_counted_policy, set_defaults),
		cmocka_unit_test_setup(test_log, set_defaults),
		cmocka_unit_test_setup(test_drain, set_defaults),
	};
	int n_failed = cmocka_run_group_tests(tests, start_server,
	    stop_server);

	if (n_failed != 0)
		show_log();
	dup2(server.saved_stderr, STDERR_FILENO);
	unlink(server.path);
	unlink(server.log_path);
	rmdir(server.folder);
	return n_failed;
}
