/* What assay check finds of domains that are well and not so well kept. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/check.h"
#include "config/config.h"
#include "dns/zone.h"
#include "unit/test.h"

#define ED25519 "v=DKIM1; k=ed25519; " \
	"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA1024 "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" \
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfz" \
	"wQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2" \
	"kryOTIKT+l/K4w3QIDAQAB"
#define TXT(name, text) name ". IN TXT \"" text "\"\n"
#define D "example.org"

static const struct {
	const char *name;
	void (*check)(struct check *check);
	const char *zone;	/* master file */
	const char *ids;	/* of the findings, in order */
	enum check_severity worst;
} cases[] = {
	{ "MX", check_mx, D ". IN MX 10 mx." D ".\nmx." D ". IN A 192.0.2.1\n",
	    "mx-host", CHECK_GOOD },
	{ "MX without an address", check_mx, D ". IN MX 10 mx." D ".\n",
	    "mx-no-address", CHECK_CRITICAL },
	{ "MX is an alias", check_mx, D ". IN MX 10 mx." D ".\nmx." D
	    ". IN CNAME a." D ".\na." D ". IN A 192.0.2.1\n",
	    "mx-is-alias mx-host", CHECK_WARNING },
	{ "null MX", check_mx, D ". IN MX 0 .\n", "mx-null", CHECK_GOOD },
	{ "no MX", check_mx, D ". IN A 192.0.2.1\n", "mx-implicit mx-host",
	    CHECK_WARNING },

	{ "TLSA, and DNSSEC not looked at", check_dane, D ". IN MX 10 mx." D
	    ".\nmx." D ". IN A 192.0.2.1\n_25._tcp.mx." D ". IN TLSA 3 0 0 30"
	    "\n", "dane-unknown", CHECK_GOOD },
	{ "TLSA of no kind for SMTP", check_dane, D ". IN MX 10 mx." D
	    ".\nmx." D ". IN A 192.0.2.1\n_25._tcp.mx." D ". IN TLSA 1 0 0 30"
	    "\n", "dane-unusable", CHECK_WARNING },
	{ "no TLSA", check_dane, D ". IN MX 10 mx." D ".\nmx." D
	    ". IN A 192.0.2.1\n", "dane-none", CHECK_GOOD },
	{ "null MX, no TLSA", check_dane, D ". IN MX 0 .\n", "",
	    CHECK_GOOD },

	{ "SPF", check_spf, TXT(D, "v=spf1 ip4:192.0.2.0/24 -all"),
	    "spf-cost spf-lookups", CHECK_GOOD },
	{ "no SPF", check_spf, TXT(D, "x"), "spf-none", CHECK_CRITICAL },
	{ "two SPF", check_spf, TXT(D, "v=spf1 -all") TXT(D, "v=spf1 ~all"),
	    "spf-several", CHECK_CRITICAL },
	{ "SPF syntax", check_spf, TXT(D, "v=spf1 ipv4:192.0.2.1 -all"),
	    "spf-syntax", CHECK_CRITICAL },
	{ "+all", check_spf, TXT(D, "v=spf1 all"),
	    "spf-cost spf-plus-all spf-lookups", CHECK_CRITICAL },
	{ "?all", check_spf, TXT(D, "v=spf1 ?all"),
	    "spf-cost spf-neutral-all spf-lookups", CHECK_WARNING },
	{ "no all", check_spf, TXT(D, "v=spf1 ip4:192.0.2.1"),
	    "spf-cost spf-no-all spf-lookups", CHECK_WARNING },
	{ "+all by redirect", check_spf, TXT(D, "v=spf1 redirect=r." D)
	    TXT("r." D, "v=spf1 +all"), "spf-cost spf-cost spf-plus-all "
	    "spf-lookups", CHECK_CRITICAL },
	{ "+all in an include", check_spf, TXT(D, "v=spf1 include:r." D
	    " -all") TXT("r." D, "v=spf1 +all"),
	    "spf-cost spf-cost spf-lookups", CHECK_GOOD },
	{ "include of nothing", check_spf, TXT(D, "v=spf1 include:r." D
	    " -all"), "spf-cost spf-include-none spf-lookups",
	    CHECK_CRITICAL },
	{ "ptr", check_spf, TXT(D, "v=spf1 ptr -all"),
	    "spf-cost spf-ptr spf-lookups", CHECK_WARNING },
	{ "wide", check_spf, TXT(D, "v=spf1 ip4:10.0.0.0/8 "
	    "ip6:2001:db8::/31 -all"), "spf-cost spf-wide spf-wide "
	    "spf-lookups", CHECK_WARNING },
	{ "not so wide", check_spf, TXT(D, "v=spf1 ip4:10.0.0.0/16 "
	    "-ip4:10.0.0.0/8 -all"), "spf-cost spf-lookups", CHECK_GOOD },
	{ "a void lookup", check_spf, TXT(D, "v=spf1 a:x." D " -all"),
	    "spf-cost spf-void spf-lookups", CHECK_WARNING },
	{ "three of them", check_spf, TXT(D, "v=spf1 a:x." D " a:y." D
	    " mx:z." D " -all"), "spf-cost spf-void spf-void spf-void "
	    "spf-lookups spf-too-many-void", CHECK_CRITICAL },
	{ "ten lookups", check_spf, TXT(D, "v=spf1 exists:1.%{i}." D
	    " exists:2." D " exists:3." D " exists:4." D " exists:5." D
	    " exists:6." D " exists:7." D " exists:8." D " exists:9." D
	    " exists:10." D " -all"), "spf-cost spf-lookups", CHECK_GOOD },
	{ "eleven lookups", check_spf, TXT(D, "v=spf1 exists:1." D
	    " exists:2." D " exists:3." D " exists:4." D " exists:5." D
	    " exists:6." D " exists:7." D " exists:8." D " exists:9." D
	    " exists:10." D " include:r." D " -all") TXT("r." D, "v=spf1"),
	    "spf-cost spf-cost spf-too-many-lookups", CHECK_CRITICAL },
	{ "a loop", check_spf, TXT(D, "v=spf1 include:r." D " -all")
	    TXT("r." D, "v=spf1 include:" D " -all"),
	    "spf-cost spf-cost spf-loop spf-too-many-lookups",
	    CHECK_CRITICAL },
	{ "a macro", check_spf, TXT(D, "v=spf1 include:%{d}.x." D " -all"),
	    "spf-cost spf-macro spf-lookups", CHECK_GOOD },

	{ "Ed25519", check_dkim, TXT("s1._domainkey." D, ED25519), "dkim-key",
	    CHECK_GOOD },
	{ "RSA of 1024", check_dkim, TXT("s1._domainkey." D, RSA1024),
	    "dkim-key-1024", CHECK_WARNING },
	{ "testing", check_dkim, TXT("s1._domainkey." D, ED25519 "; t=y"),
	    "dkim-key dkim-testing", CHECK_WARNING },
	{ "revoked", check_dkim, TXT("s1._domainkey." D, "v=DKIM1; p="),
	    "dkim-revoked", CHECK_GOOD },
	{ "broken", check_dkim, TXT("s1._domainkey." D, "v=DKIM1; p=x"),
	    "dkim-key-syntax", CHECK_CRITICAL },
	{ "SHA-1 only", check_dkim, TXT("s1._domainkey." D, ED25519
	    "; h=sha1"), "dkim-key dkim-hash", CHECK_CRITICAL },
	{ "no key", check_dkim, "", "dkim-no-selector", CHECK_GOOD },

	{ "DMARC", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; "
	    "rua=mailto:a@" D), "dmarc-policy dmarc-reports dmarc-org",
	    CHECK_GOOD },
	{ "p=none", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=none"),
	    "dmarc-policy dmarc-no-rua dmarc-org", CHECK_WARNING },
	{ "sp=none", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; "
	    "sp=none; rua=mailto:a@" D), "dmarc-policy dmarc-sp-none "
	    "dmarc-reports dmarc-org", CHECK_WARNING },
	{ "legacy tags", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; "
	    "pct=50; ri=86400; rua=mailto:a@" D), "dmarc-policy "
	    "dmarc-legacy-tag dmarc-legacy-tag dmarc-reports dmarc-org",
	    CHECK_GOOD },
	{ "t=y", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; t=y; "
	    "rua=mailto:a@" D), "dmarc-policy dmarc-testing dmarc-reports "
	    "dmarc-org", CHECK_GOOD },
	{ "not agreed", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; "
	    "rua=mailto:a@example.net"), "dmarc-policy dmarc-unconfirmed "
	    "dmarc-org", CHECK_WARNING },
	{ "agreed", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=reject; "
	    "rua=mailto:a@example.net")
	    TXT(D "._report._dmarc.example.net", "v=DMARC1"),
	    "dmarc-policy dmarc-reports dmarc-org", CHECK_GOOD },
	{ "two records", check_dmarc, TXT("_dmarc." D, "v=DMARC1; p=none")
	    TXT("_dmarc." D, "v=DMARC1; p=reject"), "dmarc-several "
	    "dmarc-org", CHECK_CRITICAL },
	{ "no record", check_dmarc, "", "dmarc-none dmarc-org",
	    CHECK_CRITICAL },

	{ "TLS-RPT", check_tls_rpt, TXT("_smtp._tls." D,
	    "v=TLSRPTv1; rua=mailto:a@" D ",https://" D "/x"), "tls-rpt",
	    CHECK_GOOD },
	{ "TLS-RPT without rua", check_tls_rpt, TXT("_smtp._tls." D,
	    "v=TLSRPTv1;"), "tls-rpt-syntax", CHECK_WARNING },
	{ "TLS-RPT by ftp", check_tls_rpt, TXT("_smtp._tls." D,
	    "v=TLSRPTv1; rua=ftp://" D), "tls-rpt-uri", CHECK_WARNING },
	{ "two TLS-RPT", check_tls_rpt, TXT("_smtp._tls." D, "v=TLSRPTv1; "
	    "rua=mailto:a@" D) TXT("_smtp._tls." D, "v=TLSRPTv1; "
	    "rua=mailto:b@" D), "tls-rpt-several", CHECK_WARNING },
	{ "no TLS-RPT", check_tls_rpt, "", "tls-rpt-none", CHECK_GOOD },

	{ "BIMI", check_bimi, TXT("default._bimi." D, "v=BIMI1; l=https://" D
	    "/l.svg"), "bimi", CHECK_GOOD },
	{ "BIMI by http", check_bimi, TXT("default._bimi." D, "v=BIMI1; "
	    "l=http://" D "/l.svg"), "bimi-uri", CHECK_WARNING },
	{ "BIMI declined", check_bimi, TXT("default._bimi." D, "v=BIMI1; "
	    "l=; a="), "bimi-declined", CHECK_GOOD },
	{ "no BIMI", check_bimi, "", "", CHECK_GOOD },

	{ "MTA-STS record", check_mta_sts, TXT("_mta-sts." D, "v=STSv1; "
	    "id=a-b"), "mta-sts-record-syntax", CHECK_CRITICAL },
	{ "two MTA-STS records", check_mta_sts, TXT("_mta-sts." D,
	    "v=STSv1; id=1") TXT("_mta-sts." D, "v=STSv1; id=2"),
	    "mta-sts-several", CHECK_CRITICAL },
	{ "MTA-STS without a host", check_mta_sts, TXT("_mta-sts." D,
	    "v=STSv1; id=1"), "mta-sts-record mta-sts-fetch",
	    CHECK_CRITICAL },
	{ "no MTA-STS", check_mta_sts, "", "mta-sts-none", CHECK_GOOD },

	{ "no such domain", check_all, "", "domain-absent", CHECK_CRITICAL },
};

static struct resolver *
load_zone(struct arena *arena, const char *name, const char *text)
{
	char path[] = "/tmp/assay-check-XXXXXX";
	int fd = mkstemp(path);
	struct resolver *zone = zone_create();
	struct strbuf problem;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	strbuf_init(&problem, arena, 10000);
	if (!zone_load_file(zone, path, &problem))
		fail_msg("%s: %s", name, strbuf_cstr(&problem));
	unlink(path);
	return zone;
}

static struct slice
list_ids(struct arena *arena, const struct check *check)
{
	struct strbuf ids;

	strbuf_init(&ids, arena, 10000);
	for (const struct check_finding *finding = check->findings;
	    finding != NULL; finding = finding->next) {
		if (ids.len != 0)
			strbuf_append_char(&ids, ' ');
		strbuf_append_cstr(&ids, finding->id);
		assert_true(finding->text.len != 0);
		assert_true(slice_is_ascii(finding->text));
	}
	return strbuf_slice(&ids);
}

static void
test_cases(void **state)
{
	struct config *config = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *zone = load_zone(arena, cases[i].name,
		    cases[i].zone);
		struct check check = { .arena = arena, .resolver = zone,
			.config = config, .hostname = SLICE("mx.example.net") };

		check_begin(&check, SLICE(D));
		cases[i].check(&check);
		assert_false(check.has_failed);
		test_assert_slice(cases[i].name, list_ids(arena, &check),
		    cases[i].ids);
		if (check_worst(&check) != cases[i].worst)
			fail_msg("%s: %s", cases[i].name,
			    check_severity_name(check_worst(&check)));
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

/* Questions that have no answer are one finding, unless they were asked for. */
static void
test_unanswered_selectors(void **state)
{
	static const struct {
		const char *name;
		struct slice selector;
		const char *ids, *text;
	} rows[] = {
		{ "common ones", { NULL, 0 }, "dns",
		    "2 of the 30 selectors that are common: SERVFAIL" },
		{ "asked for", SLICE_INIT("s1"), "dns",
		    "selector s1: SERVFAIL" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct arena *arena = test_arena();
		struct resolver *zone = zone_create();
		struct check check = { .arena = arena, .resolver = zone,
			.config = *state, .selectors = &rows[i].selector,
			.n_selectors = rows[i].selector.len != 0 };

		assert_true(zone_add_fault(zone, SLICE("s1._domainkey." D),
		    ZONE_FAULT_SERVFAIL));
		assert_true(zone_add_fault(zone, SLICE("2026._domainkey." D),
		    ZONE_FAULT_SERVFAIL));
		check_begin(&check, SLICE(D));
		check_dkim(&check);
		test_assert_slice(rows[i].name, list_ids(arena, &check),
		    rows[i].ids);
		test_assert_slice(rows[i].name, check.findings->text,
		    rows[i].text);
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

/* Hosts that take all of the time leave none for the others. */
static void
test_budget(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = load_zone(arena, "budget", D ". IN MX 10 mx."
	    D ".\nmx." D ". IN A 192.0.2.1\n");
	struct check check = { .arena = arena, .resolver = zone,
		.config = *state, .hostname = SLICE("mx.example.net"),
		.wants_connect = true, .connect_until_ms = 1 };

	check_begin(&check, SLICE(D));
	check_mx(&check);
	test_assert_slice("budget", list_ids(arena, &check),
	    "mx-host mx-left-out");
	assert_int_equal(check_worst(&check), CHECK_UNKNOWN);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static int
load_config(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problems;

	strbuf_init(&problems, arena, 10000);
	*state = config_load_text("test", SLICE("mode = \"enforce\";"),
	    &problems);
	arena_destroy(&arena);
	return *state != NULL ? 0 : -1;
}

static int
unload_config(void **state)
{
	struct config *config = *state;

	config_unload(&config);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_unanswered_selectors),
	};

	return cmocka_run_group_tests(tests, load_config, unload_config);
}
