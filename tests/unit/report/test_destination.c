/* Where reports go, and where they must not (RFC 9990 4). */
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "dmarc/options.h"
#include "report/destination.h"
#include "unit/asked.h"
#include "unit/test.h"

static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;

static const char *const words[] = {
	[REPORT_DESTINATION_OK] = "ok",
	[REPORT_DESTINATION_UNUSABLE] = "unusable",
	[REPORT_DESTINATION_UNCONFIRMED] = "unconfirmed",
	[REPORT_DESTINATION_ELSEWHERE] = "elsewhere",
	[REPORT_DESTINATION_UNKNOWN] = "unknown",
	[REPORT_DESTINATION_LEFT_OUT] = "left-out",
};

/* Organizations, and what the RFC's example says of blue.example.com. */
#define ORGS \
	"_dmarc.example.com TXT v=DMARC1; p=none\n" \
	"_dmarc.example.net TXT v=DMARC1; p=none\n" \
	"_dmarc.example.org TXT v=DMARC1; p=none\n"
#define BLUE "blue.example.com._report._dmarc.red.example.net TXT "

static const struct {
	const char *name, *zone, *domain, *uris, *want;
} cases[] = {
	{ "own domain", ORGS, "example.com", "mailto:a@example.com",
	  "ok:a@example.com" },
	{ "own organization, above", ORGS, "mail.example.com",
	  "mailto:a@example.com", "ok:a@example.com" },
	{ "own organization, beside", ORGS, "mail.example.com",
	  "mailto:a@reports.example.com", "ok:a@reports.example.com" },
	{ "RFC: confirmed", ORGS BLUE "v=DMARC1\n", "blue.example.com",
	  "mailto:reports@red.example.net", "ok:reports@red.example.net" },
	{ "RFC: trailing semicolon", ORGS BLUE "v=DMARC1;\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "ok:reports@red.example.net" },
	{ "RFC: not confirmed", ORGS, "blue.example.com",
	  "mailto:reports@red.example.net",
	  "unconfirmed:reports@red.example.net" },
	{ "RFC: other records only", ORGS BLUE "v=spf1 -all\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "unconfirmed:reports@red.example.net" },
	{ "RFC: v is not first", ORGS BLUE "rua=mailto:a@b.example; v=DMARC1\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "unconfirmed:reports@red.example.net" },
	{ "RFC: one of several records", ORGS BLUE "v=spf1 -all\n" BLUE
	  "v=DMARC1\n", "blue.example.com", "mailto:reports@red.example.net",
	  "ok:reports@red.example.net" },
	{ "RFC: wildcard", ORGS "*._report._dmarc.red.example.net TXT "
	  "v=DMARC1\n", "blue.example.com", "mailto:reports@red.example.net",
	  "ok:reports@red.example.net" },
	{ "RFC: temporary error", ORGS
	  "blue.example.com._report._dmarc.red.example.net TIMEOUT\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "unknown:reports@red.example.net" },
	{ "temporary error of a walk", ORGS "_dmarc.red.example.net SERVFAIL\n"
	  BLUE "v=DMARC1\n", "blue.example.com",
	  "mailto:reports@red.example.net",
	  "unknown:reports@red.example.net" },
	{ "RFC: override", ORGS BLUE
	  "v=DMARC1; rua=mailto:other@red.example.net\n", "blue.example.com",
	  "mailto:reports@red.example.net", "ok:other@red.example.net" },
	{ "RFC: override to another host", ORGS BLUE
	  "v=DMARC1; rua=mailto:reports@example.net\n", "blue.example.com",
	  "mailto:reports@red.example.net",
	  "elsewhere:reports@red.example.net" },
	{ "override, one of two at another host", ORGS BLUE
	  "v=DMARC1; rua=mailto:a@red.example.net,mailto:b@victim.example\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "elsewhere:reports@red.example.net" },
	{ "override with two", ORGS BLUE
	  "v=DMARC1; rua=mailto:a@red.example.net!1m, "
	  "mailto:b@Red.Example.Net\n", "blue.example.com",
	  "mailto:reports@red.example.net",
	  "ok:a@red.example.net ok:b@red.example.net" },
	{ "override with nothing of use", ORGS BLUE
	  "v=DMARC1; rua=https://red.example.net/\n", "blue.example.com",
	  "mailto:reports@red.example.net",
	  "unusable:https://red.example.net/" },
	{ "override of failure reports only", ORGS BLUE
	  "v=DMARC1; ruf=mailto:f@red.example.net\n", "blue.example.com",
	  "mailto:reports@red.example.net", "ok:reports@red.example.net" },
	{ "the domain of the record, not a name below", ORGS
	  "example.com._report._dmarc.red.example.net TXT v=DMARC1\n",
	  "blue.example.com", "mailto:reports@red.example.net",
	  "unconfirmed:reports@red.example.net" },
	{ "several, in order", ORGS BLUE "v=DMARC1\n", "blue.example.com",
	  "mailto:b@red.example.net,mailto:a@example.com , "
	  "mailto:x@example.org",
	  "ok:b@red.example.net ok:a@example.com unconfirmed:x@example.org" },
	{ "twice the same", ORGS, "example.com", "mailto:a@example.com,"
	  "mailto:a@EXAMPLE.com.,mailto:A@example.com",
	  "ok:a@example.com ok:A@example.com" },
	{ "legacy size", ORGS, "example.com", "mailto:a@example.com!10m",
	  "ok:a@example.com" },
	{ "header fields", ORGS, "example.com",
	  "mailto:a@example.com?bcc=v@victim.example", "ok:a@example.com" },
	{ "percent", ORGS, "example.com", "mailto:a%2Bb@example.com",
	  "ok:a+b@example.com" },
	{ "upper case", ORGS, "example.com", "MAILTO:a@example.com",
	  "ok:a@example.com" },
	{ "U-label", ORGS "_dmarc.xn--bcher-kva.example TXT v=DMARC1\n",
	  "xn--bcher-kva.example", "mailto:a@b%C3%BCcher.example",
	  "ok:a@xn--bcher-kva.example" },
	{ "no mailto", ORGS, "example.com", "https://example.com/",
	  "unusable:https://example.com/" },
	{ "line ends", ORGS, "example.com",
	  "mailto:a%0D%0ABcc:v@example.com", "unusable:mailto:a%0D%0ABcc:v@"
	  "example.com" },
	{ "line end in the domain", ORGS, "example.com",
	  "mailto:a@example.com%0Ax", "unusable:mailto:a@example.com%0Ax" },
	{ "NUL", ORGS, "example.com", "mailto:a%00@example.com",
	  "unusable:mailto:a%00@example.com" },
	{ "bracket", ORGS, "example.com", "mailto:a%3E@example.com",
	  "unusable:mailto:a%3E@example.com" },
	{ "blank", ORGS, "example.com", "mailto:a%20b@example.com",
	  "unusable:mailto:a%20b@example.com" },
	{ "8 bit", ORGS, "example.com", "mailto:%C3%BC@example.com",
	  "unusable:mailto:%C3%BC@example.com" },
	{ "quoted", ORGS, "example.com", "mailto:%22a%22@example.com",
	  "unusable:mailto:%22a%22@example.com" },
	{ "two at signs", ORGS, "example.com", "mailto:a@b@example.com",
	  "unusable:mailto:a@b@example.com" },
	{ "an option", ORGS, "example.com", "mailto:-oQ/tmp@example.com",
	  "unusable:mailto:-oQ/tmp@example.com" },
	{ "a file", ORGS, "example.com", "mailto:/etc/passwd@example.com",
	  "unusable:mailto:/etc/passwd@example.com" },
	{ "a pipe", ORGS, "example.com", "mailto:a%7Csh@example.com",
	  "unusable:mailto:a%7Csh@example.com" },
	{ "a route", ORGS, "example.com", "mailto:v%25victim.example@"
	  "example.com", "unusable:mailto:v%25victim.example@example.com" },
	{ "a bang path", ORGS, "example.com", "mailto:victim.example%21v@"
	  "example.com", "unusable:mailto:victim.example%21v@example.com" },
	{ "dots", ORGS, "example.com", "mailto:.a@example.com,"
	  "mailto:a.@example.com,mailto:a..b@example.com,mailto:a.b@"
	  "example.com", "unusable:mailto:.a@example.com "
	  "unusable:mailto:a.@example.com unusable:mailto:a..b@example.com "
	  "ok:a.b@example.com" },
	{ "an address literal", ORGS, "example.com", "mailto:a@[192.0.2.1]",
	  "unusable:mailto:a@[192.0.2.1]" },
	{ "half an escape", ORGS, "example.com", "mailto:a%4@example.com",
	  "unusable:mailto:a%4@example.com" },
	{ "four at most", ORGS, "example.com", "mailto:a@example.com,"
	  "mailto:b@example.com,mailto:c@example.com,mailto:d@example.com,"
	  "mailto:a@example.com,mailto:e@example.com,mailto:f@example.com",
	  "ok:a@example.com ok:b@example.com ok:c@example.com "
	  "ok:d@example.com left-out:e@example.com" },
	{ "four at most of an override", ORGS BLUE "v=DMARC1; "
	  "rua=mailto:a@red.example.net,mailto:b@red.example.net,"
	  "mailto:c@red.example.net,mailto:d@red.example.net,"
	  "mailto:e@red.example.net\n", "blue.example.com",
	  "mailto:reports@red.example.net", "ok:a@red.example.net "
	  "ok:b@red.example.net ok:c@red.example.net ok:d@red.example.net "
	  "left-out:e@red.example.net" },
	{ "nothing", ORGS, "example.com", "", "" },
	{ "a public suffix does not make one organization",
	  "_dmarc.example TXT v=DMARC1; p=none; psd=y\n", "a.example",
	  "mailto:a@b.example", "unconfirmed:a@b.example" },
};

static struct report_destination_request
make_request(struct resolver *zone, const char *domain, struct slice uris)
{
	return (struct report_destination_request){
		.policy_domain = slice_from_cstr(domain),
		.uris = uris,
		.max = 4,
		.dmarc = &options,
		.resolver = zone,
		.deadline_ms = CLOCK_NEVER_MS,
	};
}

static struct slice
find(struct arena *arena, const struct report_destination_request *request)
{
	struct report_destination *destinations;
	struct strbuf text;
	size_t n;

	strbuf_init(&text, arena, 10000);
	report_prefetch_destinations(request, arena);
	assert_true(report_find_destinations(request, arena, &destinations,
	    &n));
	for (size_t i = 0; i < n; i++) {
		strbuf_printf(&text, "%s%s:", i != 0 ? " " : "",
		    words[destinations[i].status]);
		strbuf_append(&text, destinations[i].address);
	}
	return strbuf_slice(&text);
}

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *zone = test_zone(cases[i].zone);
		struct slice uris = test_exact_copy(slice_from_cstr(
		    cases[i].uris));
		struct report_destination_request request = make_request(zone,
		    cases[i].domain, uris);

		test_assert_slice(cases[i].name, find(arena, &request),
		    cases[i].want);
		test_free_copy(uris);
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

/* A ruf's confirmation may override it with a ruf. */
static void
test_failure(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = test_zone(ORGS BLUE
	    "v=DMARC1; rua=mailto:a@example.net; "
	    "ruf=mailto:f@red.example.net\n");
	struct report_destination_request request = make_request(zone,
	    "blue.example.com", SLICE("mailto:reports@red.example.net"));

	(void)state;
	request.is_failure = true;
	test_assert_slice("failure", find(arena, &request),
	    "ok:f@red.example.net");
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

/* A name that DNS cannot have is no confirmation, and is not asked for. */
static void
test_long_name(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(ORGS
	    "*._report._dmarc.example.net TXT v=DMARC1\n"));
	struct report_destination_request request;
	struct strbuf domain;

	(void)state;
	strbuf_init(&domain, arena, 253);
	for (size_t i = 0; i < 56; i++)
		strbuf_append(&domain, SLICE("abc."));
	strbuf_append(&domain, SLICE("example.com"));	/* 235 octets */
	request = make_request(asked, strbuf_cstr(&domain),
	    SLICE("mailto:a@example.net"));
	test_assert_slice("long name", find(arena, &request),
	    "unconfirmed:a@example.net");
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* A text of junk costs neither memory nor time. */
static void
test_junk(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = test_zone(ORGS);
	struct report_destination_request request;
	struct report_destination *destinations;
	struct strbuf uris;
	size_t n;

	(void)state;
	strbuf_init(&uris, arena, 5000);
	for (size_t i = 0; i < 500; i++)
		strbuf_printf(&uris, "x:%zu,", i);
	strbuf_append(&uris, SLICE("mailto:a@example.com"));
	request = make_request(zone, "example.com", strbuf_slice(&uris));
	assert_true(report_find_destinations(&request, arena, &destinations,
	    &n));
	assert_int_equal(n, 17);
	assert_int_equal(destinations[16].status, REPORT_DESTINATION_OK);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_junk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
