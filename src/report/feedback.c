/* report/feedback.c - see feedback.h.
 *
 * libxml2's push parser calls back for each element and nothing is kept of the
 * document: its reader (xmlTextReader) would have read a DOCTYPE's declarations
 * to their end before it shows that there is one, and builds nodes.  No entity
 * but XML's own five is known, no file and no network is ever touched. */
#include "report/feedback.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/siphash.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "report/feedback_element.h"
#include "report/feedback_scan.h"
#include "report/input.h"

#define CHUNK_OCTETS 8192
#define RECORD_MEMORY ((size_t)4 * 1024 * 1024)
#define MAX_NAMESPACE ((size_t)256)
#define MAX_NAME_SHOWN ((size_t)40)
#define MAX_REASON_SHOWN ((size_t)160)

struct reader {
	struct report_input *xml;
	xmlParserCtxtPtr parser;
	const struct feedback_visitor *visitor;
	struct arena *head_arena;	/* the input's */
	struct arena *record_arena;
	struct feedback head;
	struct feedback_record record;
	/* What text goes to: the last of a list, or SPARE where it is full. */
	struct feedback_reason *reason, spare_reason;
	struct feedback_dkim *dkim, spare_dkim;
	struct feedback_spf *spf, spare_spf;
	enum feedback_container open[FEEDBACK_MAX_DEPTH];
	unsigned depth;			/* of open */
	unsigned n_skipped;		/* open elements that are not read */
	const struct feedback_element *leaf;	/* whose text is read */
	struct strbuf text;
	struct slice root_namespace;
	bool has_metadata, has_policy, is_head_told, has_root;
	uint64_t n_records, n_octets;
	struct siphash_key key;
	uint64_t names[2 * FEEDBACK_MAX_NAMES];	/* their hashes; 0: free */
	size_t n_names;
	struct feedback_scan scan;
};

bool
feedback_has_passed(const struct feedback_record *record)
{
	return slice_eq_nocase(record->dkim, SLICE("pass")) ||
	    slice_eq_nocase(record->spf, SLICE("pass"));
}

static int
line_number(const struct reader *reader)
{
	return xmlSAX2GetLineNumber(reader->parser);
}

static struct slice
from_xml(const xmlChar *text)
{
	return slice_from_cstr((const char *)text);
}

static void
fail_memory(struct reader *reader)
{
	input_fail(reader->xml, "line %d: needs too much memory",
	    line_number(reader));
}

/* NAME escaped and cut, for a problem. */
static const char *
show(struct reader *reader, struct slice name, size_t max)
{
	struct strbuf text;
	const char *shown;

	strbuf_init(&text, reader->record_arena, 4 * max + 4);
	strbuf_append_escaped(&text, name, max);
	shown = strbuf_cstr(&text);
	return shown != NULL ? shown : "?";
}

/* ---- elements ------------------------------------------------------------ */

static void
begin_reason(struct reader *reader)
{
	struct feedback_record *record = &reader->record;

	reader->reason = record->n_reasons < FEEDBACK_MAX_REASONS ?
	    &record->reasons[record->n_reasons++] : &reader->spare_reason;
}

static void
begin_dkim(struct reader *reader)
{
	struct feedback_record *record = &reader->record;

	reader->dkim = record->n_signatures < REPORT_MAX_SIGNATURES ?
	    &record->signatures[record->n_signatures++] : &reader->spare_dkim;
}

static void
begin_spf(struct reader *reader)
{
	struct feedback_record *record = &reader->record;

	reader->spf = record->n_identities < FEEDBACK_MAX_SPF ?
	    &record->identities[record->n_identities++] : &reader->spare_spf;
}

static void
tell_head(struct reader *reader)
{
	if (reader->is_head_told)
		return;
	reader->is_head_told = true;
	reader->visitor->head(reader->visitor->context, &reader->head);
}

static void
begin_record(struct reader *reader)
{
	arena_reset(reader->record_arena);
	strbuf_init(&reader->text, reader->record_arena, FEEDBACK_TEXT_MAX);
	reader->record = (struct feedback_record){ .count = 0 };
	if (reader->has_metadata && reader->has_policy)
		tell_head(reader);
}

static void
begin_container(struct reader *reader, enum feedback_container container)
{
	switch (container) {
	case FEEDBACK_RECORD:
		begin_record(reader);
		break;
	case FEEDBACK_REASON:
		begin_reason(reader);
		break;
	case FEEDBACK_DKIM:
		begin_dkim(reader);
		break;
	case FEEDBACK_SPF:
		begin_spf(reader);
		break;
	case FEEDBACK_DOCUMENT:
	case FEEDBACK_ROOT:
	case FEEDBACK_METADATA:
	case FEEDBACK_DATE_RANGE:
	case FEEDBACK_POLICY:
	case FEEDBACK_ROW:
	case FEEDBACK_EVALUATED:
	case FEEDBACK_IDENTIFIERS:
	case FEEDBACK_RESULTS:
		break;
	}
	reader->open[reader->depth++] = container;
}

static void
end_record(struct reader *reader)
{
	if (++reader->n_records > reader->xml->limits->records) {
		input_fail(reader->xml, "line %d: has more than %llu records",
		    line_number(reader),
		    (unsigned long long)reader->xml->limits->records);
		return;
	}
	reader->visitor->record(reader->visitor->context, &reader->record);
}

/* Some write an empty one where there is none. */
static void
end_reason(struct reader *reader)
{
	if (reader->reason != &reader->spare_reason &&
	    reader->reason->type.len == 0 && reader->reason->comment.len == 0)
		reader->record.n_reasons--;
}

static void
end_container(struct reader *reader)
{
	switch (reader->open[--reader->depth]) {
	case FEEDBACK_METADATA:
		reader->has_metadata = true;
		break;
	case FEEDBACK_POLICY:
		reader->has_policy = true;
		break;
	case FEEDBACK_RECORD:
		end_record(reader);
		break;
	case FEEDBACK_REASON:
		end_reason(reader);
		break;
	case FEEDBACK_DOCUMENT:
	case FEEDBACK_ROOT:
	case FEEDBACK_DATE_RANGE:
	case FEEDBACK_ROW:
	case FEEDBACK_EVALUATED:
	case FEEDBACK_IDENTIFIERS:
	case FEEDBACK_RESULTS:
	case FEEDBACK_DKIM:
	case FEEDBACK_SPF:
		break;
	}
}

/* The object that the texts of a container are of, and where they live. */
static void *
find_object(struct reader *reader, enum feedback_container container,
    struct arena **arena_out)
{
	*arena_out = reader->record_arena;
	switch (container) {
	case FEEDBACK_REASON:
		return reader->reason;
	case FEEDBACK_DKIM:
		return reader->dkim;
	case FEEDBACK_SPF:
		return reader->spf;
	case FEEDBACK_RECORD:
	case FEEDBACK_ROW:
	case FEEDBACK_EVALUATED:
	case FEEDBACK_IDENTIFIERS:
	case FEEDBACK_RESULTS:
		return &reader->record;
	case FEEDBACK_DOCUMENT:
	case FEEDBACK_ROOT:
	case FEEDBACK_METADATA:
	case FEEDBACK_DATE_RANGE:
	case FEEDBACK_POLICY:
		break;
	}
	*arena_out = reader->head_arena;
	return &reader->head;
}

static void
add_error(struct reader *reader, struct slice text)
{
	struct feedback *head = &reader->head;

	if (text.len == 0 || head->n_errors == FEEDBACK_MAX_ERRORS)
		return;
	if (!arena_copy(reader->head_arena, text,
	    &head->errors[head->n_errors++]))
		fail_memory(reader);
}

/* A second element of the name replaces the first: the head's memory is
 * bounded by the arena. */
static void
end_leaf(struct reader *reader)
{
	const struct feedback_element *leaf = reader->leaf;
	struct slice text = slice_trim(strbuf_slice(&reader->text));
	struct arena *arena;
	char *object = find_object(reader, leaf->parent, &arena);

	reader->leaf = NULL;
	switch (leaf->kind) {
	case FEEDBACK_TEXT:
		if (!arena_copy(arena, text,
		    (struct slice *)(void *)(object + leaf->offset)))
			fail_memory(reader);
		break;
	case FEEDBACK_NUMBER:
		if (!slice_parse_uint(text, FEEDBACK_NUMBER_MAX,
		    (uint64_t *)(void *)(object + leaf->offset)))
			input_fail(reader->xml, "line %d: <%.*s> is no "
			    "number that can be",
			    line_number(reader), SLICE_PRINTF(leaf->name));
		break;
	case FEEDBACK_ERROR:
		add_error(reader, text);
		break;
	case FEEDBACK_HOLDS:
		break;
	}
}

/* ---- what libxml2 calls -------------------------------------------------- */

static void
begin_root(struct reader *reader, struct slice name, struct slice uri)
{
	if (!slice_eq(name, SLICE("feedback"))) {
		input_fail(reader->xml, "line %d: is no aggregate report: it "
		    "begins with <%s>", line_number(reader),
		    show(reader, name, MAX_NAME_SHOWN));
		return;
	}
	if (!arena_copy(reader->head_arena, slice_head(uri, MAX_NAMESPACE),
	    &reader->root_namespace))
		fail_memory(reader);
	reader->has_root = true;
	reader->head.is_rfc9990 = slice_eq(uri,
	    SLICE("urn:ietf:params:xml:ns:dmarc-2.0"));
}

/* A name that is new takes a place. */
static void
count_name(struct reader *reader, const xmlChar *name)
{
	uint64_t hash = siphash(&reader->key, from_xml(name)) | 1;
	size_t i = hash / 2 % N_ELEMENTS(reader->names);

	if (name == NULL || input_has_failed(reader->xml))
		return;
	while (reader->names[i] != 0 && reader->names[i] != hash)
		i = (i + 1) % N_ELEMENTS(reader->names);
	if (reader->names[i] == hash)
		return;
	reader->names[i] = hash;
	if (++reader->n_names > FEEDBACK_MAX_NAMES)
		input_fail(reader->xml, "line %d: has more than %d names that "
		    "no report has", line_number(reader),
		    FEEDBACK_MAX_NAMES);
}

/* libxml2 gives five pointers for an attribute (name, prefix, namespace, value
 * and its end), two for a namespace. */
static void
count_attributes(struct reader *reader, int n_namespaces,
    const xmlChar **namespaces, int n_attributes, const xmlChar **attributes)
{
	for (int i = 0; i < 2 * n_namespaces; i++)
		count_name(reader, namespaces[i]);
	for (int i = 0; i < n_attributes; i++)
		for (int j = 0; j < 2; j++)
			count_name(reader, attributes[5 * i + j]);
}

/* Elements of other namespaces than the root's are extensions (RFC 9990 5). */
static const struct feedback_element *
find_element(const struct reader *reader, struct slice name, struct slice uri)
{
	if (reader->n_skipped != 0 || reader->leaf != NULL)
		return NULL;
	if (uri.len != 0 && !slice_eq(uri, reader->root_namespace))
		return NULL;
	return feedback_find_element(reader->depth == 0 ? FEEDBACK_DOCUMENT :
	    reader->open[reader->depth - 1], name);
}

static void
on_start(void *context, const xmlChar *local_name, const xmlChar *prefix,
    const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
    int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct reader *reader = context;
	struct slice name = from_xml(local_name);
	const struct feedback_element *element;

	(void)n_defaulted;
	if (input_has_failed(reader->xml))
		return;
	count_name(reader, prefix);
	count_attributes(reader, n_namespaces, namespaces, n_attributes,
	    attributes);
	if (reader->depth + reader->n_skipped == FEEDBACK_MAX_DEPTH) {
		input_fail(reader->xml, "line %d: elements are nested deeper "
		    "than %d", line_number(reader), FEEDBACK_MAX_DEPTH);
		return;
	}
	if (!reader->has_root) {
		begin_root(reader, name, from_xml(uri));
		if (input_has_failed(reader->xml))
			return;
	}
	element = find_element(reader, name, from_xml(uri));
	if (element == NULL) {
		count_name(reader, local_name);
		reader->n_skipped++;
	} else if (element->kind == FEEDBACK_HOLDS) {
		begin_container(reader, element->container);
	} else {
		reader->leaf = element;
		strbuf_truncate(&reader->text, 0);
	}
}

static void
on_end(void *context, const xmlChar *local_name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct reader *reader = context;

	(void)local_name;
	(void)prefix;
	(void)uri;
	if (input_has_failed(reader->xml))
		return;
	if (reader->n_skipped != 0)
		reader->n_skipped--;
	else if (reader->leaf != NULL)
		end_leaf(reader);
	else if (reader->depth != 0)
		end_container(reader);
}

/* The longest part of the text that fits and is whole characters. */
static void
on_text(void *context, const xmlChar *octets, int len)
{
	struct reader *reader = context;
	struct slice text = { (const char *)octets, (size_t)len };
	size_t room = FEEDBACK_TEXT_MAX - reader->text.len, n;

	if (reader->leaf == NULL || reader->n_skipped != 0 ||
	    input_has_failed(reader->xml))
		return;
	if (reader->text.len == 0)	/* a run of blanks is not to fill it */
		while (text.len != 0 && ascii_is_fws(text.ptr[0]))
			text = slice_from(text, 1);
	if (text.len > room) {
		for (n = 0; n < room;) {
			size_t next = utf8_sequence_octets(slice_from(text,
			    n));

			if (next == 0 || n + next > room)
				break;
			n += next;
		}
		text = slice_head(text, n);
	}
	strbuf_append(&reader->text, text);
	if (reader->text.has_failed)
		fail_memory(reader);
}

static void
on_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
	(void)data;
	count_name(context, target);
}

/* At the beginning of a DOCTYPE. */
static void
on_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
    const xmlChar *system_id)
{
	struct reader *reader = context;

	(void)name;
	(void)public_id;
	(void)system_id;
	input_fail(reader->xml, "line %d: has a DOCTYPE, which no report needs "
	    "and attacks are made of", line_number(reader));
	xmlStopParser(reader->parser);
}

/* Errors are read from the parser; without this they are printed. */
static void __attribute__((format(printf, 2, 3)))
on_error(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

/* ---- before libxml2 sees it ---------------------------------------------- */

/* White space before the declaration is no XML, but is seen. */
static bool
begin_document(struct reader *reader)
{
	struct slice head = input_peek(reader->xml, 256);
	struct slice encoding;

	if (slice_starts_with(head, SLICE("\xef\xbb\xbf")))
		input_skip(reader->xml, 3);
	while ((head = input_peek(reader->xml, 256)).len != 0 &&
	    ascii_is_fws(head.ptr[0]))
		input_skip(reader->xml, 1);
	if (input_has_failed(reader->xml))
		return false;
	if (head.len == 0 || head.ptr[0] != '<') {
		input_fail(reader->xml, head.len == 0 ? "is empty" :
		    "holds something that is not XML");
		return false;
	}
	encoding = feedback_take_encoding(head);
	if (!feedback_is_encoding_known(encoding)) {
		input_fail(reader->xml, "line 1: is in an encoding that is "
		    "not read: %s", show(reader, encoding, MAX_NAME_SHOWN));
		return false;
	}
	return true;
}

/* ---- the whole ----------------------------------------------------------- */

static void
tell_parser_error(struct reader *reader)
{
	const xmlError *error = xmlCtxtGetLastError(reader->parser);
	struct slice text = error != NULL && error->message != NULL ?
	    slice_trim(slice_from_cstr(error->message)) :
	    SLICE("is not well-formed");

	input_fail(reader->xml, "line %d: %s", error != NULL ? error->line :
	    line_number(reader), show(reader, text, MAX_REASON_SHOWN));
}

static bool
is_within_limits(struct reader *reader, struct slice chunk)
{
	reader->n_octets += chunk.len;
	if (reader->n_octets > reader->xml->limits->octets) {
		input_fail(reader->xml, "line %d: has more than %llu MiB of "
		    "XML", line_number(reader),
		    (unsigned long long)(reader->xml->limits->octets >> 20));
		return false;
	}
	if (!feedback_scan_tags(&reader->scan, chunk)) {
		input_fail(reader->xml, "line %d: has a tag of more than %zu "
		    "octets", line_number(reader), FEEDBACK_MAX_TAG);
		return false;
	}
	return true;
}

/* An error that is none to the parser, like a prefix without a namespace, does
 * not end its work. */
static void
feed(struct reader *reader)
{
	struct slice chunk;

	do {
		chunk = slice_head(input_peek(reader->xml, 1), CHUNK_OCTETS);
		if (input_has_failed(reader->xml) ||
		    !is_within_limits(reader, chunk))
			return;
		xmlParseChunk(reader->parser, chunk.ptr, (int)chunk.len,
		    chunk.len == 0);
		input_skip(reader->xml, chunk.len);
		if (!reader->parser->wellFormed)
			tell_parser_error(reader);
	} while (chunk.len != 0 && !input_has_failed(reader->xml));
}

static void
finish(struct reader *reader)
{
	if (input_has_failed(reader->xml))
		return;
	if (!reader->has_metadata && !reader->has_policy) {
		input_fail(reader->xml, "is no aggregate report: it has "
		    "neither report_metadata nor policy_published");
		return;
	}
	tell_head(reader);
}

static xmlParserCtxtPtr
create_parser(struct reader *reader)
{
	xmlSAXHandler handler = {	/* is copied */
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.processingInstruction = on_instruction,
		.warning = on_error,
		.error = on_error,
		.fatalError = on_error,
	};
	xmlParserCtxtPtr parser =
	    xmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL);

	if (parser != NULL)
		xmlCtxtUseOptions(parser, XML_PARSE_NONET);
	return parser;
}

bool
feedback_read(struct report_input *xml,
    const struct feedback_visitor *visitor)
{
	struct reader *reader = arena_alloc(xml->arena, sizeof(*reader));
	struct arena *arena = arena_create(RECORD_MEMORY);

	if (reader == NULL || arena == NULL) {
		input_fail(xml, "needs too much memory");
		goto out;
	}
	*reader = (struct reader){ .xml = xml, .visitor = visitor,
		.head_arena = xml->arena, .record_arena = arena };
	if (!siphash_make_key(&reader->key)) {
		input_fail(xml, "cannot be read: there is no randomness");
		goto out;
	}
	strbuf_init(&reader->text, arena, FEEDBACK_TEXT_MAX);
	if (!begin_document(reader))
		goto out;
	if ((reader->parser = create_parser(reader)) == NULL) {
		input_fail(xml, "needs too much memory");
		goto out;
	}
	feed(reader);
	finish(reader);
	xmlFreeDoc(reader->parser->myDoc);	/* made for declarations */
	reader->parser->myDoc = NULL;
	xmlFreeParserCtxt(reader->parser);
out:
	arena_destroy(&arena);
	return !input_has_failed(xml);
}
