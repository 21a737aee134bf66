/* report/failure_header.c - see failure_header.h.
 *
 * Fields are let out by name: of those that nobody knows, many hold what is
 * somebody's own (recipients, subjects again, tokens, customers' numbers). */
#include "report/failure_header.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "mail/field.h"
#include "mail/taglist.h"
#include "report/failure.h"
#include "report/redact.h"

/* Octets of one field, and what they may become: a local part of one octet has
 * 16 digits behind. */
#define MAX_FIELD ((size_t)8192)
#define MAX_FIELD_REDACTED ((size_t)128 * 1024)
/* Octets of all values that are redacted, of those that then do not fit too: a
 * header may have many times as many, all of them quotes and addresses. */
#define MAX_VALUES (2 * FAILURE_MAX_HEADER)

enum treatment {
	TREAT_TEXT,		/* redacted */
	TREAT_ADDRESSES,	/* those only */
	TREAT_TAGS,		/* the same as text, without z= */
	TREAT_TYPE,		/* up to the first parameter */
	TREAT_SUBJECT,		/* where that is told */
	TREAT_ID,		/* as it is */
};

static const struct {
	struct slice name;
	enum treatment treatment;
} fields[] = {
	{ SLICE_INIT("Received"), TREAT_TEXT },
	{ SLICE_INIT("Return-Path"), TREAT_ADDRESSES },
	{ SLICE_INIT("Received-SPF"), TREAT_TEXT },
	{ SLICE_INIT("Authentication-Results"), TREAT_TEXT },
	{ SLICE_INIT("DKIM-Signature"), TREAT_TAGS },
	{ SLICE_INIT("ARC-Seal"), TREAT_TAGS },
	{ SLICE_INIT("ARC-Message-Signature"), TREAT_TAGS },
	{ SLICE_INIT("ARC-Authentication-Results"), TREAT_TEXT },
	{ SLICE_INIT("From"), TREAT_ADDRESSES },
	{ SLICE_INIT("Sender"), TREAT_ADDRESSES },
	{ SLICE_INIT("Reply-To"), TREAT_ADDRESSES },
	{ SLICE_INIT("Resent-From"), TREAT_ADDRESSES },
	{ SLICE_INIT("Resent-Sender"), TREAT_ADDRESSES },
	{ SLICE_INIT("To"), TREAT_ADDRESSES },
	{ SLICE_INIT("Cc"), TREAT_ADDRESSES },
	{ SLICE_INIT("Date"), TREAT_TEXT },
	{ SLICE_INIT("Message-ID"), TREAT_ID },
	{ SLICE_INIT("Subject"), TREAT_SUBJECT },
	{ SLICE_INIT("MIME-Version"), TREAT_TEXT },
	{ SLICE_INIT("Content-Type"), TREAT_TYPE },
	{ SLICE_INIT("Content-Transfer-Encoding"), TREAT_TYPE },
	{ SLICE_INIT("List-Id"), TREAT_TEXT },
	{ SLICE_INIT("Precedence"), TREAT_TEXT },
	{ SLICE_INIT("Auto-Submitted"), TREAT_TEXT },
	{ SLICE_INIT("User-Agent"), TREAT_TEXT },
	{ SLICE_INIT("X-Mailer"), TREAT_TEXT },
};

static bool
find_treatment(struct slice name, struct slice *name_out,
    enum treatment *treatment_out)
{
	for (size_t i = 0; i < N_ELEMENTS(fields); i++)
		if (slice_eq_nocase(name, fields[i].name)) {
			*name_out = fields[i].name;
			*treatment_out = fields[i].treatment;
			return true;
		}
	return false;
}

/* z= has copies of other fields (RFC 6376 3.5), subjects among them.  A list
 * that is malformed ends where it is. */
static void
append_tags(struct strbuf *out, const struct siphash_key *key,
    struct slice value)
{
	struct cursor cur = cursor_of(value);
	struct tag tag;

	while (tag_take(&cur, &tag) == TAG_FOUND) {
		if (slice_eq(tag.name, SLICE("z")))
			continue;
		strbuf_append_cstr(out, "\n\t");
		redact_append_text(out, key, tag.name);
		strbuf_append_char(out, '=');
		redact_append_text(out, key, tag.value);
		strbuf_append_char(out, ';');
	}
}

static void
append_value(struct strbuf *out, const struct siphash_key *key,
    enum treatment treatment, struct slice value)
{
	value = slice_trim(value);
	switch (treatment) {
	case TREAT_TYPE:
		redact_append_text(out, key, slice_head(value,
		    slice_find(value, ';')));
		break;
	case TREAT_TEXT:
	case TREAT_SUBJECT:
		redact_append_text(out, key, value);
		break;
	case TREAT_ADDRESSES:
		redact_append_addresses(out, key, value);
		break;
	case TREAT_TAGS:
		append_tags(out, key, value);
		break;
	case TREAT_ID:
		redact_append_clean(out, value);
		break;
	}
}

/* One field with its line end; empty where it is not let out. */
static void
append_field(struct strbuf *out, const struct siphash_key *key,
    const struct mail_field *field, bool tells_subject)
{
	enum treatment treatment;
	struct slice name;

	if (!find_treatment(field->name, &name, &treatment))
		return;
	if (treatment == TREAT_SUBJECT && !tells_subject)
		return;
	strbuf_append(out, name);
	strbuf_append(out, SLICE(": "));
	append_value(out, key, treatment, slice_head(field->value,
	    MAX_FIELD));
	strbuf_append_char(out, '\n');
}

void
failure_append_header(struct strbuf *out, const struct siphash_key *key,
    const struct mail_header *header, bool tells_subject)
{
	size_t room = FAILURE_MAX_HEADER, n_octets = 0;
	struct strbuf text;

	strbuf_init(&text, out->arena, MAX_FIELD_REDACTED);
	for (size_t i = 0; i < header->n_fields &&
	    n_octets < MAX_VALUES; i++) {
		strbuf_truncate(&text, 0);
		append_field(&text, key, &header->fields[i], tells_subject);
		if (text.has_failed)
			return;
		if (text.len != 0)
			n_octets += slice_head(header->fields[i].value,
			    MAX_FIELD).len;
		if (text.len <= room) {
			room -= text.len;
			strbuf_append(out, strbuf_slice(&text));
		}
	}
}
