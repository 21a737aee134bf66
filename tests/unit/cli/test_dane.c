/* DANE of a domain's hosts (RFC 7672), over a zone that DNSSEC vouches for but
 * where a name has "insecure" in it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/dane.h"
#include "config/config.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "unit/test.h"

#define SHA256 "000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define D "example.org"
#define MX(host) D ". MX 10 " host ".\n"
#define A(host) host ". A 192.0.2.1\n"
#define TLSA(host, data) "_25._tcp." host ". TLSA " data "\n"
#define GOOD "3 1 1 " SHA256
#define UNKNOWN ((enum dane_coverage)99)

static const struct {
	const char *name, *zone;
	const char *broken;	/* a name that gives SERVFAIL, or NULL */
	enum dane_coverage coverage;	/* or UNKNOWN */
	const char *ids;	/* what assay check finds, or NULL: another
				 * domain is asked */
} cases[] = {
	{ "all", MX("a") A("a") TLSA("a", GOOD), NULL, DANE_COVERS_ALL,
	    "dane-host" },
	{ "both hosts", MX("a") MX("b") A("a") A("b") TLSA("a", GOOD)
	    TLSA("b", "2 0 1 " SHA256), NULL, DANE_COVERS_ALL,
	    "dane-host dane-host" },
	{ "one of two", MX("a") MX("b") A("a") A("b") TLSA("b", GOOD), NULL,
	    DANE_COVERS_SOME, "dane-host" },
	{ "none", MX("a") A("a"), NULL, DANE_COVERS_NONE, "dane-none" },
	{ "no MX", A(D) TLSA(D, GOOD), NULL, DANE_COVERS_ALL, "dane-host" },
	{ "no domain", "", NULL, DANE_COVERS_NONE, "" },
	{ "null MX", D ". MX 0 .\n", NULL, DANE_COVERS_NONE, "" },
	{ "the MX is not secure", "insecure." MX("a") A("a") TLSA("a", GOOD),
	    NULL, DANE_COVERS_NONE, NULL },
	{ "its address is not", MX("insecure.a") A("insecure.a")
	    TLSA("insecure.a", GOOD), NULL, DANE_COVERS_NONE, "dane-insecure" },
	{ "it has none", MX("a") TLSA("a", GOOD), NULL, DANE_COVERS_NONE,
	    "dane-insecure" },
	{ "an alias", MX("b") "b. CNAME a.\n" A("a") TLSA("a", GOOD), NULL,
	    DANE_COVERS_ALL, "dane-host" },
	{ "records at the alias", MX("b") "b. CNAME a.\n" A("a")
	    TLSA("b", GOOD), NULL, DANE_COVERS_ALL, "dane-host" },
	{ "PKIX usages (3.1.3)", MX("a") A("a") TLSA("a", "1 1 1 " SHA256)
	    TLSA("a", "0 0 1 " SHA256), NULL, DANE_COVERS_UNUSABLY,
	    "dane-unusable" },
	{ "one usable record", MX("a") A("a") TLSA("a", "1 1 1 " SHA256)
	    TLSA("a", GOOD), NULL, DANE_COVERS_ALL, "dane-host" },
	{ "unusable, and the other host none", MX("a") MX("b") A("a") A("b")
	    TLSA("a", "1 1 1 " SHA256), NULL, DANE_COVERS_UNUSABLY,
	    "dane-unusable" },
	{ "a digest cut short", MX("a") A("a") TLSA("a", "3 1 1 00"), NULL,
	    DANE_COVERS_UNUSABLY, "dane-unusable" },
	{ "SHA-512 as long as SHA-256", MX("a") A("a")
	    TLSA("a", "3 1 2 " SHA256), NULL, DANE_COVERS_UNUSABLY,
	    "dane-unusable" },
	{ "SHA-512", MX("a") A("a") TLSA("a", "3 0 2 " SHA256 SHA256), NULL,
	    DANE_COVERS_ALL, "dane-host" },
	{ "all of the certificate", MX("a") A("a") TLSA("a", "3 0 0 30"),
	    NULL, DANE_COVERS_ALL, "dane-host" },
	{ "an unknown matching type", MX("a") A("a")
	    TLSA("a", "3 1 3 " SHA256), NULL, DANE_COVERS_UNUSABLY,
	    "dane-unusable" },
	{ "an unknown selector", MX("a") A("a") TLSA("a", "3 2 1 " SHA256),
	    NULL, DANE_COVERS_UNUSABLY, "dane-unusable" },
	{ "TLSA fails: nobody may deliver there (2.1.1)", MX("a") MX("b")
	    A("a") A("b") TLSA("b", GOOD), "_25._tcp.a", DANE_COVERS_ALL,
	    "dane-failed dane-host" },
	{ "TLSA fails where addresses are not secure: not asked",
	    MX("insecure.a") A("insecure.a"), "_25._tcp.insecure.a",
	    DANE_COVERS_NONE, "dane-none" },
	{ "the MX fails", A(D) TLSA(D, GOOD), D, UNKNOWN, "" },
	{ "no address is told", MX("a") TLSA("a", GOOD), "a", UNKNOWN, "" },
	{ "nor that of one host", MX("a") MX("b") A("b") TLSA("a", GOOD)
	    TLSA("b", GOOD), "a", DANE_COVERS_ALL,
	    "dane-host" },
	{ "nor that of one host, and the other has no records", MX("a")
	    MX("b") A("b") TLSA("a", GOOD), "a", DANE_COVERS_SOME,
	    "" },
	{ "one family fails", MX("a") A("a") TLSA("a", GOOD), "a",
	    DANE_COVERS_ALL, "dane-host" },
};

/* ---- a zone that is signed ----------------------------------------------- */

struct signed_zone {
	struct resolver resolver;
	struct resolver *zone;
};

static bool
is_secure(struct slice name)
{
	for (; name.len != 0; name = slice_from(name, 1))
		if (slice_starts_with(name, SLICE("insecure")))
			return false;
	return true;
}

static const struct dns_answer *
query_signed(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct signed_zone *zone = (struct signed_zone *)resolver;
	const struct dns_answer *answer = zone->zone->ops->query(zone->zone,
	    name, type, deadline_ms), *copy;
	struct dns_answer model = *answer;

	if (answer->status == DNS_TEMPFAIL)
		return answer;
	model.secure = is_secure(name);
	copy = dns_answer_create(&model);
	dns_answer_release(answer);
	assert_non_null(copy);
	return copy;
}

static void
prefetch_nothing(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	(void)resolver;
	(void)name;
	(void)type;
}

static const struct resolver_ops ops = {
	.query = query_signed, .prefetch = prefetch_nothing,
};

static void
load(struct resolver *zone, struct arena *arena, size_t i)
{
	char path[] = "/tmp/assay-dane-XXXXXX";
	const char *text = cases[i].zone;
	struct strbuf problem;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	strbuf_init(&problem, arena, 10000);
	if (!zone_load_file(zone, path, &problem))
		fail_msg("%s: %s", cases[i].name, strbuf_cstr(&problem));
	unlink(path);
	if (cases[i].broken != NULL)
		assert_true(zone_add_fault(zone,
		    slice_from_cstr(cases[i].broken), ZONE_FAULT_SERVFAIL));
}

static void
test_coverage(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct signed_zone zone = { { &ops }, zone_create() };
		struct slice domain = slice_starts_with(slice_from_cstr(
		    cases[i].zone), SLICE("insecure." D)) ?
		    SLICE("insecure." D) : SLICE(D);
		uint32_t ttl_s = UINT32_MAX;
		enum dane_coverage found;
		bool is_known;

		load(zone.zone, arena, i);
		is_known = dane_find(&zone.resolver, arena, domain,
		    CLOCK_NEVER_MS, &found, &ttl_s);
		if ((is_known ? found : UNKNOWN) != cases[i].coverage)
			fail_msg("%s: %s", cases[i].name,
			    dane_coverage_name(found));
		if (ttl_s > 300)
			fail_msg("%s: TTL", cases[i].name);
		arena_destroy(&arena);
		dns_destroy_resolver(&zone.zone);
	}
}

/* The same zones as assay check sees them. */
static void
test_check(void **state)
{
	struct config *config;
	struct arena *all = test_arena();
	struct strbuf problems;

	(void)state;
	strbuf_init(&problems, all, 1000);
	config = config_load_text("test", SLICE("mode = \"enforce\"; resolver: "
	    "{ dnssec = true; };"), &problems);
	assert_non_null(config);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct signed_zone zone = { { &ops }, zone_create() };
		struct check check = { .arena = arena, .config = config,
			.resolver = &zone.resolver };
		struct strbuf ids;

		load(zone.zone, arena, i);
		check_begin(&check, SLICE(D));
		check_dane(&check);
		strbuf_init(&ids, arena, 1000);
		for (const struct check_finding *finding = check.findings;
		    finding != NULL; finding = finding->next)
			strbuf_printf(&ids, "%s%s", ids.len != 0 ? " " : "",
			    finding->id);
		if (cases[i].ids != NULL)
			test_assert_slice(cases[i].name, strbuf_slice(&ids),
			    cases[i].ids);
		arena_destroy(&arena);
		dns_destroy_resolver(&zone.zone);
	}
	config_unload(&config);
	arena_destroy(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
