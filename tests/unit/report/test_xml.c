/* Aggregate reports as XML: valid by RFC 9990's schema whatever is in them. */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "report/configuration.h"
#include "report/fact.h"
#include "report/xml.h"
#include "unit/test.h"

#define SCHEMA "tests/suites/dmarc-xml-0.2.xsd"

static const struct report_configuration plain_configuration = {
	.p = DMARC_POLICY_REJECT,
	.sp = DMARC_POLICY_QUARANTINE,
	.np = DMARC_POLICY_NONE,
};

static struct report_metadata
plain_metadata(void)
{
	return (struct report_metadata){
		.org_name = SLICE("example.org"),
		.email = SLICE("dmarc@example.org"),
		.report_id = SLICE("0123456789abcdef0123456789abcdef"),
		.generator = SLICE("assay 0.1"),
		.begin_s = 1763596800,
		.end_s = 1763683199,
		.policy_domain = SLICE("example.com"),
		.configuration = &plain_configuration,
	};
}

static struct report_fact
plain_fact(void)
{
	struct report_fact fact = {
		.author_domain = SLICE("news.example.com"),
		.envelope_from = SLICE("example.com"),
		.disposition = SLICE("pass"),
		.is_dkim_aligned = true,
		.spf_domain = SLICE("example.com"),
		.spf_result = SLICE("softfail"),
		.n_signatures = 1,
	};

	assert_true(ip_parse(SLICE("192.0.2.5"), &fact.source));
	fact.signatures[0] = (struct report_signature){ SLICE("example.com"),
		SLICE("s1"), SLICE("pass") };
	return fact;
}

/* All of FILE, in the arena. */
static struct slice
read_all(struct arena *arena, FILE *file)
{
	long len = ftell(file);
	char *mem = arena_alloc(arena, (size_t)len + 1);

	assert_non_null(mem);
	rewind(file);
	assert_int_equal(fread(mem, 1, (size_t)len, file), len);
	return (struct slice){ mem, (size_t)len };
}

static struct slice
write_report(struct arena *arena, const struct report_metadata *metadata,
    const struct report_fact *facts, size_t n)
{
	FILE *file = tmpfile();
	struct report_xml *xml;
	struct slice text;

	assert_non_null(file);
	xml = report_xml_open(file, false, metadata);
	assert_non_null(xml);
	for (size_t i = 0; i < n; i++)
		report_xml_add(xml, &facts[i], i + 1);
	assert_true(report_xml_close(&xml));
	assert_null(xml);
	text = read_all(arena, file);
	fclose(file);
	return text;
}

static xmlSchemaPtr
load_schema(struct arena *arena)
{
	xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(
	    test_path(arena, SCHEMA));
	xmlSchemaPtr schema = xmlSchemaParse(parser);

	xmlSchemaFreeParserCtxt(parser);
	assert_non_null(schema);
	return schema;
}

static void
assert_valid(const char *name, xmlSchemaPtr schema, struct slice text)
{
	xmlDocPtr document = xmlReadMemory(text.ptr, (int)text.len, "report",
	    NULL, XML_PARSE_NONET);
	xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);

	if (document == NULL)
		fail_msg("%s: not well-formed:\n%.*s", name,
		    SLICE_PRINTF(text));
	if (xmlSchemaValidateDoc(context, document) != 0)
		fail_msg("%s: not valid:\n%.*s", name, SLICE_PRINTF(text));
	xmlSchemaFreeValidCtxt(context);
	xmlFreeDoc(document);
}

/* ---- one whole document -------------------------------------------------- */

static void
test_document(void **state)
{
	struct arena *arena = test_arena();
	struct report_metadata metadata = plain_metadata();
	struct report_fact facts[2] = { plain_fact(), plain_fact() };

	(void)state;
	metadata.contact = SLICE("https://example.org/dmarc?a=1&b=2");
	facts[1].author_domain = SLICE("example.com");
	facts[1].envelope_from = SLICE_EMPTY;
	facts[1].envelope_to = SLICE("example.net");
	facts[1].disposition = SLICE("quarantine");
	facts[1].is_dkim_aligned = false;
	facts[1].is_spf_aligned = true;
	facts[1].reasons = SLICE("policy_test_mode\n"
	    "local_policy evidence=arc,list");
	facts[1].n_signatures = 0;
	facts[1].spf_domain = SLICE("mail.example.com");
	facts[1].spf_result = SLICE("pass");
	assert_true(ip_parse(SLICE("2001:DB8:0::1"), &facts[1].source));
	test_assert_slice("document", write_report(arena, &metadata, facts, 2),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
	    "  <version>1.0</version>\n"
	    "  <report_metadata>\n"
	    "    <org_name>example.org</org_name>\n"
	    "    <email>dmarc@example.org</email>\n"
	    "    <extra_contact_info>https://example.org/dmarc?a=1&amp;b=2"
	    "</extra_contact_info>\n"
	    "    <report_id>0123456789abcdef0123456789abcdef</report_id>\n"
	    "    <date_range>\n"
	    "      <begin>1763596800</begin>\n"
	    "      <end>1763683199</end>\n"
	    "    </date_range>\n"
	    "    <generator>assay 0.1</generator>\n"
	    "  </report_metadata>\n"
	    "  <policy_published>\n"
	    "    <domain>example.com</domain>\n"
	    "    <discovery_method>treewalk</discovery_method>\n"
	    "    <p>reject</p>\n"
	    "    <sp>quarantine</sp>\n"
	    "    <fo>0</fo>\n"
	    "    <adkim>r</adkim>\n"
	    "    <aspf>r</aspf>\n"
	    "    <testing>n</testing>\n"
	    "  </policy_published>\n"
	    "  <record>\n"
	    "    <row>\n"
	    "      <source_ip>192.0.2.5</source_ip>\n"
	    "      <count>1</count>\n"
	    "      <policy_evaluated>\n"
	    "        <disposition>pass</disposition>\n"
	    "        <dkim>pass</dkim>\n"
	    "        <spf>fail</spf>\n"
	    "      </policy_evaluated>\n"
	    "    </row>\n"
	    "    <identifiers>\n"
	    "      <header_from>news.example.com</header_from>\n"
	    "      <envelope_from>example.com</envelope_from>\n"
	    "    </identifiers>\n"
	    "    <auth_results>\n"
	    "      <dkim>\n"
	    "        <domain>example.com</domain>\n"
	    "        <selector>s1</selector>\n"
	    "        <result>pass</result>\n"
	    "      </dkim>\n"
	    "      <spf>\n"
	    "        <domain>example.com</domain>\n"
	    "        <scope>mfrom</scope>\n"
	    "        <result>softfail</result>\n"
	    "      </spf>\n"
	    "    </auth_results>\n"
	    "  </record>\n"
	    "  <record>\n"
	    "    <row>\n"
	    "      <source_ip>2001:db8::1</source_ip>\n"
	    "      <count>2</count>\n"
	    "      <policy_evaluated>\n"
	    "        <disposition>quarantine</disposition>\n"
	    "        <dkim>fail</dkim>\n"
	    "        <spf>pass</spf>\n"
	    "        <reason>\n"
	    "          <type>policy_test_mode</type>\n"
	    "        </reason>\n"
	    "        <reason>\n"
	    "          <type>local_policy</type>\n"
	    "          <comment>evidence=arc,list</comment>\n"
	    "        </reason>\n"
	    "      </policy_evaluated>\n"
	    "    </row>\n"
	    "    <identifiers>\n"
	    "      <header_from>example.com</header_from>\n"
	    "      <envelope_from></envelope_from>\n"
	    "      <envelope_to>example.net</envelope_to>\n"
	    "    </identifiers>\n"
	    "    <auth_results>\n"
	    "      <spf>\n"
	    "        <domain>mail.example.com</domain>\n"
	    "        <scope>mfrom</scope>\n"
	    "        <result>pass</result>\n"
	    "      </spf>\n"
	    "    </auth_results>\n"
	    "  </record>\n"
	    "</feedback>\n");
	arena_destroy(&arena);
}

/* ---- validity ------------------------------------------------------------ */

static const struct {
	const char *name;
	struct slice domain;	/* in every field of text */
	const char *disposition, *spf, *dkim, *reasons;
	const char *shows;	/* somewhere in the document */
} rows[] = {
	{ "none", SLICE_INIT("example.com"), "none", "none", "none", "",
	  "<disposition>none</disposition>" },
	{ "pass", SLICE_INIT("example.com"), "pass", "pass", "pass", "",
	  "<disposition>pass</disposition>" },
	{ "fail", SLICE_INIT("example.com"), "reject", "fail", "fail", "",
	  "<disposition>reject</disposition>" },
	{ "policy", SLICE_INIT("example.com"), "quarantine", "policy",
	  "policy", "trusted_forwarder", "<type>trusted_forwarder</type>" },
	{ "neutral", SLICE_INIT("example.com"), "none", "neutral", "neutral",
	  "mailing_list x y", "<comment>x y</comment>" },
	{ "temperror", SLICE_INIT("example.com"), "none", "temperror",
	  "temperror", "other", "<result>temperror</result>" },
	{ "permerror", SLICE_INIT("example.com"), "none", "permerror",
	  "permerror", "local_policy ", "<result>permerror</result>" },
	{ "unknown words", SLICE_INIT("example.com"), "hold", "hardfail",
	  "invalid", "sampled_out why", "<comment>sampled_out why</comment>" },
	{ "markup", SLICE_INIT("</record>&<![CDATA[]]>\"'"), "none", "pass",
	  "pass", "other <a>&b;",
	  "<header_from>&lt;/record&gt;&amp;&lt;![CDATA[]]&gt;" },
	{ "controls", SLICE_INIT("a\0b\r\n\t\x1b\x7f"), "none", "pass", "pass",
	  "other \x01", "<header_from>a\xef\xbf\xbd" "b\xef\xbf\xbd" },
	{ "controls of ISO 8859", SLICE_INIT("a\xc2\x85" "b"), "none", "pass",
	  "pass", "", "<header_from>a\xef\xbf\xbd" "b</header_from>" },
	{ "no characters", SLICE_INIT("a\xef\xbf\xbe\xef\xbf\xbf" "b"),
	  "none", "pass", "pass", "",
	  "<header_from>a\xef\xbf\xbd\xef\xbf\xbd" "b</header_from>" },
	{ "not UTF-8", SLICE_INIT("a\xff\xc3(\xed\xa0\x80\xf5"), "none",
	  "pass", "pass", "other \x80", "<header_from>a\xef\xbf\xbd"
	  "\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd<" },
	{ "UTF-8", SLICE_INIT("b\xc3\xbc" "cher.\xe4\xbe\x8b.\xf0\x9f\x90\x80"),
	  "none", "pass", "pass", "",
	  "b\xc3\xbc" "cher.\xe4\xbe\x8b.\xf0\x9f\x90\x80</header_from>" },
	{ "empty", SLICE_INIT(""), "none", "pass", "pass", "\n\n",
	  "<header_from></header_from>" },
};

static bool
does_contain(struct slice text, const char *what)
{
	return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static void
test_validity(void **state)
{
	struct arena *arena = test_arena();
	xmlSchemaPtr schema = load_schema(arena);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct slice domain = test_exact_copy(rows[i].domain);
		struct report_configuration configuration =
		    plain_configuration;
		struct report_metadata metadata = plain_metadata();
		struct report_fact fact = plain_fact();
		struct slice text;

		configuration.fo = configuration.error = domain;
		configuration.has_np = configuration.is_testing = i % 2 == 0;
		configuration.is_dkim_strict = i % 2 == 0;
		configuration.is_spf_strict = i % 2 == 1;
		configuration.discovery = i % 2 == 0 ? DMARC_DISCOVERY_PSL :
		    DMARC_DISCOVERY_TREE_WALK;
		metadata.configuration = &configuration;
		metadata.org_name = metadata.contact = domain;
		metadata.policy_domain = domain;
		fact.author_domain = fact.envelope_from = domain;
		fact.envelope_to = fact.spf_domain = domain;
		fact.signatures[0] = (struct report_signature){ domain,
			domain, slice_from_cstr(rows[i].dkim) };
		fact.disposition = slice_from_cstr(rows[i].disposition);
		fact.spf_result = slice_from_cstr(rows[i].spf);
		fact.reasons = slice_from_cstr(rows[i].reasons);
		text = write_report(arena, &metadata, &fact, 1);
		test_free_copy(domain);
		assert_valid(rows[i].name, schema, text);
		if (!does_contain(text, rows[i].shows))
			fail_msg("%s: no %s in:\n%.*s", rows[i].name,
			    rows[i].shows, SLICE_PRINTF(text));
	}
	xmlSchemaFree(schema);
	arena_destroy(&arena);
}

static size_t
count_of(struct slice text, const char *what)
{
	size_t n = 0;

	for (const char *at; (at = memmem(text.ptr, text.len, what,
	    strlen(what))) != NULL; n++)
		text = slice_from(text, (size_t)(at - text.ptr) +
		    strlen(what));
	return n;
}

static void
test_signatures(void **state)
{
	struct arena *arena = test_arena();
	xmlSchemaPtr schema = load_schema(arena);
	struct report_metadata metadata = plain_metadata();
	struct report_fact fact = plain_fact();
	struct slice text;

	(void)state;
	for (size_t i = 0; i < REPORT_MAX_SIGNATURES; i++)
		fact.signatures[i] = fact.signatures[0];
	fact.n_signatures = REPORT_MAX_SIGNATURES;
	fact.signatures[7].selector = SLICE_EMPTY;	/* REQUIRED */
	fact.signatures[8].domain = SLICE_EMPTY;
	fact.signatures[9].result = SLICE("good");
	text = write_report(arena, &metadata, &fact, 1);
	assert_valid("100 signatures", schema, text);
	assert_int_equal(count_of(text, "<dkim>\n"), REPORT_MAX_SIGNATURES - 3);
	xmlSchemaFree(schema);
	arena_destroy(&arena);
}

/* The longest fact that there is, each octet of it three in XML. */
static void
test_longest(void **state)
{
	struct arena *arena = test_arena();
	xmlSchemaPtr schema = load_schema(arena);
	struct report_metadata metadata = plain_metadata();
	struct report_fact fact = plain_fact();
	char *mem = malloc(REPORT_FACT_MAX_OCTETS);
	struct slice text;

	(void)state;
	assert_non_null(mem);
	memset(mem, 0xff, REPORT_FACT_MAX_OCTETS);
	fact.author_domain = (struct slice){ mem, REPORT_FACT_MAX_OCTETS };
	text = write_report(arena, &metadata, &fact, 1);
	free(mem);
	assert_valid("longest", schema, text);
	assert_int_equal(count_of(text, "\xef\xbf\xbd"),
	    REPORT_FACT_MAX_OCTETS);
	xmlSchemaFree(schema);
	arena_destroy(&arena);
}

/* ---- size ---------------------------------------------------------------- */

/* What gzip'ed OCTETS hold. */
static struct slice
inflate_all(struct arena *arena, struct slice octets, size_t ceiling)
{
	unsigned char *out = arena_alloc(arena, ceiling);
	z_stream stream = { .next_out = out, .avail_out = (unsigned)ceiling };

	assert_non_null(out);
	stream.next_in = (unsigned char *)(uintptr_t)octets.ptr;
	stream.avail_in = (unsigned)octets.len;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(inflateEnd(&stream), Z_OK);
	return (struct slice){ (const char *)out, stream.total_out };
}

static void
test_size(void **state)
{
	static const size_t maxima[] = { 2000, 5000, 20000, 100000 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(maxima); i++) {
		struct arena *arena = test_arena();
		xmlSchemaPtr schema = load_schema(arena);
		struct report_metadata metadata = plain_metadata();
		struct report_fact fact = plain_fact();
		FILE *file = tmpfile();
		struct report_xml *xml = report_xml_open(file, true,
		    &metadata);
		struct slice octets, text;
		size_t n = 0;

		assert_non_null(xml);
		while (!report_xml_is_full(xml, maxima[i])) {
			uint64_t mixed = ++n * 0x9e3779b97f4a7c15;

			memcpy(fact.source.octets, &mixed, 4);
			report_xml_add(xml, &fact, mixed >> 40);
		}
		assert_true(report_xml_close(&xml));
		octets = read_all(arena, file);
		fclose(file);
		/* Near the limit, and never beyond. */
		assert_true(octets.len <= maxima[i]);
		assert_true(octets.len + 1500 > maxima[i]);
		text = inflate_all(arena, octets, 8 * 1024 * 1024);
		assert_int_equal(count_of(text, "<record>"), n);
		assert_valid("size", schema, text);
		xmlSchemaFree(schema);
		arena_destroy(&arena);
	}
}

/* A full disk is no report. */
static void
test_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct report_metadata metadata = plain_metadata();
	struct report_fact fact = plain_fact();
	struct report_xml *xml;

	(void)state;
	assert_non_null(full);
	xml = report_xml_open(full, true, &metadata);
	assert_non_null(xml);
	report_xml_add(xml, &fact, 1);
	assert_false(report_xml_close(&xml));
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_full_disk),
	};
	int n_failed = cmocka_run_group_tests(tests, NULL, NULL);

	xmlSchemaCleanupTypes();
	xmlCleanupParser();
	return n_failed;
}
