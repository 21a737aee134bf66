/* report/xml.c - see xml.h.
 *
 * The order of elements is that of RFC 9990's tables also where the schema
 * leaves it open. */
#include "report/xml.h"

#include <libxml/xmlwriter.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "report/configuration.h"
#include "report/fact.h"
#include "report/gzip.h"

#define NAMESPACE "urn:ietf:params:xml:ns:dmarc-2.0"

/* The texts of a fact, each octet three as U+FFFD, in buffers that double. */
#define TEXT_CEILING (4 * REPORT_FACT_MAX_OCTETS)
#define ARENA_CEILING (16 * REPORT_FACT_MAX_OCTETS)

/* Kept free for one more record, and for the end. */
#define RESERVED_OCTETS 1024

struct report_xml {
	struct gzip *gzip;
	xmlTextWriterPtr writer;
	struct arena *scratch;	/* one record's texts */
	bool has_failed;
};

static const char *const dispositions[] = {
	"none", "pass", "quarantine", "reject",
};
static const char *const dkim_results[] = {
	"none", "pass", "fail", "policy", "neutral", "temperror", "permerror",
};
static const char *const spf_results[] = {
	"none", "pass", "fail", "softfail", "policy", "neutral", "temperror",
	"permerror",
};
static const char *const override_types[] = {
	"local_policy", "mailing_list", "other", "policy_test_mode",
	"trusted_forwarder",
};

/* The word of the schema that is S, or NULL. */
static const char *
find_word(const char *const *words, size_t n, struct slice s)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(s, slice_from_cstr(words[i])))
			return words[i];
	return NULL;
}

/* ---- texts --------------------------------------------------------------- */

/* Char of XML 1.0, the controls that it merely advises against left out, too:
 * S is one character of UTF-8. */
static bool
is_xml_char(struct slice s)
{
	unsigned char first = (unsigned char)s.ptr[0];

	if (s.len == 1)
		return first >= ' ' && first != 0x7f;
	if (s.len == 2)		/* U+0080 to U+009F */
		return first != 0xc2 || (unsigned char)s.ptr[1] >= 0xa0;
	if (s.len == 3)		/* U+FFFE, U+FFFF */
		return first != 0xef || (unsigned char)s.ptr[1] != 0xbf ||
		    (unsigned char)s.ptr[2] < 0xbe;
	return true;
}

/* S for the writer, which escapes markup itself; NULL where memory is out. */
static const xmlChar *
clean(struct report_xml *xml, struct slice s)
{
	struct strbuf text;

	strbuf_init(&text, xml->scratch, TEXT_CEILING);
	while (s.len != 0) {
		size_t n = utf8_sequence_octets(s);

		if (n != 0 && is_xml_char(slice_head(s, n)))
			strbuf_append(&text, slice_head(s, n));
		else
			strbuf_append(&text, SLICE("\xef\xbf\xbd"));
		s = slice_from(s, n != 0 ? n : 1);
	}
	return (const xmlChar *)strbuf_cstr(&text);
}

/* ---- elements ------------------------------------------------------------ */

static void
check(struct report_xml *xml, int status)
{
	if (status < 0)
		xml->has_failed = true;
}

static void
begin(struct report_xml *xml, const char *name)
{
	check(xml, xmlTextWriterStartElement(xml->writer,
	    (const xmlChar *)name));
}

static void
end(struct report_xml *xml)
{
	check(xml, xmlTextWriterEndElement(xml->writer));
}

static void
put_word(struct report_xml *xml, const char *name, const char *word)
{
	check(xml, xmlTextWriterWriteElement(xml->writer,
	    (const xmlChar *)name, (const xmlChar *)word));
}

static void
put_text(struct report_xml *xml, const char *name, struct slice value)
{
	const xmlChar *text = clean(xml, value);

	if (text == NULL)
		xml->has_failed = true;
	else
		put_word(xml, name, (const char *)text);
}

static void
put_present(struct report_xml *xml, const char *name, struct slice value)
{
	if (value.len != 0)
		put_text(xml, name, value);
}

static void
put_number(struct report_xml *xml, const char *name, uint64_t value)
{
	struct strbuf text;

	strbuf_init(&text, xml->scratch, TEXT_CEILING);
	strbuf_append_uint(&text, value);
	put_text(xml, name, strbuf_slice(&text));
}

/* ---- the head ------------------------------------------------------------ */

static void
put_metadata(struct report_xml *xml, const struct report_metadata *m)
{
	begin(xml, "report_metadata");
	put_text(xml, "org_name", m->org_name);
	put_text(xml, "email", m->email);
	put_present(xml, "extra_contact_info", m->contact);
	put_text(xml, "report_id", m->report_id);
	begin(xml, "date_range");
	put_number(xml, "begin", (uint64_t)m->begin_s);
	put_number(xml, "end", (uint64_t)m->end_s);
	end(xml);
	put_present(xml, "error", m->configuration->error);
	put_text(xml, "generator", m->generator);
	end(xml);
}

static const char *
alignment_word(bool is_strict)
{
	return is_strict ? "s" : "r";
}

static void
put_policy(struct report_xml *xml, const struct report_metadata *m)
{
	const struct report_configuration *c = m->configuration;

	begin(xml, "policy_published");
	put_text(xml, "domain", m->policy_domain);
	put_word(xml, "discovery_method",
	    c->discovery == DMARC_DISCOVERY_PSL ? "psl" : "treewalk");
	put_word(xml, "p", dmarc_policy_name(c->p));
	put_word(xml, "sp", dmarc_policy_name(c->sp));
	if (c->has_np)
		put_word(xml, "np", dmarc_policy_name(c->np));
	put_text(xml, "fo", c->fo.len != 0 ? c->fo : SLICE("0"));
	put_word(xml, "adkim", alignment_word(c->is_dkim_strict));
	put_word(xml, "aspf", alignment_word(c->is_spf_strict));
	put_word(xml, "testing", c->is_testing ? "y" : "n");
	end(xml);
}

static void
put_head(struct report_xml *xml, const struct report_metadata *metadata)
{
	check(xml, xmlTextWriterSetIndent(xml->writer, 1));
	check(xml, xmlTextWriterSetIndentString(xml->writer,
	    (const xmlChar *)"  "));
	check(xml, xmlTextWriterStartDocument(xml->writer, "1.0", "UTF-8",
	    NULL));
	check(xml, xmlTextWriterStartElementNS(xml->writer, NULL,
	    (const xmlChar *)"feedback", (const xmlChar *)NAMESPACE));
	put_word(xml, "version", "1.0");
	put_metadata(xml, metadata);
	put_policy(xml, metadata);
}

/* ---- a record ------------------------------------------------------------ */

/* "TYPE" or "TYPE COMMENT"; a type that the schema does not know is told in
 * the comment. */
static void
put_reason(struct report_xml *xml, struct slice reason)
{
	size_t blank = slice_find(reason, ' ');
	const char *type = find_word(override_types,
	    N_ELEMENTS(override_types), slice_head(reason, blank));

	if (reason.len == 0)
		return;
	begin(xml, "reason");
	put_word(xml, "type", type != NULL ? type : "other");
	if (type == NULL)
		put_text(xml, "comment", reason);
	else if (blank != SIZE_MAX)
		put_present(xml, "comment", slice_from(reason, blank + 1));
	end(xml);
}

static void
put_row(struct report_xml *xml, const struct report_fact *fact,
    uint64_t count)
{
	const char *disposition = find_word(dispositions,
	    N_ELEMENTS(dispositions), fact->disposition);
	struct strbuf source;
	struct slice reasons = fact->reasons;

	strbuf_init(&source, xml->scratch, TEXT_CEILING);
	ip_append(&source, &fact->source);
	begin(xml, "row");
	put_text(xml, "source_ip", strbuf_slice(&source));
	put_number(xml, "count", count);
	begin(xml, "policy_evaluated");
	put_word(xml, "disposition",
	    disposition != NULL ? disposition : "none");
	put_word(xml, "dkim", fact->is_dkim_aligned ? "pass" : "fail");
	put_word(xml, "spf", fact->is_spf_aligned ? "pass" : "fail");
	while (reasons.len != 0) {
		struct slice reason = slice_head(reasons,
		    slice_find(reasons, '\n'));

		put_reason(xml, reason);
		reasons = slice_from(reasons, reason.len + 1);
	}
	end(xml);
	end(xml);
}

/* The null reverse-path is there, and empty (RFC 9990 3.1.1.10). */
static void
put_identifiers(struct report_xml *xml, const struct report_fact *fact)
{
	begin(xml, "identifiers");
	put_text(xml, "header_from", fact->author_domain);
	put_text(xml, "envelope_from", fact->envelope_from);
	put_present(xml, "envelope_to", fact->envelope_to);
	end(xml);
}

/* Domain and selector are REQUIRED: what has none of them is left out. */
static void
put_signature(struct report_xml *xml, const struct report_signature *s)
{
	const char *result = find_word(dkim_results,
	    N_ELEMENTS(dkim_results), s->result);

	if (s->domain.len == 0 || s->selector.len == 0 || result == NULL)
		return;
	begin(xml, "dkim");
	put_text(xml, "domain", s->domain);
	put_text(xml, "selector", s->selector);
	put_word(xml, "result", result);
	end(xml);
}

static void
put_spf(struct report_xml *xml, const struct report_fact *fact)
{
	const char *result = find_word(spf_results, N_ELEMENTS(spf_results),
	    fact->spf_result);

	if (result == NULL)
		return;
	begin(xml, "spf");
	put_text(xml, "domain", fact->spf_domain);
	put_word(xml, "scope", "mfrom");
	put_word(xml, "result", result);
	end(xml);
}

void
report_xml_add(struct report_xml *xml, const struct report_fact *fact,
    uint64_t count)
{
	if (xml->has_failed)
		return;
	begin(xml, "record");
	put_row(xml, fact, count);
	put_identifiers(xml, fact);
	begin(xml, "auth_results");
	for (size_t i = 0; i < fact->n_signatures; i++)
		put_signature(xml, &fact->signatures[i]);
	put_spf(xml, fact);
	end(xml);
	end(xml);
	arena_reset(xml->scratch);
}

/* ---- the document -------------------------------------------------------- */

static int
write_octets(void *context, const char *octets, int len)
{
	struct report_xml *xml = context;

	gzip_write(xml->gzip, (struct slice){ octets, (size_t)len });
	return len;		/* the sink remembers what failed */
}

static bool
create_writer(struct report_xml *xml)
{
	xmlOutputBufferPtr buffer = xmlOutputBufferCreateIO(write_octets,
	    NULL, xml, NULL);

	if (buffer == NULL)
		return false;
	xml->writer = xmlNewTextWriter(buffer);
	if (xml->writer == NULL)
		xmlOutputBufferClose(buffer);
	return xml->writer != NULL;
}

struct report_xml *
report_xml_open(FILE *out, bool is_compressed,
    const struct report_metadata *metadata)
{
	struct report_xml *xml = calloc(1, sizeof(*xml));

	if (xml == NULL)
		return NULL;
	xml->gzip = gzip_open(out, is_compressed);
	xml->scratch = arena_create(ARENA_CEILING);
	if (xml->gzip == NULL || xml->scratch == NULL || !create_writer(xml)) {
		report_xml_close(&xml);
		return NULL;
	}
	put_head(xml, metadata);
	arena_reset(xml->scratch);
	return xml;
}

bool
report_xml_is_full(struct report_xml *xml, size_t max_octets)
{
	check(xml, xmlTextWriterFlush(xml->writer));
	if (gzip_octets(xml->gzip) + RESERVED_OCTETS <= max_octets)
		return false;
	gzip_settle(xml->gzip);
	return gzip_octets(xml->gzip) + RESERVED_OCTETS > max_octets;
}

bool
report_xml_close(struct report_xml **xml)
{
	struct report_xml *x = *xml;
	bool is_good;

	if (x == NULL)
		return false;
	if (x->writer != NULL) {
		check(x, xmlTextWriterEndDocument(x->writer));
		xmlFreeTextWriter(x->writer);
	}
	is_good = gzip_close(&x->gzip) && !x->has_failed;
	arena_destroy(&x->scratch);
	free(x);
	*xml = NULL;
	return is_good;
}
