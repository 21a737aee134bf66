/* tests/unit/policy/test_evidence.c - each sign of an indirect flow, alone and
 * with others, and what only looks like one. */
#include "policy/evidence.h"

#include <string.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "policy/history.h"
#include "policy/policy.h"
#include "unit/test.h"

#define AUTHOR "news.author.example"
#define AAR_PASS " x; dmarc=pass header.from=" AUTHOR
#define LIST "List-Id: <users.lists.example.org>\n"
#define LIST_FIELDS LIST "List-Post: <mailto:users@lists.example.org>\n"

static const struct slice forwarder_names[] = {
	SLICE_INIT("*.glob.example"), SLICE_INIT("fwd.example"),
};
static const struct slice sealer_names[] = { SLICE_INIT("list.example") };

/* One message that failed DMARC.  What is not named has not been there. */
struct scene {
	const char *name;
	const char *header;		/* fields with LF behind each */
	struct spf_outcome spf, helo_spf;
	const char *client;
	struct dkim_outcome dkim[3];	/* up to the first without a domain */
	enum arc_result arc;
	struct arc_set sets[2];		/* up to the first without a sealer */
	const char *org_domain;
	bool is_dkim_strict;
	unsigned evidence;		/* option; 0: all */
	bool is_relayed;
	bool has_no_lists;		/* no forwarders, no sealers declared */
	const char *found, *open;
};

#define SPF(word, name) { .result = SPF_##word, \
	.domain = SLICE_INIT(name) }
#define WIDE_SPF(name) { .result = SPF_PASS, \
	.domain = SLICE_INIT(name), .is_pass_too_wide = true }
#define DKIM(word, name) { .result = DKIM_RESULT_##word, \
	.domain = SLICE_INIT(name), .covers_from = true, .key_exists = true }
#define BROKEN(name, why, is_header_valid) { .result = DKIM_RESULT_FAIL, \
	.reason = DKIM_REASON_##why, .domain = SLICE_INIT(name), \
	.covers_from = true, .key_exists = true, \
	.header_hash_valid = is_header_valid }
#define SET(name, aar) { .sealer = SLICE_INIT(name), \
	.results = SLICE_INIT(aar), .covers_from = true }

static const struct scene scenes[] = {
	{ "bare", .found = "" },
	{ "bare, but with an SPF pass of its own",
	    .spf = SPF(PASS, "evil.example"), .found = "" },
	{ "bare, but signed by its own", .dkim = { DKIM(PASS,
	    "evil.example") }, .found = "" },

	/* arc */
	{ "an intact chain of a stranger", .arc = ARC_PASS,
	    .sets = { SET("evil.example", AAR_PASS) }, .found = "arc" },
	{ "a broken chain", .arc = ARC_FAIL,
	    .sets = { SET("list.example", AAR_PASS) }, .found = "" },
	{ "a chain whose key is missing for now", .arc = ARC_TEMPERROR,
	    .sets = { SET("evil.example", AAR_PASS) }, .found = "",
	    .open = "arc" },

	/* sealer */
	{ "a trusted sealer", .arc = ARC_PASS,
	    .sets = { SET("list.example", AAR_PASS) },
	    .found = "arc,sealer" },
	{ "a trusted sealer's broken chain", .arc = ARC_FAIL,
	    .sets = { SET("list.example", AAR_PASS) }, .found = "" },
	{ "a trusted sealer, of another author", .arc = ARC_PASS,
	    .sets = { SET("list.example",
	    " x; dmarc=pass header.from=evil.example") }, .found = "arc" },
	{ "a trusted sealer below a stranger", .arc = ARC_PASS,
	    .sets = { SET("list.example", AAR_PASS),
	    SET("evil.example", AAR_PASS) }, .found = "arc" },
	{ "a trusted sealer whose key is missing for now",
	    .arc = ARC_TEMPERROR, .sets = { SET("list.example", AAR_PASS) },
	    .found = "", .open = "arc,sealer" },
	{ "sealers do not count", .arc = ARC_PASS,
	    .sets = { SET("list.example", AAR_PASS) },
	    .evidence = POLICY_SIGN_ARC, .found = "arc" },
	{ "only sealers count", .arc = ARC_PASS,
	    .sets = { SET("list.example", AAR_PASS) },
	    .evidence = POLICY_SIGN_SEALER, .found = "sealer" },
	{ "no sealers declared", .arc = ARC_PASS, .has_no_lists = true,
	    .sets = { SET("list.example", AAR_PASS) }, .found = "arc" },

	/* signature */
	{ "the author's signature broken",
	    .dkim = { BROKEN(AUTHOR, SIGNATURE, false) },
	    .found = "signature" },
	{ "body and header changed",
	    .dkim = { BROKEN(AUTHOR, BODY_HASH, false) },
	    .found = "signature" },
	{ "only the body changed",
	    .dkim = { BROKEN(AUTHOR, BODY_HASH, true) },
	    .found = "signature-body" },
	{ "l= and a footer", .dkim = { BROKEN(AUTHOR, PARTIAL_BODY, true) },
	    .found = "signature-body" },
	{ "expired", .dkim = { BROKEN(AUTHOR, EXPIRED, true) },
	    .found = "signature" },
	{ "two signatures, two signs", .dkim = {
	    BROKEN(AUTHOR, BODY_HASH, true),
	    BROKEN(AUTHOR, SIGNATURE, false) },
	    .found = "signature,signature-body" },
	{ "without a key", .dkim = { { .result = DKIM_RESULT_PERMERROR,
	    .reason = DKIM_REASON_KEY_MISSING, .domain = SLICE_INIT(AUTHOR),
	    .covers_from = true } }, .found = "" },
	{ "without From", .dkim = { { .result = DKIM_RESULT_PERMERROR,
	    .reason = DKIM_REASON_FROM_NOT_SIGNED,
	    .domain = SLICE_INIT(AUTHOR), .key_exists = true } },
	    .found = "" },
	{ "a stranger's signature broken",
	    .dkim = { BROKEN("evil.example", SIGNATURE, false) },
	    .found = "" },
	{ "a name that ends alike",
	    .dkim = { BROKEN("x" AUTHOR, SIGNATURE, false) }, .found = "" },
	{ "the parent's", .dkim = { BROKEN("author.example", SIGNATURE,
	    false) }, .found = "signature" },
	{ "the top-level domain's", .dkim = { BROKEN("example", SIGNATURE,
	    false) }, .found = "" },
	{ "one below", .dkim = { BROKEN("a." AUTHOR, SIGNATURE, false) },
	    .found = "signature" },
	{ "a sibling's, organization not known",
	    .dkim = { BROKEN("mail.author.example", SIGNATURE, false) },
	    .found = "" },
	{ "a sibling's, organization known", .org_domain = "author.example",
	    .dkim = { BROKEN("mail.author.example", SIGNATURE, false) },
	    .found = "signature" },
	{ "above the organization", .org_domain = AUTHOR,
	    .dkim = { BROKEN("author.example", SIGNATURE, false) },
	    .found = "" },
	{ "adkim=s: the parent's", .is_dkim_strict = true,
	    .dkim = { BROKEN("author.example", SIGNATURE, false) },
	    .found = "" },
	{ "adkim=s: the same", .is_dkim_strict = true,
	    .dkim = { BROKEN(AUTHOR, SIGNATURE, false) },
	    .found = "signature" },
	{ "a pass that is not aligned is no broken one",
	    .dkim = { DKIM(PASS, "author.example") }, .found = "" },
	{ "its key is missing for now", .dkim = { {
	    .result = DKIM_RESULT_POLICY, .reason = DKIM_REASON_EXPIRED,
	    .domain = SLICE_INIT(AUTHOR), .covers_from = true,
	    .is_key_unknown = true } }, .found = "",
	    .open = "signature,signature-body" },
	{ "one key is there, one missing for now", .dkim = {
	    BROKEN(AUTHOR, SIGNATURE, false), {
	    .result = DKIM_RESULT_POLICY, .reason = DKIM_REASON_EXPIRED,
	    .domain = SLICE_INIT(AUTHOR), .covers_from = true,
	    .is_key_unknown = true } }, .found = "signature",
	    .open = "signature-body" },
	{ "broken signatures do not count",
	    .dkim = { BROKEN(AUTHOR, SIGNATURE, false) },
	    .evidence = POLICY_SIGN_SIGNATURE_BODY, .found = "" },

	/* list */
	{ "a list by SPF", .header = LIST_FIELDS,
	    .spf = SPF(PASS, "lists.example.org"), .found = "list" },
	{ "a list by DKIM", .header = LIST_FIELDS,
	    .dkim = { DKIM(PASS, "lists.example.org") }, .found = "list" },
	{ "a list by its organization", .header = LIST_FIELDS,
	    .dkim = { DKIM(PASS, "example.org") }, .found = "list" },
	{ "a list by its bounce host", .header = LIST_FIELDS,
	    .spf = SPF(PASS, "bounce.lists.example.org"), .found = "list" },
	{ "a short List-Id", .header = "List-Id: <example.org>\n"
	    "List-Help: x\n", .spf = SPF(PASS, "example.org"),
	    .found = "list" },
	{ "Precedence", .header = LIST "Precedence:  List \n",
	    .spf = SPF(PASS, "example.org"), .found = "list" },
	{ "another precedence", .header = LIST "Precedence: bulk\n",
	    .spf = SPF(PASS, "example.org"), .found = "" },
	{ "List-Id alone", .header = LIST, .spf = SPF(PASS, "example.org"),
	    .found = "" },
	{ "no List-Id", .header = "List-Post: x\nPrecedence: list\n",
	    .spf = SPF(PASS, "example.org"), .found = "" },
	{ "a forger's List-Id", .header = LIST_FIELDS,
	    .spf = SPF(PASS, "evil.example"),
	    .dkim = { DKIM(PASS, "evil.example") }, .found = "" },
	{ "a forger's List-Id, nothing passes", .header = LIST_FIELDS,
	    .spf = SPF(FAIL, "lists.example.org"), .found = "" },
	{ "a softfail is no pass", .header = LIST_FIELDS,
	    .spf = SPF(SOFTFAIL, "lists.example.org"), .found = "" },
	{ "a broken signature of the list", .header = LIST_FIELDS,
	    .dkim = { BROKEN("lists.example.org", SIGNATURE, false) },
	    .found = "" },
	{ "HELO is not enough", .header = LIST_FIELDS,
	    .helo_spf = SPF(PASS, "lists.example.org"), .found = "" },
	{ "+all is not enough", .header = LIST_FIELDS,
	    .spf = WIDE_SPF("lists.example.org"), .found = "" },
	{ "the top-level domain is not enough", .header = LIST_FIELDS,
	    .spf = SPF(PASS, "org"), .found = "" },
	{ "a name that ends alike", .header = LIST_FIELDS,
	    .spf = SPF(PASS, "evillists.example.org"), .found = "" },
	{ "List-Id in a phrase", .header =
	    "List-Id: \"<users.lists.example.org>\" <x.evil.example>\n"
	    "List-Post: x\n", .spf = SPF(PASS, "lists.example.org"),
	    .found = "" },
	{ "a broken List-Id", .header = "List-Id: users\nList-Post: x\n",
	    .spf = SPF(PASS, "lists.example.org"), .found = "" },
	{ "the second List-Id", .header = "List-Id: <a.other.example>\n"
	    LIST_FIELDS, .spf = SPF(PASS, "lists.example.org"),
	    .found = "list" },
	{ "the fifth List-Id", .header = "List-Id: <a.b.example>\n"
	    "List-Id: <a.b.example>\nList-Id: <a.b.example>\n"
	    "List-Id: <a.b.example>\n" LIST_FIELDS,
	    .spf = SPF(PASS, "lists.example.org"), .found = "" },
	{ "SPF fails for now", .header = LIST_FIELDS,
	    .spf = SPF(TEMPERROR, "lists.example.org"), .found = "",
	    .open = "list" },
	{ "a key fails for now", .header = LIST_FIELDS,
	    .dkim = { DKIM(TEMPERROR, "lists.example.org") }, .found = "",
	    .open = "list" },
	{ "SPF fails for now, a signature passes", .header = LIST_FIELDS,
	    .spf = SPF(TEMPERROR, "lists.example.org"),
	    .dkim = { DKIM(PASS, "lists.example.org") }, .found = "list" },
	{ "a stranger's SPF fails for now", .header = LIST_FIELDS,
	    .spf = SPF(TEMPERROR, "evil.example"), .found = "" },

	/* forwarder */
	{ "a forwarder's network", .client = "192.0.2.77",
	    .found = "forwarder" },
	{ "next to it", .client = "192.0.3.1", .found = "" },
	{ "a forwarder by SPF", .spf = SPF(PASS, "fwd.example"),
	    .found = "forwarder" },
	{ "a forwarder by a glob", .spf = SPF(PASS, "x.glob.example"),
	    .found = "forwarder" },
	{ "a forwarder by DKIM", .dkim = { DKIM(PASS, "fwd.example") },
	    .found = "forwarder" },
	{ "a forwarder by HELO", .spf = SPF(FAIL, AUTHOR),
	    .helo_spf = SPF(PASS, "fwd.example"), .found = "forwarder" },
	{ "HELO by +all", .helo_spf = WIDE_SPF("fwd.example"),
	    .found = "" },
	{ "a forwarder's name, forged", .spf = SPF(FAIL, "fwd.example"),
	    .helo_spf = SPF(FAIL, "fwd.example"),
	    .dkim = { BROKEN("fwd.example", SIGNATURE, false) },
	    .found = "" },
	{ "below a name that is no glob", .spf = SPF(PASS,
	    "a.fwd.example"), .found = "" },
	{ "a forwarder's SPF fails for now",
	    .spf = SPF(TEMPERROR, "fwd.example"), .found = "",
	    .open = "forwarder" },
	{ "its HELO fails for now", .helo_spf = SPF(TEMPERROR,
	    "fwd.example"), .found = "", .open = "forwarder" },
	{ "no forwarders declared", .has_no_lists = true,
	    .client = "192.0.2.77", .spf = SPF(PASS, "fwd.example"),
	    .found = "" },

	/* together */
	{ "all of them", .header = LIST_FIELDS, .client = "192.0.2.77",
	    .spf = SPF(PASS, "lists.example.org"), .arc = ARC_PASS,
	    .sets = { SET("list.example", AAR_PASS) },
	    .dkim = { BROKEN(AUTHOR, SIGNATURE, false),
	    BROKEN(AUTHOR, BODY_HASH, true) },
	    .found = "arc,signature,signature-body,list,forwarder,sealer" },
	/* relay */
	{ "by a relay of ours", .is_relayed = true, .found = "relay" },

	{ "none of them counts", .header = LIST_FIELDS,
	    .client = "192.0.2.77", .spf = SPF(PASS, "lists.example.org"),
	    .arc = ARC_PASS, .sets = { SET("list.example", AAR_PASS) },
	    .dkim = { BROKEN(AUTHOR, SIGNATURE, false) },
	    .evidence = POLICY_SIGN_RELAY, .found = "" },
};

static void
make_header(struct arena *arena, const char *text, struct mail_header *header)
{
	const struct mail_header_limits limits = { 100, 10000 };
	struct cursor cur = cursor_of(slice_from_cstr(text));

	mail_header_init(header, arena);
	while (!cursor_at_end(&cur)) {
		struct slice name = cursor_take_until(&cur, ':');

		assert_true(cursor_take_char(&cur, ':'));
		assert_int_equal(mail_header_add(header, &limits, name,
		    cursor_take_until(&cur, '\n')), MAIL_HEADER_OK);
		assert_true(cursor_take_char(&cur, '\n'));
	}
}

static struct slice
describe(struct arena *arena, unsigned signs)
{
	struct strbuf text;

	strbuf_init(&text, arena, 1000);
	policy_append_signs(&text, signs, ",");
	return strbuf_slice(&text);
}

static void
check_scene(const struct scene *scene)
{
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct ip_network network;
	struct mail_header header;
	const struct dmarc_record record = {
		.is_dkim_strict = scene->is_dkim_strict };
	const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE(AUTHOR), .result = DMARC_FAIL,
		.record = &record,
		.org_domain = slice_from_cstr(scene->org_domain) };
	struct inspect_results r = {
		.header = &header, .spf = scene->spf,
		.is_relayed = scene->is_relayed,
		.helo_spf = scene->helo_spf, .dkim = scene->dkim,
		.arc = { .result = scene->arc, .sets = scene->sets },
		.dmarc = { .result = DMARC_FAIL, .deciding = &evaluation,
			.evaluations = &evaluation, .n_evaluations = 1 },
	};
	struct policy_evidence evidence;

	assert_true(ip_parse_network(SLICE("192.0.2.0/24"), &network));
	if (!scene->has_no_lists) {
		options.forwarder_networks = &network;
		options.n_forwarder_networks = 1;
		options.forwarder_domains = (struct policy_list){
			forwarder_names, N_ELEMENTS(forwarder_names) };
		options.trusted_sealers = (struct policy_list){
			sealer_names, N_ELEMENTS(sealer_names) };
	}
	if (scene->evidence != 0)
		options.evidence = scene->evidence;
	make_header(arena, scene->header != NULL ? scene->header : "",
	    &header);
	assert_true(ip_parse(slice_from_cstr(scene->client != NULL ?
	    scene->client : "198.51.100.1"), &r.client));
	while (r.n_dkim < N_ELEMENTS(scene->dkim) &&
	    scene->dkim[r.n_dkim].domain.len != 0)
		r.n_dkim++;
	while (r.arc.n_sets < N_ELEMENTS(scene->sets) &&
	    scene->sets[r.arc.n_sets].sealer.len != 0)
		r.arc.n_sets++;
	policy_find_evidence(&options, &r, arena, &evidence);
	test_assert_slice(scene->name, describe(arena, evidence.found),
	    scene->found);
	test_assert_slice(scene->name, describe(arena, evidence.open),
	    scene->open != NULL ? scene->open : "");
	arena_destroy(&arena);
}

static void
test_scenes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(scenes); i++)
		check_scene(&scenes[i]);
}

/* Sealers must vouch for all authors that fail. */
static void
test_several_authors(void **state)
{
	static const struct {
		const char *name;
		enum dmarc_result results[2];
		const char *aar, *found;
	} cases[] = {
		{ "both fail, one vouched for", { DMARC_FAIL, DMARC_FAIL },
		    " x; dmarc=pass header.from=a.example", "arc" },
		{ "both fail, both vouched for", { DMARC_FAIL, DMARC_FAIL },
		    " x; dmarc=pass header.from=a.example; "
		    "dmarc=pass header.from=b.example", "arc,sealer" },
		{ "the other passes", { DMARC_FAIL, DMARC_PASS },
		    " x; dmarc=pass header.from=a.example", "arc,sealer" },
		{ "the other has no policy", { DMARC_FAIL, DMARC_NONE },
		    " x; dmarc=pass header.from=a.example", "arc,sealer" },
		{ "the other is open", { DMARC_FAIL, DMARC_TEMPERROR },
		    " x; dmarc=pass header.from=a.example", "arc" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		const struct dmarc_evaluation evaluations[] = {
			{ .author_domain = SLICE("a.example"),
			    .result = cases[i].results[0] },
			{ .author_domain = SLICE("b.example"),
			    .result = cases[i].results[1] },
		};
		const struct arc_set set = { .sealer = SLICE("list.example"),
			.results = slice_from_cstr(cases[i].aar),
			.covers_from = true };
		const struct inspect_results r = {
			.arc = { .result = ARC_PASS, .sets = &set,
				.n_sets = 1 },
			.dmarc = { .result = DMARC_FAIL,
				.deciding = &evaluations[0],
				.evaluations = evaluations,
				.n_evaluations = 2 },
		};
		struct policy_evidence evidence;

		options.trusted_sealers = (struct policy_list){
			sealer_names, N_ELEMENTS(sealer_names) };
		policy_find_evidence(&options, &r, arena, &evidence);
		test_assert_slice(cases[i].name, describe(arena,
		    evidence.found), cases[i].found);
		arena_destroy(&arena);
	}
}

/* A list that there is no room to read may be one all the same. */
static void
test_no_memory(void **state)
{
	struct arena *arena = test_arena(), *full = arena_create(8);
	const struct policy_options options = POLICY_OPTIONS_DEFAULT;
	const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE(AUTHOR), .result = DMARC_FAIL };
	struct mail_header header;
	const struct inspect_results r = { .header = &header,
		.is_spf_checked = true,
		.spf = SPF(PASS, "lists.example.org"),
		.dmarc = { .result = DMARC_FAIL, .deciding = &evaluation,
			.evaluations = &evaluation, .n_evaluations = 1 } };
	struct policy_evidence evidence;

	(void)state;
	assert_non_null(full);
	make_header(arena, LIST_FIELDS, &header);
	policy_find_evidence(&options, &r, full, &evidence);
	assert_int_equal(evidence.found, 0);
	assert_int_equal(evidence.open, POLICY_SIGN_LIST);
	policy_find_evidence(&options, &r, arena, &evidence);
	assert_int_equal(evidence.found, POLICY_SIGN_LIST);
	assert_int_equal(evidence.open, 0);
	arena_destroy(&full);
	arena_destroy(&arena);
}

static void
test_sought(void **state)
{
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct inspect_results r = { .is_dkim_checked = true };

	(void)state;
	test_assert_slice("DKIM", describe(arena, policy_sought_signs(
	    &options, &r)), "signature,signature-body,list");
	r.is_dkim_checked = false;
	test_assert_slice("nothing", describe(arena, policy_sought_signs(
	    &options, &r)), "");
	r.is_spf_checked = true;
	r.is_arc_checked = true;
	test_assert_slice("SPF and ARC", describe(arena, policy_sought_signs(
	    &options, &r)), "arc,list");
	r.are_relays_known = true;
	test_assert_slice("relays", describe(arena, policy_sought_signs(
	    &options, &r)), "arc,list,relay");
	options.forwarder_domains = (struct policy_list){ forwarder_names,
		N_ELEMENTS(forwarder_names) };
	options.trusted_sealers = (struct policy_list){ sealer_names,
		N_ELEMENTS(sealer_names) };
	test_assert_slice("declared", describe(arena, policy_sought_signs(
	    &options, &r)), "arc,list,forwarder,relay,sealer");
	options.evidence = POLICY_SIGN_LIST | POLICY_SIGN_SIGNATURE;
	test_assert_slice("those that count", describe(arena,
	    policy_sought_signs(&options, &r)), "list");
	arena_destroy(&arena);
}

/* ---- history ------------------------------------------------------------- */

/* Knows "known.example" by 192.0.2.1. */
static bool
has_passed(const void *context, struct slice author_domain,
    const struct ip_address *client)
{
	const struct ip_address *known = context;

	return slice_eq(author_domain, SLICE("known.example")) &&
	    ip_eq(client, known);
}

static void
test_history(void **state)
{
	static const struct {
		const char *name, *client, *authors[2];
		enum dmarc_result results[2];
		bool is_hearsay, has_none;
		unsigned found, sought;
	} cases[] = {
		{ "known", "192.0.2.1", { "known.example" }, { DMARC_FAIL },
		    .found = POLICY_SIGN_HISTORY,
		    .sought = POLICY_SIGN_HISTORY },
		{ "another author", "192.0.2.1", { "other.example" },
		    { DMARC_FAIL }, .sought = POLICY_SIGN_HISTORY },
		{ "another client", "192.0.2.2", { "known.example" },
		    { DMARC_FAIL }, .sought = POLICY_SIGN_HISTORY },
		{ "one of two authors", "192.0.2.1",
		    { "known.example", "other.example" },
		    { DMARC_FAIL, DMARC_FAIL },
		    .sought = POLICY_SIGN_HISTORY },
		{ "one of two authors, the other passes", "192.0.2.1",
		    { "known.example", "other.example" },
		    { DMARC_FAIL, DMARC_PASS }, .found = POLICY_SIGN_HISTORY,
		    .sought = POLICY_SIGN_HISTORY },
		{ "hearsay", "192.0.2.1", { "known.example" },
		    { DMARC_FAIL }, .is_hearsay = true },
		{ "no client", NULL, { "known.example" }, { DMARC_FAIL },
		    .found = 0 },
		{ "no history", "192.0.2.1", { "known.example" },
		    { DMARC_FAIL }, .has_none = true },
	};
	struct ip_address known;
	const struct policy_history history = { has_passed, &known };

	(void)state;
	assert_true(ip_parse(SLICE("192.0.2.1"), &known));
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		const struct dmarc_evaluation evaluations[] = {
			{ .author_domain = slice_from_cstr(
			    cases[i].authors[0]),
			    .result = cases[i].results[0] },
			{ .author_domain = slice_from_cstr(
			    cases[i].authors[1]),
			    .result = cases[i].results[1] },
		};
		struct inspect_results r = {
			.is_client_hearsay = cases[i].is_hearsay,
			.dmarc = { .result = DMARC_FAIL,
				.deciding = evaluations,
				.evaluations = evaluations,
				.n_evaluations = cases[i].authors[1] != NULL ?
				    2 : 1 },
		};
		struct policy_evidence evidence;

		options.history = cases[i].has_none ? NULL : &history;
		if (cases[i].client != NULL)
			assert_true(ip_parse(slice_from_cstr(cases[i].client),
			    &r.client));
		policy_find_evidence(&options, &r, arena, &evidence);
		if (evidence.found != cases[i].found || evidence.open != 0)
			fail_msg("%s: found %x, open %x", cases[i].name,
			    evidence.found, evidence.open);
		if (policy_sought_signs(&options, &r) != cases[i].sought)
			fail_msg("%s: sought", cases[i].name);
		options.evidence &= ~(unsigned)POLICY_SIGN_HISTORY;
		policy_find_evidence(&options, &r, arena, &evidence);
		assert_int_equal(evidence.found, 0);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_several_authors),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_sought),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
