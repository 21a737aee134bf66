/* tests/unit/policy/test_field.c - results in RFC 8601's words. */
#include "policy/field.h"

#include <string.h>

#include "authres/authres.h"
#include "inspect/inspect.h"
#include "policy/policy.h"
#include "unit/test.h"

#define OURS "mx.example.org"

static struct slice
build(struct arena *arena, const struct inspect_results *results,
    const struct policy_verdict *verdict)
{
	struct slice value;

	assert_true(policy_build_field(arena, SLICE(OURS), results, verdict,
	    &value));
	return value;
}

/* The field with each fold as one space. */
static struct slice
unfold(struct arena *arena, struct slice value)
{
	struct strbuf text;

	strbuf_init(&text, arena, AUTHRES_MAX_OCTETS);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != '\n')
			strbuf_append_char(&text, value.ptr[i] == '\t' ? ' ' :
			    value.ptr[i]);
	return strbuf_slice(&text);
}

/* ---- SPF ----------------------------------------------------------------- */

static void
test_spf(void **state)
{
	static const struct {
		const char *name, *mail, *domain, *helo;
		bool is_smtputf8;
		enum spf_result result;
		const char *reason, *want;
	} cases[] = {
		{ "pass", "<ann@example.org>", "example.org", "h", false,
		    SPF_PASS, "matched",
		    OURS "; spf=pass smtp.mailfrom=ann@example.org" },
		{ "fail", "<ann@Example.ORG>", "example.org", "h", false,
		    SPF_FAIL, "matched -all",
		    OURS "; spf=fail smtp.mailfrom=ann@example.org" },
		{ "null sender", "<>", "", "mail.example.org", false,
		    SPF_PASS, "",
		    OURS "; spf=pass smtp.helo=mail.example.org" },
		{ "null sender, no HELO", "<>", "", "", false, SPF_NONE, "",
		    OURS "; spf=none" },
		{ "no domain", "<root>", "", "h", false, SPF_NONE, "",
		    OURS "; spf=none smtp.mailfrom=root" },
		{ "temperror has its reason", "<a@example.org>",
		    "example.org", "h", false, SPF_TEMPERROR, "timeout",
		    OURS "; spf=temperror reason=timeout "
		    "smtp.mailfrom=a@example.org" },
		{ "U-label shown as A-label", "<a@b\xc3\xbc" "cher.example>",
		    "xn--bcher-kva.example", "h", false, SPF_PASS, "",
		    OURS "; spf=pass smtp.mailfrom=a@xn--bcher-kva.example" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		const struct policy_verdict verdict = { .code = NULL };
		struct inspect_results r = {
			.helo = slice_from_cstr(cases[i].helo),
			.sender_domain = slice_from_cstr(cases[i].domain),
			.is_smtputf8 = cases[i].is_smtputf8,
			.is_spf_checked = true,
			.spf = { .result = cases[i].result,
				.reason = slice_from_cstr(cases[i].reason) },
			/* Never shown: it is not the sender's. */
			.helo_spf = { .result = SPF_PASS },
		};

		mail_parse_path(slice_from_cstr(cases[i].mail), &r.sender);
		test_assert_slice(cases[i].name, unfold(arena, build(arena,
		    &r, &verdict)), cases[i].want);
		arena_destroy(&arena);
	}
}

static void
test_relay(void **state)
{
	struct arena *arena = test_arena();
	const struct policy_verdict verdict = { .code = NULL };
	struct inspect_results r = { .is_spf_checked = true,
		.is_relayed = true, .sender_domain = SLICE("example.org"),
		.spf = { .result = SPF_NONE, .reason = SLICE("why") } };

	(void)state;
	mail_parse_path(SLICE("<a@example.org>"), &r.sender);
	assert_true(ip_parse(SLICE("198.51.100.1"), &r.relay));
	test_assert_slice("client unknown", unfold(arena, build(arena, &r,
	    &verdict)), OURS "; spf=none reason=why "
	    "smtp.mailfrom=a@example.org policy.relay=198.51.100.1");
	assert_true(ip_parse(SLICE("2001:db8::1"), &r.client));
	r.spf.result = SPF_PASS;
	test_assert_slice("client known", unfold(arena, build(arena, &r,
	    &verdict)), OURS "; spf=pass smtp.mailfrom=a@example.org "
	    "smtp.remote-ip=\"2001:db8::1\" policy.relay=198.51.100.1");
	arena_destroy(&arena);
}

/* ---- DKIM ---------------------------------------------------------------- */

static void
test_dkim(void **state)
{
	static const struct dkim_outcome outcomes[] = {
		{ .result = DKIM_RESULT_PASS,
		    .domain = SLICE_INIT("example.org"),
		    .selector = SLICE_INIT("sel"),
		    .algorithm = SLICE_INIT("rsa-sha256"),
		    .b_prefix = SLICE_INIT("AuUoFEfD"),
		    .names = SLICE_INIT("From : Subject") },
		{ .result = DKIM_RESULT_NEUTRAL,
		    .reason = DKIM_REASON_TOO_MANY,
		    .domain = SLICE_INIT("example.net") },
	};
	struct arena *arena = test_arena();
	const struct policy_verdict verdict = { .code = NULL };
	struct inspect_results r = { .is_dkim_checked = true };
	struct slice value;
	struct authres parsed;

	(void)state;
	test_assert_slice("no signature", unfold(arena, build(arena, &r,
	    &verdict)), OURS "; dkim=none");
	r.dkim = outcomes;
	r.n_dkim = 1;
	test_assert_slice("one", unfold(arena, build(arena, &r, &verdict)),
	    OURS "; dkim=pass header.d=example.org header.s=sel "
	    "header.a=rsa-sha256 header.b=AuUoFEfD");
	r.n_dkim = 2;
	value = build(arena, &r, &verdict);
	assert_true(authres_parse(arena, value, &parsed));
	assert_int_equal(parsed.n_methods, 2);
	test_assert_slice("result", parsed.methods[1].result, "neutral");
	test_assert_slice("reason", parsed.methods[1].reason,
	    dkim_reason_text(DKIM_REASON_TOO_MANY));
	assert_int_equal(parsed.methods[1].n_properties, 1);
	arena_destroy(&arena);
}

static struct slice
fill(struct arena *arena, char c, size_t n)
{
	char *text = arena_alloc(arena, n);

	assert_non_null(text);
	memset(text, c, n);
	return (struct slice){ text, n };
}

/* The worst that can be written still makes a field, and what passed is in
 * it. */
static void
test_largest_field(void **state)
{
	struct arena *arena = test_arena();
	struct slice ugly = fill(arena, '"', 8192);
	struct slice domain = fill(arena, 'd', 253);
	struct dkim_outcome outcomes[64];
	const struct arc_set sets[] = { { .sealer = domain },
		{ .sealer = domain }, { .sealer = domain },
		{ .sealer = domain }, { .sealer = domain } };
	const struct dmarc_evaluation deciding = {
		.author_domain = domain, .result = DMARC_TEMPERROR,
		.has_policy = true, .policy = DMARC_POLICY_QUARANTINE,
		.reason = ugly };
	struct inspect_results r = {
		.helo = ugly,
		.sender = { .address = ugly, .local = ugly },
		.sender_domain = domain,
		.is_spf_checked = true, .is_dkim_checked = true,
		.is_arc_checked = true, .is_dmarc_checked = true,
		.spf = { .result = SPF_PERMERROR, .reason = ugly },
		.arc = { .result = ARC_PASS, .sets = sets,
			.n_sets = N_ELEMENTS(sets) },
		.dkim = outcomes, .n_dkim = N_ELEMENTS(outcomes),
		.dmarc = { .result = DMARC_TEMPERROR, .deciding = &deciding },
	};
	const struct policy_verdict verdict = {
		.evidence = POLICY_SIGNS_ALL };
	struct authres parsed;
	struct slice value;
	size_t n_pass = 0, n_dkim = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(outcomes); i++)
		outcomes[i] = (struct dkim_outcome){
			.result = i < 60 ? DKIM_RESULT_FAIL : DKIM_RESULT_PASS,
			.reason = i < 60 ? DKIM_REASON_SIGNATURE :
			    DKIM_REASON_NONE,
			.domain = domain, .selector = ugly,
			.algorithm = ugly, .b_prefix = fill(arena, '"', 8),
		};
	value = build(arena, &r, &verdict);
	assert_true(authres_parse(arena, value, &parsed));
	for (size_t i = 0; i < parsed.n_methods; i++) {
		if (!slice_eq(parsed.methods[i].method, SLICE("dkim")))
			continue;
		n_dkim++;
		if (slice_eq(parsed.methods[i].result, SLICE("pass")))
			n_pass++;
	}
	assert_int_equal(n_dkim, POLICY_FIELD_MAX_SIGNATURES);
	assert_int_equal(n_pass, 4);
	test_assert_slice("last", parsed.methods[parsed.n_methods - 1].method,
	    "dmarc");
	arena_destroy(&arena);
}

/* ---- DMARC --------------------------------------------------------------- */

static void
test_dmarc(void **state)
{
	static const struct {
		const char *name;
		enum dmarc_result result;
		const char *domain;
		bool has_policy;
		enum dmarc_policy policy;
		enum policy_disposition disposition;
		enum mail_author_status author;
		const char *want;
	} cases[] = {
		{ "pass", DMARC_PASS, "example.org", true,
		    DMARC_POLICY_REJECT, POLICY_DISPOSITION_NONE,
		    MAIL_AUTHOR_OK, OURS "; dmarc=pass (p=reject dis=none) "
		    "header.from=example.org policy.dmarc=reject" },
		{ "fail", DMARC_FAIL, "example.org", true,
		    DMARC_POLICY_QUARANTINE, POLICY_DISPOSITION_QUARANTINE,
		    MAIL_AUTHOR_OK, OURS "; dmarc=fail (p=quarantine "
		    "dis=quarantine) header.from=example.org "
		    "policy.dmarc=quarantine" },
		{ "no record", DMARC_NONE, "example.org", false,
		    DMARC_POLICY_NONE, POLICY_DISPOSITION_NONE,
		    MAIL_AUTHOR_OK, OURS "; dmarc=none "
		    "header.from=example.org" },
		{ "temperror without a policy", DMARC_TEMPERROR,
		    "example.org", false, DMARC_POLICY_NONE,
		    POLICY_DISPOSITION_NONE, MAIL_AUTHOR_OK,
		    OURS "; dmarc=temperror reason=why "
		    "header.from=example.org" },
		{ "no author", DMARC_PERMERROR, "", false, DMARC_POLICY_NONE,
		    POLICY_DISPOSITION_NONE, MAIL_AUTHOR_ABSENT, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		const struct policy_verdict verdict = {
			.disposition = cases[i].disposition };
		const struct dmarc_evaluation deciding = {
			.author_domain = slice_from_cstr(cases[i].domain),
			.has_policy = cases[i].has_policy,
			.policy = cases[i].policy,
			.reason = SLICE("why"),
		};
		const struct inspect_results r = {
			.author_status = cases[i].author,
			.is_dmarc_checked = true,
			.dmarc = { .result = cases[i].result,
				.deciding = &deciding },
		};
		struct slice value = build(arena, &r, &verdict);
		struct authres parsed;

		if (cases[i].want != NULL) {
			test_assert_slice(cases[i].name, unfold(arena, value),
			    cases[i].want);
		} else {
			assert_true(authres_parse(arena, value, &parsed));
			test_assert_slice(cases[i].name,
			    parsed.methods[0].reason,
			    mail_author_status_text(cases[i].author));
			assert_int_equal(parsed.methods[0].n_properties, 0);
		}
		arena_destroy(&arena);
	}
}

/* ---- ARC ----------------------------------------------------------------- */

static void
test_arc(void **state)
{
	static const struct arc_set sets[] = {
		{ .sealer = SLICE_INIT("a.example") },
		{ .sealer = SLICE_INIT("b.example") },
		{ .sealer = SLICE_INIT("c.example") },
		{ .sealer = SLICE_INIT("d.example") },
		{ .sealer = SLICE_INIT("e.example") },
	};
	static const struct {
		const char *name, *client;
		struct arc_outcome arc;
		const char *want;
	} cases[] = {
		{ "none", "192.0.2.1", { .result = ARC_NONE },
		    OURS "; arc=none" },
		{ "pass", "192.0.2.1", { .result = ARC_PASS, .sets = sets,
		    .n_sets = 2 }, OURS "; arc=pass (i=2 d=b.example "
		    "d=a.example) header.oldest-pass=0 "
		    "smtp.remote-ip=192.0.2.1" },
		{ "pass of the newest only, IPv6", "2001:db8::1",
		    { .result = ARC_PASS, .sets = sets, .n_sets = 2,
		    .oldest_pass = 2 }, OURS "; arc=pass (i=2 d=b.example "
		    "d=a.example) header.oldest-pass=2 "
		    "smtp.remote-ip=\"2001:db8::1\"" },
		{ "many sealers", "192.0.2.1", { .result = ARC_PASS,
		    .sets = sets, .n_sets = 5 }, OURS "; arc=pass (i=5 "
		    "d=e.example d=d.example d=c.example d=b.example ...) "
		    "header.oldest-pass=0 smtp.remote-ip=192.0.2.1" },
		{ "fail: what the sets say is not told", "192.0.2.1",
		    { .result = ARC_FAIL, .reason = ARC_REASON_SEAL,
		    .failed_instance = 1, .sets = sets, .n_sets = 2 },
		    OURS "; arc=fail reason=\"a seal does not verify\" (i=1) "
		    "smtp.remote-ip=192.0.2.1" },
		{ "temperror", "192.0.2.1", { .result = ARC_TEMPERROR,
		    .reason = ARC_REASON_DNS }, OURS "; arc=temperror "
		    "reason=\"a key could not be asked for\" "
		    "smtp.remote-ip=192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		const struct policy_verdict verdict = { .code = NULL };
		struct inspect_results r = { .is_arc_checked = true,
			.arc = cases[i].arc };

		assert_true(ip_parse(slice_from_cstr(cases[i].client),
		    &r.client));
		test_assert_slice(cases[i].name, unfold(arena, build(arena,
		    &r, &verdict)), cases[i].want);
		arena_destroy(&arena);
	}
}

/* Oddities stand with the result that they are about. */
static void
test_flags(void **state)
{
	static const struct dkim_outcome dkim = { .result = DKIM_RESULT_PASS,
		.domain = SLICE_INIT("example.org"),
		.names = SLICE_INIT("from") };
	struct arena *arena = test_arena();
	const struct policy_verdict verdict = { .code = NULL };
	const struct inspect_results r = {
		.sender = { .is_null = true }, .helo = SLICE("h"),
		.is_spf_checked = true, .is_dkim_checked = true,
		.spf = { .result = SPF_PASS, .is_pass_too_wide = true },
		.dkim = &dkim, .n_dkim = 1 };

	(void)state;
	test_assert_slice("flags", unfold(arena, build(arena, &r, &verdict)),
	    OURS "; spf=pass smtp.helo=h policy.flags=wide-spf; dkim=pass "
	    "header.d=example.org policy.flags=unsigned-content");
	arena_destroy(&arena);
}

/* A list of signs is no token: it has quotes. */
static void
test_evidence(void **state)
{
	struct arena *arena = test_arena();
	struct policy_verdict verdict = { .evidence = POLICY_SIGN_ARC,
		.disposition = POLICY_DISPOSITION_QUARANTINE };
	const struct dmarc_evaluation deciding = { .has_policy = true,
		.author_domain = SLICE("example.org"),
		.policy = DMARC_POLICY_REJECT };
	const struct inspect_results r = { .is_dmarc_checked = true,
		.dmarc = { .result = DMARC_FAIL, .deciding = &deciding } };
	struct authres parsed;
	struct slice value;

	(void)state;
	test_assert_slice("one", unfold(arena, build(arena, &r, &verdict)),
	    OURS "; dmarc=fail (p=reject dis=quarantine) "
	    "header.from=example.org policy.dmarc=reject "
	    "policy.evidence=arc");
	verdict.evidence |= POLICY_SIGN_LIST;
	value = build(arena, &r, &verdict);
	assert_true(authres_parse(arena, value, &parsed));
	assert_int_equal(parsed.methods[0].n_properties, 3);
	test_assert_slice("two", parsed.methods[0].properties[2].name,
	    "evidence");
	test_assert_slice("two", parsed.methods[0].properties[2].value,
	    "arc,list");
	arena_destroy(&arena);
}

static void
test_nothing_tried(void **state)
{
	struct arena *arena = test_arena();
	const struct inspect_results r = { .is_header_whole = true };
	const struct policy_verdict verdict = { .code = NULL };
	struct slice value;

	(void)state;
	test_assert_slice("all off", unfold(arena, build(arena, &r,
	    &verdict)), OURS "; none");
	assert_true(policy_build_empty_field(arena, SLICE(OURS), &value));
	test_assert_slice("not checked", unfold(arena, value),
	    OURS "; none");
	arena_destroy(&arena);
}

/* What a sender writes stays where it belongs. */
static void
test_hostile(void **state)
{
	static const char *const addresses[] = {
		"<\"a\\\"; dkim=pass (\"@example.org>",
		"<a\r\nX: y@example.org>",
		"<a;dmarc=pass@example.org>",
		"<a\x01\x7f\xff@example.org>",
		"<(@example.org>",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		struct arena *arena = test_arena();
		const struct policy_verdict verdict = { .code = NULL };
		struct inspect_results r = {
			.sender_domain = SLICE("example.org"),
			.is_spf_checked = true,
			.spf = { .result = SPF_FAIL },
		};
		struct authres parsed;
		struct slice value;

		mail_parse_path(slice_from_cstr(addresses[i]), &r.sender);
		value = build(arena, &r, &verdict);
		assert_true(authres_parse(arena, value, &parsed));
		assert_int_equal(parsed.n_methods, 1);
		test_assert_slice(addresses[i], parsed.methods[0].result,
		    "fail");
		for (size_t j = 0; j < value.len; j++)
			assert_true(value.ptr[j] == '\n' ||
			    value.ptr[j] == '\t' || (value.ptr[j] >= ' ' &&
			    value.ptr[j] < 0x7f));
		arena_destroy(&arena);
	}
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(64);
	const struct inspect_results r = { .is_dkim_checked = true };
	const struct policy_verdict verdict = { .code = NULL };
	struct slice value;

	(void)state;
	assert_non_null(arena);
	assert_false(policy_build_field(arena, SLICE(OURS), &r, &verdict,
	    &value));
	assert_false(policy_build_empty_field(arena, SLICE(OURS), &value));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spf),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_dkim),
		cmocka_unit_test(test_largest_field),
		cmocka_unit_test(test_dmarc),
		cmocka_unit_test(test_arc),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_nothing_tried),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
