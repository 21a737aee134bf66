/* dkim/trace.c - see trace.h. */
#include "dkim/trace.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "dkim/body.h"
#include "dkim/header.h"
#include "dkim/signature.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "mail/field.h"
#include "mail/taglist.h"

#define MAX_LINE ((size_t)1024)
#define MAX_FIELD ((size_t)512 * 1024)	/* in its canonical form */
#define SCRATCH_MEMORY (8 * MAX_FIELD)	/* for a few of them at a time */
#define MAX_DIGEST ((size_t)64)		/* octets of one that is shown */
#define MAX_COPIES 200			/* of z=, that are looked at */
#define MAX_INSTANCES 50	/* of one name, held against a copy */
#define MAX_CONTEXT ((size_t)40)	/* octets shown around a difference */

/* ---- what it says -------------------------------------------------------- */

static const char *
name_form(enum canon_form form)
{
	switch (form) {
	case CANON_SIMPLE:
		return "simple";
	case CANON_RELAXED:
		return "relaxed";
	}
	return "";
}

void
dkim_trace_signature(struct trace *trace, const struct dkim_signature *sig)
{
	struct strbuf text;

	if (trace == NULL)
		return;
	strbuf_init(&text, trace_arena(trace), MAX_LINE);
	strbuf_append_cstr(&text, "d=");
	strbuf_append(&text, slice_head(sig->domain, MAX_LINE / 4));
	strbuf_append_cstr(&text, " s=");
	strbuf_append(&text, slice_head(sig->selector, MAX_LINE / 4));
	strbuf_append_cstr(&text, " a=");
	strbuf_append(&text, sig->algorithm_name);
	strbuf_printf(&text, " c=%s/%s", name_form(sig->header_form),
	    name_form(sig->body_form));
	trace_open(trace, "signature", strbuf_slice(&text));
	trace_add(trace, "signed fields", sig->names);
	if (sig->body_limit != DKIM_BODY_NO_LIMIT)
		trace_printf(trace, "l=", "only the first %" PRIu64
		    " octets of the body are signed", sig->body_limit);
}

void
dkim_trace_end(struct trace *trace, const struct dkim_outcome *outcome)
{
	if (trace == NULL)
		return;
	if (outcome->header_hash_valid)
		trace_tell(trace, "header hash", SLICE_EMPTY, "verifies",
		    SLICE_EMPTY);
	else if (outcome->reason == DKIM_REASON_SIGNATURE ||
	    (outcome->key_exists && !outcome->header_hash_valid))
		trace_tell(trace, "header hash", SLICE_EMPTY,
		    "does not verify", SLICE("a signed field has changed, or "
		    "the key is another one"));
	trace_close(trace, dkim_result_name(outcome->result),
	    slice_from_cstr(outcome->reason == DKIM_REASON_NONE ? NULL :
	    dkim_reason_text(outcome->reason)));
}

/* ---- the header ---------------------------------------------------------- */

static void
write_text(void *context, struct slice run)
{
	strbuf_append(context, run);
}

static struct slice
make_canonical(struct arena *arena, enum canon_form form,
    const struct mail_field *field)
{
	struct strbuf text;
	const struct canon_sink sink = { write_text, &text };

	strbuf_init(&text, arena, MAX_FIELD);
	canon_write_field(form, field, &sink);
	return strbuf_slice(&text);
}

void
dkim_trace_header(struct trace *trace, struct dkim_header_index *index,
    const struct dkim_signature *sig)
{
	struct cursor cur = cursor_of(sig->names);
	const struct mail_field *field;
	struct arena *scratch;
	struct strbuf text;
	const struct canon_sink sink = { write_text, &text };

	if (trace == NULL || index == NULL ||
	    (scratch = arena_create(SCRATCH_MEMORY)) == NULL)
		return;
	trace_open(trace, "header as it is hashed",
	    slice_from_cstr(name_form(sig->header_form)));
	dkim_header_rewind(index);
	while ((field = dkim_header_take(index, &cur, sig->field)) != NULL) {
		trace_add(trace, "field", make_canonical(scratch,
		    sig->header_form, field));
		arena_reset(scratch);
	}
	strbuf_init(&text, scratch, MAX_FIELD);
	canon_write_signature(sig->header_form, sig->field, &sink);
	trace_add(trace, "field", strbuf_slice(&text));
	trace_close(trace, NULL, SLICE_EMPTY);
	arena_destroy(&scratch);
}

/* ---- copies -------------------------------------------------------------- */

static size_t
common_octets(struct slice a, struct slice b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
		n++;
	return n;
}

/* The octets around place AT, up to the line end. */
static struct slice
show_around(struct slice text, size_t at)
{
	size_t start = at > MAX_CONTEXT / 2 ? at - MAX_CONTEXT / 2 : 0;

	return slice_trim_end(slice_head(slice_from(text, start),
	    MAX_CONTEXT));
}

static void
tell_difference(struct trace *trace, struct slice name, struct slice then,
    struct slice now)
{
	size_t at = common_octets(then, now);
	struct strbuf detail;

	strbuf_init(&detail, trace_arena(trace), MAX_LINE);
	strbuf_printf(&detail, "at octet %zu: signed as \"", at + 1);
	strbuf_append(&detail, show_around(then, at));
	strbuf_append_cstr(&detail, "\", now \"");
	strbuf_append(&detail, show_around(now, at));
	strbuf_append_char(&detail, '"');
	trace_tell(trace, "copy", name, "differs", strbuf_slice(&detail));
}

/* Whether a field of the copy's name is as it was; the one that is most alike
 * is held against it where none is. */
static bool
compare_copy(struct trace *trace, struct arena *arena,
    const struct mail_header *header, enum canon_form form,
    const struct mail_field *copy)
{
	struct slice then = make_canonical(arena, form, copy);
	struct slice nearest = SLICE_EMPTY;
	const struct mail_field *field;

	for (size_t i = 0; i < MAX_INSTANCES && (field = mail_header_get(
	    header, copy->name, i)) != NULL; i++) {
		struct slice now = make_canonical(arena, form, field);

		if (slice_eq(then, now))
			return true;
		if (nearest.len == 0 || common_octets(then, now) >
		    common_octets(then, nearest))
			nearest = now;
	}
	if (nearest.len == 0)
		trace_tell(trace, "copy", copy->name, "is gone",
		    slice_head(then, MAX_LINE));
	else
		tell_difference(trace, copy->name, then, nearest);
	return false;
}

/* sig-z-tag-copy = hdr-name [FWS] ":" qp-hdr-value */
static bool
read_copy(struct arena *arena, struct slice text, struct mail_field *copy_out)
{
	size_t colon = slice_find(text, ':');

	if (colon == SIZE_MAX)
		return false;
	copy_out->name = slice_trim(slice_head(text, colon));
	return copy_out->name.len != 0 && dkim_decode_qp(arena,
	    slice_from(text, colon + 1), &copy_out->value);
}

void
dkim_trace_copies(struct trace *trace, const struct mail_header *header,
    const struct dkim_signature *sig)
{
	struct tag tags[DKIM_MAX_TAGS];
	const struct tag *z;
	unsigned n_copies = 0, n_same = 0;
	struct arena *scratch;
	struct slice text;
	struct cursor cur;
	size_t n;

	if (trace == NULL || !tag_parse_list(sig->field->value, tags,
	    DKIM_MAX_TAGS, &n) ||
	    (z = tag_find(tags, n, SLICE("z"))) == NULL ||
	    (scratch = arena_create(SCRATCH_MEMORY)) == NULL)
		return;
	trace_open(trace, "copies that the signer made", SLICE("z="));
	cur = cursor_of(z->value);
	while (n_copies < MAX_COPIES && tag_take_element(&cur, '|', &text)) {
		struct mail_field copy = { .name = SLICE_EMPTY };

		arena_reset(scratch);
		if (!read_copy(scratch, text, &copy))
			continue;
		n_copies++;
		if (compare_copy(trace, scratch, header, sig->header_form,
		    &copy))
			n_same++;
	}
	trace_printf(trace, "note", "%u of %u are as they were", n_same,
	    n_copies);
	trace_close(trace, NULL, SLICE_EMPTY);
	arena_destroy(&scratch);
}

/* ---- body and key -------------------------------------------------------- */

static void
append_base64(struct strbuf *text, struct slice octets)
{
	unsigned char encoded[4 * ((MAX_DIGEST + 2) / 3) + 1];
	int n = EVP_EncodeBlock(encoded,
	    (const unsigned char *)octets.ptr,
	    (int)slice_head(octets, MAX_DIGEST).len);

	strbuf_append(text, (struct slice){ (const char *)encoded,
	    (size_t)n });
}

void
dkim_trace_body(struct trace *trace, const struct dkim_signature *sig,
    struct slice computed, uint64_t octets)
{
	struct strbuf text;

	if (trace == NULL)
		return;
	strbuf_init(&text, trace_arena(trace), MAX_LINE);
	strbuf_append_cstr(&text, "claimed ");
	append_base64(&text, sig->body_hash);
	strbuf_append_cstr(&text, ", computed ");
	append_base64(&text, computed);
	strbuf_printf(&text, " over %" PRIu64 " octets", octets);
	trace_tell(trace, "body hash", strbuf_slice(&text),
	    slice_eq(sig->body_hash, computed) ? "match" : "no match",
	    SLICE_EMPTY);
}

void
dkim_trace_key(struct trace *trace, struct slice name,
    const struct dns_answer *answer)
{
	if (trace == NULL)
		return;
	trace_open(trace, "key", name);
	for (size_t i = 0; i < answer->n_records; i++)
		trace_add(trace, "record", answer->records[i].text);
	switch (answer->status) {
	case DNS_NOERROR:
		trace_close(trace, "found", SLICE_EMPTY);
		return;
	case DNS_NODATA:
		trace_close(trace, "no such record", SLICE_EMPTY);
		return;
	case DNS_NXDOMAIN:
		trace_close(trace, "no such name", SLICE_EMPTY);
		return;
	case DNS_TEMPFAIL:
		break;
	}
	trace_close(trace, "no answer", slice_from_cstr(answer->why));
}
