/* tests/unit/policy/test_verdict.c - results in, one action out. */
#include "unit/test.h"

#include <string.h>

#include "policy/policy.h"

/* ---- the sender ---------------------------------------------------------- */

#define BIT(result) (1U << (result))

static void
test_sender_actions(void **state)
{
	static const struct {
		const char *name;
		unsigned refused;
		enum spf_result result;
		enum policy_action wanted;
		const char *code, *enhanced;
	} cases[] = {
		{ "fail, nothing refused", 0, SPF_FAIL, POLICY_ACCEPT, NULL,
		    NULL },
		{ "pass", BIT(SPF_FAIL), SPF_PASS, POLICY_ACCEPT, NULL, NULL },
		{ "softfail let in", BIT(SPF_FAIL), SPF_SOFTFAIL,
		    POLICY_ACCEPT, NULL, NULL },
		{ "fail", BIT(SPF_FAIL), SPF_FAIL, POLICY_REJECT, "550",
		    "5.7.23" },
		{ "softfail refused", BIT(SPF_FAIL) | BIT(SPF_SOFTFAIL),
		    SPF_SOFTFAIL, POLICY_REJECT, "550", "5.7.23" },
		{ "permerror (RFC 7372 3.2)", BIT(SPF_PERMERROR),
		    SPF_PERMERROR, POLICY_REJECT, "550", "5.7.24" },
		{ "temperror (RFC 7372 3.2)", BIT(SPF_TEMPERROR),
		    SPF_TEMPERROR, POLICY_TEMPFAIL, "451", "4.7.24" },
		{ "temperror let in", BIT(SPF_FAIL), SPF_TEMPERROR,
		    POLICY_ACCEPT, NULL, NULL },
		{ "none refused", BIT(SPF_NONE), SPF_NONE, POLICY_REJECT,
		    "550", "5.7.23" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		const struct inspect_results results = {
			.spf = { .result = cases[i].result,
				.domain = SLICE("example.org") } };
		struct policy_verdict verdict;

		options.mode = POLICY_MODE_ENFORCE;
		options.spf_reject = cases[i].refused;
		policy_judge_sender(&options, &results, arena, &verdict);
		if (verdict.action != cases[i].wanted ||
		    verdict.wanted != cases[i].wanted)
			fail_msg("%s: wrong action", cases[i].name);
		if (cases[i].code == NULL) {
			assert_null(verdict.code);
			assert_int_equal(verdict.text.len, 0);
		} else {
			assert_string_equal(verdict.code, cases[i].code);
			assert_string_equal(verdict.enhanced,
			    cases[i].enhanced);
			assert_int_not_equal(verdict.text.len, 0);
			assert_int_not_equal(verdict.reason.len, 0);
		}

		options.mode = POLICY_MODE_MONITOR;
		policy_judge_sender(&options, &results, arena, &verdict);
		if (verdict.action != POLICY_ACCEPT ||
		    verdict.wanted != cases[i].wanted || verdict.code != NULL)
			fail_msg("%s: monitor mode acts", cases[i].name);
		arena_destroy(&arena);
	}
}

static void
test_sender_texts(void **state)
{
	static const struct {
		const char *name;
		struct spf_outcome spf;
		const char *text, *reason;
	} cases[] = {
		{ "fail with the domain's words (RFC 7208 8.4)",
		    { .result = SPF_FAIL, .identity = SPF_IDENTITY_MAIL_FROM,
		    .domain = SLICE_INIT("example.com"),
		    .mechanism = SLICE_INIT("-all"),
		    .explanation = SLICE_INIT(
		    "Please see http://www.example.com/mailpolicy.html") },
		    "SPF MAIL FROM check gave fail for example.com; that domain "
		    "explains: Please see "
		    "http://www.example.com/mailpolicy.html",
		    "spf=fail example.com" },
		{ "fail without",
		    { .result = SPF_FAIL, .identity = SPF_IDENTITY_HELO,
		    .domain = SLICE_INIT("mail.example.com"),
		    .mechanism = SLICE_INIT("-all"),
		    .reason = SLICE_INIT("192.0.2.1 is not permitted") },
		    "SPF HELO check gave fail for mail.example.com: 192.0.2.1 "
		    "is not permitted",
		    "spf=fail mail.example.com: 192.0.2.1 is not permitted" },
		{ "temperror",
		    { .result = SPF_TEMPERROR,
		    .identity = SPF_IDENTITY_MAIL_FROM,
		    .domain = SLICE_INIT("example.com"),
		    .reason = SLICE_INIT("timeout") },
		    "SPF MAIL FROM check gave temperror for example.com: "
		    "timeout",
		    "spf=temperror example.com: timeout" },
		{ "a domain that is none",
		    { .result = SPF_FAIL, .identity = SPF_IDENTITY_MAIL_FROM,
		    .domain = SLICE_INIT("a\r\nb\xc3") },
		    "SPF MAIL FROM check gave fail for a\\x0d\\x0ab\\xc3",
		    "spf=fail a\\x0d\\x0ab\\xc3" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;

		options.mode = POLICY_MODE_ENFORCE;
		options.spf_reject = BIT(cases[i].spf.result);
		policy_judge_sender(&options, &(struct inspect_results){
		    .spf = cases[i].spf }, arena, &verdict);
		test_assert_slice(cases[i].name, verdict.text, cases[i].text);
		test_assert_slice(cases[i].name, verdict.reason,
		    cases[i].reason);
		arena_destroy(&arena);
	}
}

/* ---- the message --------------------------------------------------------- */

struct scene {
	enum dmarc_result result;
	enum dmarc_policy policy;
	bool is_policy_known;
	enum mail_author_status author_status;
	struct dmarc_evaluation evaluation;
	struct inspect_results results;
};

static void
set_scene(struct scene *scene)
{
	bool has_author = scene->author_status == MAIL_AUTHOR_OK;

	scene->evaluation = (struct dmarc_evaluation){
		.author_domain = has_author ? SLICE("example.org") :
		    SLICE_EMPTY,
		.result = scene->result,
		.has_policy = has_author && scene->result != DMARC_NONE,
		.policy = scene->policy,
		.published = scene->policy,
		.is_policy_known = scene->is_policy_known,
		.reason = SLICE("no identifier is aligned"),
	};
	scene->results = (struct inspect_results){
		.author_status = scene->author_status,
		.is_spf_checked = true,
		.is_dmarc_checked = true,
		.dmarc = { .result = scene->result,
			.deciding = &scene->evaluation,
			.evaluations = &scene->evaluation,
			.n_evaluations = has_author ? 1 : 0 },
	};
}

static void
test_message_actions(void **state)
{
	/* Defaults: known policy, knowledge, hold, bad_from reject, tempfail. */
	static const struct {
		const char *name;
		enum dmarc_result result;
		enum dmarc_policy policy;
		bool is_open;		/* the policy is not known */
		enum mail_author_status author;
		enum policy_dmarc_reject reject;
		enum policy_quarantine quarantine;
		bool is_bad_from_accepted, is_temperror_accepted;
		enum policy_action wanted;
		enum policy_disposition disposition;
		const char *code, *enhanced;
	} cases[] = {
		{ .name = "no record", .result = DMARC_NONE },
		{ .name = "pass under p=reject", .result = DMARC_PASS,
		    .policy = DMARC_POLICY_REJECT },
		{ .name = "fail under p=none", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_NONE },
		{ .name = "fail under p=none, strict", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_NONE,
		    .reject = POLICY_REJECT_STRICT },
		{ .name = "fail under p=reject", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_REJECT, .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "fail under p=reject, strict", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_REJECT,
		    .reject = POLICY_REJECT_STRICT, .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "quarantine is hold", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_QUARANTINE, .wanted = POLICY_HOLD,
		    .disposition = POLICY_DISPOSITION_QUARANTINE },
		{ .name = "quarantine is tag", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_QUARANTINE,
		    .quarantine = POLICY_QUARANTINE_TAG,
		    .disposition = POLICY_DISPOSITION_QUARANTINE },
		{ .name = "quarantine is redirect", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_QUARANTINE,
		    .quarantine = POLICY_QUARANTINE_REDIRECT,
		    .wanted = POLICY_REDIRECT,
		    .disposition = POLICY_DISPOSITION_QUARANTINE },
		{ .name = "quarantine is reject", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_QUARANTINE,
		    .quarantine = POLICY_QUARANTINE_REJECT,
		    .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "quarantine is none", .result = DMARC_FAIL,
		    .policy = DMARC_POLICY_QUARANTINE,
		    .quarantine = POLICY_QUARANTINE_NONE },
		{ .name = "p=reject minds no quarantine option",
		    .result = DMARC_FAIL, .policy = DMARC_POLICY_REJECT,
		    .quarantine = POLICY_QUARANTINE_NONE,
		    .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "temperror, policy open", .result = DMARC_TEMPERROR,
		    .is_open = true, .wanted = POLICY_TEMPFAIL,
		    .code = "451", .enhanced = "4.7.0" },
		{ .name = "temperror under p=reject",
		    .result = DMARC_TEMPERROR, .policy = DMARC_POLICY_REJECT,
		    .wanted = POLICY_TEMPFAIL, .code = "451",
		    .enhanced = "4.7.0" },
		{ .name = "temperror under p=none: nothing hangs on it",
		    .result = DMARC_TEMPERROR, .policy = DMARC_POLICY_NONE },
		{ .name = "temperror accepted", .result = DMARC_TEMPERROR,
		    .is_open = true, .is_temperror_accepted = true },
		{ .name = "a broken record", .result = DMARC_PERMERROR },
		{ .name = "no From", .result = DMARC_PERMERROR,
		    .author = MAIL_AUTHOR_ABSENT, .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "two From", .result = DMARC_PERMERROR,
		    .author = MAIL_AUTHOR_REPEATED, .wanted = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT,
		    .code = "550", .enhanced = "5.7.1" },
		{ .name = "bad From accepted", .result = DMARC_PERMERROR,
		    .author = MAIL_AUTHOR_MALFORMED,
		    .is_bad_from_accepted = true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;
		struct scene scene = { .result = cases[i].result,
			.policy = cases[i].policy,
			.is_policy_known = !cases[i].is_open,
			.author_status = cases[i].author };

		set_scene(&scene);
		options.mode = POLICY_MODE_ENFORCE;
		options.dmarc_reject = cases[i].reject;
		options.quarantine = cases[i].quarantine;
		options.is_bad_from_accepted = cases[i].is_bad_from_accepted;
		options.is_temperror_accepted =
		    cases[i].is_temperror_accepted;
		policy_judge_message(&options, &scene.results, arena,
		    &verdict);
		if (verdict.wanted != cases[i].wanted ||
		    verdict.action != cases[i].wanted)
			fail_msg("%s: wrong action", cases[i].name);
		if (verdict.disposition != cases[i].disposition)
			fail_msg("%s: wrong disposition", cases[i].name);
		if (cases[i].code == NULL) {
			assert_null(verdict.code);
		} else {
			assert_string_equal(verdict.code, cases[i].code);
			assert_string_equal(verdict.enhanced,
			    cases[i].enhanced);
		}
		arena_destroy(&arena);
	}
}

static bool
contains(struct slice text, const char *word)
{
	return text.len != 0 &&
	    memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* What must hold whatever the options are. */
static void
check_invariants(const struct scene *scene,
    const struct policy_options *options, const struct policy_verdict *v)
{
	bool is_bad_from = scene->author_status != MAIL_AUTHOR_OK;

	switch (scene->result) {
	case DMARC_NONE:
	case DMARC_PASS:
		assert_int_equal(v->wanted, POLICY_ACCEPT);
		break;
	case DMARC_FAIL:	/* p=none must not change handling (5.4) */
		if (scene->policy == DMARC_POLICY_NONE)
			assert_int_equal(v->wanted, POLICY_ACCEPT);
		if (v->open_evidence == 0)
			assert_int_not_equal(v->wanted, POLICY_TEMPFAIL);
		break;
	case DMARC_TEMPERROR:
		if (scene->is_policy_known &&
		    scene->policy == DMARC_POLICY_NONE)
			assert_int_equal(v->wanted, POLICY_ACCEPT);
		assert_true(v->wanted == POLICY_ACCEPT ||
		    v->wanted == POLICY_TEMPFAIL);
		assert_int_equal(v->disposition, POLICY_DISPOSITION_NONE);
		break;
	case DMARC_PERMERROR:
		assert_int_equal(v->wanted, is_bad_from &&
		    !options->is_bad_from_accepted ? POLICY_REJECT :
		    POLICY_ACCEPT);
		break;
	}
	if (options->mode != POLICY_MODE_ENFORCE) {
		assert_int_equal(v->action, POLICY_ACCEPT);
		assert_int_equal(v->disposition, POLICY_DISPOSITION_NONE);
	} else {
		assert_int_equal(v->action, v->wanted);
	}
	assert_true(v->reason.len != 0);
	if (v->action == POLICY_REJECT) {
		assert_string_equal(v->code, "550");
		assert_true(contains(v->text, "DMARC"));
	} else if (v->action == POLICY_TEMPFAIL) {
		assert_string_equal(v->code, "451");
		assert_true(contains(v->text, "DMARC"));
	} else {
		assert_null(v->code);
		assert_null(v->enhanced);
		assert_int_equal(v->text.len, 0);
	}
}

static void
test_all_combinations(void **state)
{
	const enum mail_author_status authors[] = { MAIL_AUTHOR_OK,
		MAIL_AUTHOR_ABSENT };
	struct arena *arena = test_arena();

	(void)state;
	for (unsigned n = 0; n < 5 * 3 * 2 * 2 * 3 * 2 * 5 * 2 * 2; n++) {
		unsigned rest = n;
		struct scene scene;
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;

		scene.result = (enum dmarc_result)(rest % 5), rest /= 5;
		scene.policy = (enum dmarc_policy)(rest % 3), rest /= 3;
		scene.is_policy_known = rest % 2 != 0, rest /= 2;
		scene.author_status = authors[rest % 2], rest /= 2;
		options.mode = (enum policy_mode)(rest % 3), rest /= 3;
		options.dmarc_reject = (enum policy_dmarc_reject)(rest % 2);
		rest /= 2;
		options.quarantine = (enum policy_quarantine)(rest % 5);
		rest /= 5;
		options.is_bad_from_accepted = rest % 2 != 0, rest /= 2;
		options.is_temperror_accepted = rest % 2 != 0;
		/* Without an author there is no other result. */
		if (scene.author_status != MAIL_AUTHOR_OK &&
		    scene.result != DMARC_PERMERROR)
			continue;
		set_scene(&scene);
		policy_judge_message(&options, &scene.results, arena,
		    &verdict);
		check_invariants(&scene, &options, &verdict);
		arena_reset(arena);
	}
	arena_destroy(&arena);
}

/* Several Author Domains: one whose policy is open is enough to wait. */
static void
test_several_temperrors(void **state)
{
	const struct dmarc_evaluation evaluations[] = {
		{ .author_domain = SLICE("a.example"),
		    .result = DMARC_TEMPERROR, .is_policy_known = true,
		    .has_policy = true },
		{ .author_domain = SLICE("b.example"), .result = DMARC_PASS },
		{ .author_domain = SLICE("c.example"),
		    .result = DMARC_TEMPERROR },
	};
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	struct inspect_results results = {
		.is_dmarc_checked = true,
		.dmarc = { .result = DMARC_TEMPERROR,
			.deciding = &evaluations[0],
			.evaluations = evaluations, .n_evaluations = 3 },
	};

	(void)state;
	options.mode = POLICY_MODE_ENFORCE;
	policy_judge_message(&options, &results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_TEMPFAIL);
	results.dmarc.n_evaluations = 2;
	policy_judge_message(&options, &results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	arena_destroy(&arena);
}

/* One Author Domain fails under a policy that asks for little, so that its
 * result is that of the message; the other's answer is missing. */
static void
test_fail_beside_temperror(void **state)
{
	static const struct {
		const char *name;
		enum dmarc_policy failed;
		bool is_known;
		enum dmarc_policy open;
		bool is_temperror_accepted;
		enum policy_action want;
	} cases[] = {
		{ "policy open", DMARC_POLICY_NONE, false, DMARC_POLICY_NONE,
		  false, POLICY_TEMPFAIL },
		{ "policy open, temperror accepted", DMARC_POLICY_NONE, false,
		  DMARC_POLICY_NONE, true, POLICY_ACCEPT },
		{ "both p=none", DMARC_POLICY_NONE, true, DMARC_POLICY_NONE,
		  false, POLICY_ACCEPT },
		{ "none and reject", DMARC_POLICY_NONE, true,
		  DMARC_POLICY_REJECT, false, POLICY_TEMPFAIL },
		{ "quarantine and reject", DMARC_POLICY_QUARANTINE, true,
		  DMARC_POLICY_REJECT, false, POLICY_TEMPFAIL },
		{ "quarantine and none", DMARC_POLICY_QUARANTINE, true,
		  DMARC_POLICY_NONE, false, POLICY_HOLD },
		{ "both quarantine", DMARC_POLICY_QUARANTINE, true,
		  DMARC_POLICY_QUARANTINE, false, POLICY_HOLD },
		{ "reject, nothing is worse", DMARC_POLICY_REJECT, false,
		  DMARC_POLICY_NONE, false, POLICY_REJECT },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct dmarc_evaluation evaluations[] = {
			{ .author_domain = SLICE("a.example"),
			    .result = DMARC_FAIL, .is_policy_known = true,
			    .has_policy = true, .policy = cases[i].failed },
			{ .author_domain = SLICE("b.example"),
			    .result = DMARC_TEMPERROR,
			    .is_policy_known = cases[i].is_known,
			    .policy = cases[i].open },
		};
		const struct inspect_results results = {
			.is_dmarc_checked = true,
			.dmarc = { .result = DMARC_FAIL,
				.deciding = &evaluations[0],
				.evaluations = evaluations,
				.n_evaluations = 2 },
		};
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;

		options.mode = POLICY_MODE_ENFORCE;
		options.is_temperror_accepted = cases[i].is_temperror_accepted;
		policy_judge_message(&options, &results, arena, &verdict);
		if (verdict.action != cases[i].want)
			fail_msg("%s: %s", cases[i].name,
			    policy_action_name(verdict.action));
		if (verdict.action == POLICY_TEMPFAIL)
			test_assert_slice(cases[i].name, verdict.text, "DMARC "
			    "cannot be evaluated now for b.example");
	}
	arena_destroy(&arena);
}

static void
test_message_texts(void **state)
{
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	struct scene scene = { .result = DMARC_FAIL,
		.policy = DMARC_POLICY_REJECT, .is_policy_known = true };

	(void)state;
	options.mode = POLICY_MODE_ENFORCE;
	set_scene(&scene);
	policy_judge_message(&options, &scene.results, arena, &verdict);
	test_assert_slice("reply", verdict.text, "rejected by the DMARC policy "
	    "of example.org (p=reject): no identifier is aligned; no sign of "
	    "forwarding (list)");
	test_assert_slice("reason", verdict.reason, "dmarc=fail p=reject "
	    "example.org: no identifier is aligned");

	scene.result = DMARC_PERMERROR;
	scene.author_status = MAIL_AUTHOR_REPEATED;
	set_scene(&scene);
	policy_judge_message(&options, &scene.results, arena, &verdict);
	assert_true(contains(verdict.text,
	    mail_author_status_text(MAIL_AUTHOR_REPEATED)));
	assert_true(contains(verdict.reason,
	    mail_author_status_text(MAIL_AUTHOR_REPEATED)));
	arena_destroy(&arena);
}

/* ---- knowledge (RFC 9989 7.4) -------------------------------------------- */

static const struct slice sealer_names[] = { SLICE_INIT("lists.example.net") };

/* What a failing message shows: an SPF pass of a declared forwarder, a chain,
 * or a question without an answer. */
static void
show(struct scene *scene, enum arc_result arc, enum spf_result spf,
    const struct arc_set *set)
{
	scene->results.arc = (struct arc_outcome){ .result = arc,
		.sets = set, .n_sets = set != NULL ? 1 : 0 };
	scene->results.is_arc_checked = true;
	scene->results.spf = (struct spf_outcome){ .result = spf,
		.domain = SLICE("lists.example.net") };
}

static const struct arc_set stranger = { .sealer = SLICE_INIT("x.example"),
	.seal_selector = SLICE_INIT("k"),
	.results = SLICE_INIT(" x; dmarc=pass header.from=example.org"),
	.covers_from = true };
static const struct arc_set trusted = {
	.sealer = SLICE_INIT("lists.example.net"),
	.seal_selector = SLICE_INIT("k"),
	.results = SLICE_INIT(" x; dmarc=pass header.from=example.org"),
	.covers_from = true };

#define HOLD .wanted = POLICY_HOLD, \
	.disposition = POLICY_DISPOSITION_QUARANTINE
#define REFUSE .wanted = POLICY_REJECT, \
	.disposition = POLICY_DISPOSITION_REJECT
#define DEFER .wanted = POLICY_TEMPFAIL
#define LOCAL .override = POLICY_OVERRIDE_LOCAL_POLICY

static void
test_knowledge(void **state)
{
	/* Defaults: p=none, no chain, no SPF, knowledge, hold, tempfail. */
	static const struct {
		const char *name;
		enum dmarc_policy policy;
		enum arc_result arc;
		const struct arc_set *set;
		enum spf_result spf;
		enum policy_dmarc_reject reject;
		enum policy_quarantine quarantine;
		bool is_temperror_accepted;
		enum policy_action wanted;
		enum policy_disposition disposition;
		unsigned evidence, open;
		enum policy_override override;
		const char *comment;
	} cases[] = {
		{ "bare", DMARC_POLICY_REJECT, REFUSE },
		{ "a chain", DMARC_POLICY_REJECT, ARC_PASS, &stranger, HOLD,
		    .evidence = POLICY_SIGN_ARC, LOCAL,
		    .comment = "evidence=arc" },
		{ "a chain, strict", DMARC_POLICY_REJECT, ARC_PASS, &stranger,
		    .reject = POLICY_REJECT_STRICT, REFUSE,
		    .evidence = POLICY_SIGN_ARC },
		{ "a forwarder", DMARC_POLICY_REJECT, .spf = SPF_PASS, HOLD,
		    .evidence = POLICY_SIGN_FORWARDER,
		    .override = POLICY_OVERRIDE_TRUSTED_FORWARDER,
		    .comment = "evidence=forwarder" },
		{ "both", DMARC_POLICY_REJECT, ARC_PASS, &stranger, SPF_PASS,
		    HOLD, .evidence = POLICY_SIGN_ARC | POLICY_SIGN_FORWARDER,
		    .override = POLICY_OVERRIDE_TRUSTED_FORWARDER,
		    .comment = "evidence=arc,forwarder" },
		{ "a broken chain", DMARC_POLICY_REJECT, ARC_FAIL, &trusted,
		    REFUSE },
		{ "quarantine is tag", DMARC_POLICY_REJECT, ARC_PASS,
		    &stranger, .quarantine = POLICY_QUARANTINE_TAG,
		    .disposition = POLICY_DISPOSITION_QUARANTINE,
		    .evidence = POLICY_SIGN_ARC, LOCAL,
		    .comment = "evidence=arc" },
		{ "quarantine is none", DMARC_POLICY_REJECT, ARC_PASS,
		    &stranger, .quarantine = POLICY_QUARANTINE_NONE,
		    .evidence = POLICY_SIGN_ARC, LOCAL,
		    .comment = "evidence=arc" },
		{ "quarantine is reject", DMARC_POLICY_REJECT, ARC_PASS,
		    &stranger, .quarantine = POLICY_QUARANTINE_REJECT, REFUSE,
		    .evidence = POLICY_SIGN_ARC },
		{ "p=quarantine: a chain changes nothing",
		    DMARC_POLICY_QUARANTINE, ARC_PASS, &stranger, HOLD,
		    .evidence = POLICY_SIGN_ARC },
		{ "p=none: nothing changes anything", DMARC_POLICY_NONE,
		    ARC_PASS, &trusted, .evidence = POLICY_SIGN_ARC |
		    POLICY_SIGN_SEALER },

		{ "a sealer under p=reject", DMARC_POLICY_REJECT, ARC_PASS,
		    &trusted, .evidence = POLICY_SIGN_ARC |
		    POLICY_SIGN_SEALER, LOCAL, .comment =
		    "arc=pass as[1].d=lists.example.net as[1].s=k" },
		{ "a sealer under p=quarantine", DMARC_POLICY_QUARANTINE,
		    ARC_PASS, &trusted, .evidence = POLICY_SIGN_ARC |
		    POLICY_SIGN_SEALER, LOCAL, .comment =
		    "arc=pass as[1].d=lists.example.net as[1].s=k" },
		{ "a sealer under p=quarantine, which is reject",
		    DMARC_POLICY_QUARANTINE, ARC_PASS, &trusted,
		    .quarantine = POLICY_QUARANTINE_REJECT,
		    .evidence = POLICY_SIGN_ARC | POLICY_SIGN_SEALER, LOCAL,
		    .comment =
		    "arc=pass as[1].d=lists.example.net as[1].s=k" },
		{ "a sealer, strict", DMARC_POLICY_REJECT, ARC_PASS, &trusted,
		    .reject = POLICY_REJECT_STRICT, REFUSE,
		    .evidence = POLICY_SIGN_ARC | POLICY_SIGN_SEALER },
		{ "a sealer, strict, under p=quarantine",
		    DMARC_POLICY_QUARANTINE, ARC_PASS, &trusted,
		    .reject = POLICY_REJECT_STRICT,
		    .evidence = POLICY_SIGN_ARC | POLICY_SIGN_SEALER, LOCAL,
		    .comment =
		    "arc=pass as[1].d=lists.example.net as[1].s=k" },

		{ "a chain that is open", DMARC_POLICY_REJECT, ARC_TEMPERROR,
		    &stranger, DEFER, .open = POLICY_SIGN_ARC },
		{ "an open chain, temperror accepted: no more than hold",
		    DMARC_POLICY_REJECT, ARC_TEMPERROR, &stranger,
		    .is_temperror_accepted = true, HOLD,
		    .open = POLICY_SIGN_ARC, LOCAL,
		    .comment = "evidence=arc" },
		{ "an open chain, strict", DMARC_POLICY_REJECT, ARC_TEMPERROR,
		    &trusted, .reject = POLICY_REJECT_STRICT, REFUSE },
		{ "an open chain, but a forwarder", DMARC_POLICY_REJECT,
		    ARC_TEMPERROR, &stranger, SPF_PASS, HOLD,
		    .evidence = POLICY_SIGN_FORWARDER,
		    .override = POLICY_OVERRIDE_TRUSTED_FORWARDER,
		    .comment = "evidence=forwarder" },
		{ "an open sealer, but a forwarder: held", DMARC_POLICY_REJECT,
		    ARC_TEMPERROR, &trusted, SPF_PASS, HOLD,
		    .evidence = POLICY_SIGN_FORWARDER,
		    .override = POLICY_OVERRIDE_TRUSTED_FORWARDER,
		    .comment = "evidence=forwarder" },
		{ "an open chain cannot turn quarantine = reject",
		    DMARC_POLICY_REJECT, ARC_TEMPERROR, &stranger,
		    .quarantine = POLICY_QUARANTINE_REJECT, REFUSE },
		{ "an open sealer can", DMARC_POLICY_REJECT, ARC_TEMPERROR,
		    &trusted, .quarantine = POLICY_QUARANTINE_REJECT, DEFER,
		    .open = POLICY_SIGN_SEALER },
		{ "an open sealer can, under p=quarantine too",
		    DMARC_POLICY_QUARANTINE, ARC_TEMPERROR, &trusted,
		    .quarantine = POLICY_QUARANTINE_REJECT, DEFER,
		    .open = POLICY_SIGN_SEALER },
		{ "an open sealer, all is refused, temperror accepted",
		    DMARC_POLICY_REJECT, ARC_TEMPERROR, &trusted,
		    .quarantine = POLICY_QUARANTINE_REJECT,
		    .is_temperror_accepted = true, REFUSE,
		    .open = POLICY_SIGN_SEALER },
		{ "an open sealer under p=quarantine: held",
		    DMARC_POLICY_QUARANTINE, ARC_TEMPERROR, &trusted, HOLD },
		{ "an open sealer under p=none", DMARC_POLICY_NONE,
		    ARC_TEMPERROR, &trusted, .wanted = POLICY_ACCEPT },
		{ "a forwarder's SPF is open", DMARC_POLICY_REJECT,
		    .spf = SPF_TEMPERROR, DEFER,
		    .open = POLICY_SIGN_FORWARDER },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;
		struct scene scene = { .result = DMARC_FAIL,
			.policy = cases[i].policy, .is_policy_known = true };

		set_scene(&scene);
		show(&scene, cases[i].arc, cases[i].spf, cases[i].set);
		options.mode = POLICY_MODE_ENFORCE;
		options.dmarc_reject = cases[i].reject;
		options.quarantine = cases[i].quarantine;
		options.is_temperror_accepted =
		    cases[i].is_temperror_accepted;
		options.trusted_sealers = options.forwarder_domains =
		    (struct policy_list){ sealer_names, 1 };
		policy_judge_message(&options, &scene.results, arena,
		    &verdict);
		if (verdict.action != cases[i].wanted)
			fail_msg("%s: wrong action", cases[i].name);
		if (verdict.disposition != cases[i].disposition)
			fail_msg("%s: wrong disposition", cases[i].name);
		if (verdict.evidence != cases[i].evidence ||
		    verdict.open_evidence != cases[i].open)
			fail_msg("%s: wrong evidence", cases[i].name);
		if (verdict.override != cases[i].override)
			fail_msg("%s: wrong override", cases[i].name);
		test_assert_slice(cases[i].name, verdict.override_comment,
		    cases[i].comment != NULL ? cases[i].comment : "");
		check_invariants(&scene, &options, &verdict);
		arena_destroy(&arena);
	}
}

/* What the sender, the log and the quarantine are told. */
static void
test_knowledge_texts(void **state)
{
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	struct scene scene = { .result = DMARC_FAIL,
		.policy = DMARC_POLICY_REJECT, .is_policy_known = true };

	(void)state;
	options.mode = POLICY_MODE_ENFORCE;
	options.forwarder_domains = (struct policy_list){ sealer_names, 1 };
	set_scene(&scene);
	scene.results.is_dkim_checked = true;
	show(&scene, ARC_NONE, SPF_NONE, NULL);
	policy_judge_message(&options, &scene.results, arena, &verdict);
	test_assert_slice("refused", verdict.text, "rejected by the DMARC "
	    "policy of example.org (p=reject): no identifier is aligned; no "
	    "sign of forwarding (arc, signature, list, forwarder)");

	options.evidence = 0;
	policy_judge_message(&options, &scene.results, arena, &verdict);
	test_assert_slice("nothing counts", verdict.text, "rejected by the "
	    "DMARC policy of example.org (p=reject): no identifier is "
	    "aligned");

	options.evidence = POLICY_SIGNS_ALL;
	show(&scene, ARC_PASS, SPF_NONE, &stranger);
	policy_judge_message(&options, &scene.results, arena, &verdict);
	test_assert_slice("held", verdict.reason, "dmarc=fail p=reject "
	    "evidence=arc example.org: no identifier is aligned");
	assert_int_equal(verdict.text.len, 0);

	options.quarantine = POLICY_QUARANTINE_REJECT;
	policy_judge_message(&options, &scene.results, arena, &verdict);
	test_assert_slice("not enough", verdict.text, "rejected by the DMARC "
	    "policy of example.org (p=reject): no identifier is aligned; "
	    "signs of forwarding (arc) are not enough here");

	options.quarantine = POLICY_QUARANTINE_HOLD;
	show(&scene, ARC_TEMPERROR, SPF_TEMPERROR, &stranger);
	policy_judge_message(&options, &scene.results, arena, &verdict);
	assert_string_equal(verdict.code, "451");
	test_assert_slice("put off", verdict.text, "the DMARC policy of "
	    "example.org cannot be applied now: DNS failed for what may be "
	    "signs of forwarding (arc, forwarder)");

	options.mode = POLICY_MODE_MONITOR;
	policy_judge_message(&options, &scene.results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_int_equal(verdict.wanted, POLICY_TEMPFAIL);
	assert_int_equal(verdict.text.len, 0);
	arena_destroy(&arena);
}

static void
test_dmarc_off(void **state)
{
	struct arena *arena = test_arena();
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	const struct inspect_results results = {
		.author_status = MAIL_AUTHOR_ABSENT };

	(void)state;
	options.mode = POLICY_MODE_ENFORCE;
	policy_judge_message(&options, &results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_ACCEPT);
	assert_int_equal(verdict.wanted, POLICY_ACCEPT);
	assert_int_equal(verdict.reason.len, 0);
	arena_destroy(&arena);
}

/* A refusal keeps its code and some text when there is no memory for it. */
static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(0);
	struct policy_options options = POLICY_OPTIONS_DEFAULT;
	struct policy_verdict verdict;
	const struct inspect_results results = { .spf = { .result = SPF_FAIL,
		.domain = SLICE("example.org") } };
	struct scene scene = { .result = DMARC_FAIL,
		.policy = DMARC_POLICY_REJECT, .is_policy_known = true };

	(void)state;
	assert_non_null(arena);
	options.mode = POLICY_MODE_ENFORCE;
	options.spf_reject = BIT(SPF_FAIL);
	set_scene(&scene);
	policy_judge_sender(&options, &results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_REJECT);
	assert_string_equal(verdict.enhanced, "5.7.23");
	assert_true(contains(verdict.text, "SPF"));
	policy_judge_message(&options, &scene.results, arena, &verdict);
	assert_int_equal(verdict.action, POLICY_REJECT);
	assert_true(contains(verdict.text, "DMARC"));
	arena_destroy(&arena);
}

/* Mail that a relay of ours has accepted is not refused for SPF: it would
 * bounce. */
static void
test_relayed_sender(void **state)
{
	static const struct {
		const char *name;
		enum spf_result spf;
		enum dmarc_result dmarc;
		enum policy_quarantine quarantine;
		bool is_client_unknown, is_direct;
		enum policy_action wanted;
	} cases[] = {
		{ .name = "hold", .spf = SPF_FAIL, .wanted = POLICY_HOLD },
		{ .name = "tag", .spf = SPF_FAIL,
		    .quarantine = POLICY_QUARANTINE_TAG },
		{ .name = "redirect", .spf = SPF_FAIL,
		    .quarantine = POLICY_QUARANTINE_REDIRECT,
		    .wanted = POLICY_REDIRECT },
		{ .name = "reject", .spf = SPF_FAIL,
		    .quarantine = POLICY_QUARANTINE_REJECT,
		    .wanted = POLICY_REJECT },
		{ .name = "none", .spf = SPF_FAIL,
		    .quarantine = POLICY_QUARANTINE_NONE },
		{ .name = "temperror", .spf = SPF_TEMPERROR,
		    .wanted = POLICY_TEMPFAIL },
		{ .name = "not refused", .spf = SPF_SOFTFAIL },
		{ .name = "SPF does not know the client", .spf = SPF_NONE,
		    .is_client_unknown = true },
		{ .name = "DMARC passes", .spf = SPF_FAIL,
		    .dmarc = DMARC_PASS, .wanted = POLICY_HOLD },
		{ .name = "by the client himself: that was at MAIL",
		    .spf = SPF_FAIL, .is_direct = true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options options = POLICY_OPTIONS_DEFAULT;
		struct policy_verdict verdict;
		struct scene scene = { .result = cases[i].dmarc,
			.is_policy_known = true };

		set_scene(&scene);
		scene.results.is_spf_checked = true;
		scene.results.spf.result = cases[i].spf;
		scene.results.spf.domain = SLICE("example.org");
		scene.results.is_relayed = !cases[i].is_direct;
		scene.results.client.family = cases[i].is_client_unknown ?
		    IP_NONE : IP_V4;
		options.mode = POLICY_MODE_ENFORCE;
		options.quarantine = cases[i].quarantine;
		options.spf_reject = BIT(SPF_FAIL) | BIT(SPF_TEMPERROR) |
		    BIT(SPF_NONE);
		policy_judge_message(&options, &scene.results, arena,
		    &verdict);
		if (verdict.wanted != cases[i].wanted)
			fail_msg("%s: wrong action", cases[i].name);
		if (verdict.wanted != POLICY_ACCEPT &&
		    !contains(verdict.reason, "spf="))
			fail_msg("%s: wrong reason", cases[i].name);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sender_actions),
		cmocka_unit_test(test_sender_texts),
		cmocka_unit_test(test_message_actions),
		cmocka_unit_test(test_all_combinations),
		cmocka_unit_test(test_several_temperrors),
		cmocka_unit_test(test_fail_beside_temperror),
		cmocka_unit_test(test_message_texts),
		cmocka_unit_test(test_knowledge),
		cmocka_unit_test(test_knowledge_texts),
		cmocka_unit_test(test_dmarc_off),
		cmocka_unit_test(test_relayed_sender),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
