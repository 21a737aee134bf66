/* control/self_test.c - see self_test.h. */
#include "control/self_test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "control/self_test_case.h"
#include "dns/zone.h"
#include "inspect/message.h"

#define MESSAGE_OCTETS_MAX ((size_t)16384)	/* with what is changed */
#define TTL_S 300
/* Whatever the clock says: no case hangs on it. */
#define NOW_S 1767254400
#define HOST SLICE("mx.example.net")

/* What the messages are judged with. */
struct means {
	const char *name;
	struct resolver *zone;
	const struct dkim_sha256 *sha256;
};

struct self_test {
	const struct self_test_set *set;	/* borrowed */
	const struct dkim_sha256 *sha256;	/* borrowed; may be NULL */
	struct resolver *zone;	/* owned; keys stay beside its answers */
	struct inspect_options inspect;
	struct policy_options policy;
	unsigned failed_case;
};

/* How a case went. */
enum outcome {
	AS_EXPECTED,
	UNABLE,			/* may_be_unable */
	WRONG,
};

/* ---- from beginning to end ----------------------------------------------- */

static struct resolver *
create_zone(const struct self_test_set *set)
{
	struct resolver *zone = zone_create();

	for (size_t i = 0; zone != NULL && i < set->n_records; i++) {
		const struct dns_record record = {
			.text = slice_from_cstr(set->records[i].text) };

		if (!zone_add_record(zone,
		    slice_from_cstr(set->records[i].name), DNS_TXT, &record,
		    TTL_S))
			dns_destroy_resolver(&zone);
	}
	return zone;
}

struct self_test *
self_test_create_of(const struct self_test_set *set,
    const struct dkim_sha256 *sha256)
{
	static const struct slice sealers[] = { SLICE_INIT("example.net") };
	struct self_test *test = malloc(sizeof(*test));

	if (test == NULL)
		return NULL;
	*test = (struct self_test){ .set = set, .sha256 = sha256,
		.inspect = INSPECT_OPTIONS_DEFAULT,
		.policy = POLICY_OPTIONS_DEFAULT };
	test->inspect.now_s = NOW_S;
	test->policy.mode = POLICY_MODE_ENFORCE;
	test->policy.trusted_sealers.items = sealers;
	test->policy.trusted_sealers.n = N_ELEMENTS(sealers);
	if ((test->zone = create_zone(set)) == NULL)
		self_test_destroy(&test);
	return test;
}

struct self_test *
self_test_create(const struct dkim_sha256 *sha256)
{
	return self_test_create_of(&self_test_set, sha256);
}

void
self_test_destroy(struct self_test **test)
{
	if (*test == NULL)
		return;
	if ((*test)->zone != NULL)
		dns_destroy_resolver(&(*test)->zone);
	free(*test);
	*test = NULL;
}

unsigned
self_test_failed_case(const struct self_test *test)
{
	return test->failed_case;
}

/* ---- one message --------------------------------------------------------- */

/* The message as it arrives. */
static bool
change_message(const struct self_test_case *c, struct arena *arena,
    struct slice *message_out)
{
	struct slice message = slice_from_cstr(c->message);
	const char *place = c->from != NULL ? strstr(c->message, c->from) :
	    NULL;
	struct strbuf text;

	*message_out = message;
	if (c->from == NULL)
		return true;
	if (place == NULL)
		return false;
	strbuf_init(&text, arena, MESSAGE_OCTETS_MAX);
	strbuf_append(&text, slice_head(message,
	    (size_t)(place - c->message)));
	strbuf_append_cstr(&text, c->to);
	strbuf_append_cstr(&text, place + strlen(c->from));
	*message_out = strbuf_slice(&text);
	return !text.has_failed;
}

static void
read_results(const struct self_test *test, struct inspect *in,
    const struct inspect_results *results, struct self_test_result *got)
{
	struct policy_verdict verdict;

	policy_judge_message(&test->policy, results, inspect_arena(in),
	    &verdict);
	*got = (struct self_test_result){
		.spf = results->spf.result,
		.dkim = results->n_dkim != 0 ? results->dkim[0].reason :
		    DKIM_REASON_NONE,
		.n_dkim = results->n_dkim,
		.arc = results->arc.result,
		.dmarc = results->dmarc.result,
		.action = verdict.action,
	};
}

/* False where inspect/ could not do its work. */
static bool
inspect_message(const struct self_test *test, struct inspect *in,
    const struct self_test_case *c, struct slice message,
    struct self_test_result *got)
{
	const struct inspect_results *results;
	struct ip_address client;

	if (!ip_parse(slice_from_cstr(c->client), &client) ||
	    inspect_connect(in, &client) != INSPECT_OK ||
	    inspect_helo(in, SLICE("mail.example.net")) != INSPECT_OK ||
	    inspect_mail(in, slice_from_cstr(c->sender), false, HOST) !=
	    INSPECT_OK || message_feed(in, message) != INSPECT_OK ||
	    inspect_finish(in, &results) != INSPECT_OK)
		return false;
	read_results(test, in, results, got);
	return true;
}

static bool
try_case(const struct self_test *test, const struct self_test_case *c,
    const struct means *means, struct self_test_result *got)
{
	struct arena *arena = arena_create(2 * MESSAGE_OCTETS_MAX);
	struct inspect *in = inspect_create(&test->inspect, means->zone, HOST);
	struct slice message;
	bool ok = false;

	if (arena != NULL && in != NULL && change_message(c, arena,
	    &message)) {
		inspect_set_sha256(in, means->sha256);
		ok = inspect_message(test, in, c, message, got);
	}
	inspect_destroy(&in);
	arena_destroy(&arena);
	return ok;
}

/* ---- what came of it ----------------------------------------------------- */

static bool
is_equal(const struct self_test_result *a, const struct self_test_result *b)
{
	return a->spf == b->spf && a->dkim == b->dkim &&
	    a->n_dkim == b->n_dkim && a->arc == b->arc &&
	    a->dmarc == b->dmarc && a->action == b->action;
}

static enum outcome
compare(const struct self_test_case *c, const struct self_test_result *got)
{
	if (is_equal(got, &c->expected))
		return AS_EXPECTED;
	return c->may_be_unable && got->dkim == DKIM_REASON_INTERNAL &&
	    got->action == POLICY_TEMPFAIL ? UNABLE : WRONG;
}

/* "spf=none dkim=fail (body hash did not verify) arc=none dmarc=fail hold" */
static void
append_result(struct strbuf *text, const struct self_test_result *result)
{
	strbuf_printf(text, "spf=%s dkim=%s", spf_result_name(result->spf),
	    result->n_dkim == 0 ? "none" :
	    dkim_result_name(dkim_result_of(result->dkim)));
	if (result->n_dkim != 0 && result->dkim != DKIM_REASON_NONE)
		strbuf_printf(text, " (%s)", dkim_reason_text(result->dkim));
	strbuf_printf(text, " arc=%s dmarc=%s %s",
	    arc_result_name(result->arc), dmarc_result_name(result->dmarc),
	    policy_action_name(result->action));
}

static void
append_wrong(struct strbuf *problem, const struct self_test_case *c,
    const struct means *means, const struct self_test_result *got)
{
	strbuf_printf(problem, "message %s, %s: got ", c->name, means->name);
	append_result(problem, got);
	strbuf_append_cstr(problem, "; expected ");
	append_result(problem, &c->expected);
}

/* False at the first case that is wrong: what breaks one breaks most. */
static bool
run_all(struct self_test *test, const struct means *means,
    bool *is_unable_out, struct strbuf *problem)
{
	struct self_test_result got;

	for (size_t i = 0; i < test->set->n_cases; i++) {
		const struct self_test_case *c = &test->set->cases[i];

		test->failed_case = (unsigned)i;
		if (!try_case(test, c, means, &got)) {
			strbuf_printf(problem, "message %s, %s: it cannot be "
			    "inspected", c->name, means->name);
			return false;
		}
		switch (compare(c, &got)) {
		case AS_EXPECTED:
			break;
		case UNABLE:
			*is_unable_out = true;
			break;
		case WRONG:
			append_wrong(problem, c, means, &got);
			return false;
		}
	}
	return true;
}

static bool
run_anew(struct self_test *test, bool *is_unable_out, struct strbuf *problem)
{
	struct means anew = { "with keys made anew", create_zone(test->set),
		NULL };
	bool is_sound;

	if (anew.zone == NULL) {
		strbuf_append_cstr(problem, "no memory");
		return false;
	}
	is_sound = run_all(test, &anew, is_unable_out, problem);
	dns_destroy_resolver(&anew.zone);
	return is_sound;
}

bool
self_test_run(struct self_test *test, struct strbuf *problem)
{
	const struct means kept = { "with keys that were kept", test->zone,
		test->sha256 };
	bool is_unable = false;

	if (!run_all(test, &kept, &is_unable, problem) ||
	    !run_anew(test, &is_unable, problem))
		return false;
	if (is_unable)
		strbuf_append_cstr(problem, "libcrypto cannot verify Ed25519: "
		    "mail that hangs on such a signature is deferred");
	return true;
}
