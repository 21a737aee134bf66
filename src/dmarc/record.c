/* dmarc/record.c - see record.h.
 *
 *	dmarc-record = dmarc-version *(dmarc-sep dmarc-tag) [dmarc-sep]
 *	dmarc-sep    = *WSP ";" *WSP
 *	dmarc-tag    = 1*ALPHA *WSP "=" *WSP 1*dmarc-value
 *
 * Not mail/taglist, which follows RFC 6376: there one bad tag spoils the list,
 * here nothing behind the version does (4.8), and there is no folding. */
#include "dmarc/record.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "dmarc/uri.h"

enum known_tag {
	KNOWN_P,
	KNOWN_SP,
	KNOWN_NP,
	KNOWN_ADKIM,
	KNOWN_ASPF,
	KNOWN_PSD,
	KNOWN_T,
	KNOWN_RUA,
	KNOWN_RUF,
	KNOWN_FO,
};

static const struct slice known_names[] = {
	[KNOWN_P] = SLICE_INIT("p"),
	[KNOWN_SP] = SLICE_INIT("sp"),
	[KNOWN_NP] = SLICE_INIT("np"),
	[KNOWN_ADKIM] = SLICE_INIT("adkim"),
	[KNOWN_ASPF] = SLICE_INIT("aspf"),
	[KNOWN_PSD] = SLICE_INIT("psd"),
	[KNOWN_T] = SLICE_INIT("t"),
	[KNOWN_RUA] = SLICE_INIT("rua"),
	[KNOWN_RUF] = SLICE_INIT("ruf"),
	[KNOWN_FO] = SLICE_INIT("fo"),
};

#define N_KNOWN N_ELEMENTS(known_names)

/* What the record says for each tag of the table; empty where it is absent. */
struct values {
	struct slice of[N_KNOWN];
};

static const char *const policy_names[] = {
	[DMARC_POLICY_NONE] = "none",
	[DMARC_POLICY_QUARANTINE] = "quarantine",
	[DMARC_POLICY_REJECT] = "reject",
};

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	return policy_names[policy];
}

static struct slice
trim_wsp(struct slice s)
{
	while (s.len > 0 && ascii_is_wsp(s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > 0 && ascii_is_wsp(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* dmarc-version = "v" *WSP "=" *WSP %s"DMARC1", at the very start and followed
 * by the end or a dmarc-sep.  Leaves the cursor at the ";" or the end. */
static bool
take_version(struct cursor *cur)
{
	static const struct slice version = SLICE_INIT("DMARC1");

	if (!cursor_take_text_nocase(cur, SLICE("v")))
		return false;
	cursor_skip_wsp(cur);
	if (!cursor_take_char(cur, '='))
		return false;
	cursor_skip_wsp(cur);
	if (!slice_starts_with(cursor_rest(cur), version))
		return false;
	cur->pos += version.len;
	if (cursor_at_end(cur))
		return true;
	cursor_skip_wsp(cur);
	return cursor_peek(cur) == ';';
}

/* A tag that is unknown, has no "=" or no value is ignored; of a tag that is
 * repeated the first is kept. */
static void
keep_tag(struct values *values, struct slice tag)
{
	size_t equals = slice_find(tag, '=');
	struct slice name, value;

	if (equals == SIZE_MAX)
		return;
	name = trim_wsp(slice_head(tag, equals));
	value = trim_wsp(slice_from(tag, equals + 1));
	for (size_t i = 0; i < N_KNOWN; i++)
		if (slice_eq_nocase(name, known_names[i]) &&
		    values->of[i].len == 0)
			values->of[i] = value;
}

static bool
parse_policy(struct slice value, enum dmarc_policy *policy_out)
{
	for (size_t i = 0; i < N_ELEMENTS(policy_names); i++)
		if (slice_eq_nocase(value, slice_from_cstr(policy_names[i]))) {
			*policy_out = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

/* One of p, sp and np: whether it is there, and whether it may be.  Where it
 * is neither *POLICY keeps its default. */
static void
read_policy(struct slice value, enum dmarc_policy *policy, bool *is_there,
    bool *is_any_invalid)
{
	*is_there = parse_policy(value, policy);
	if (value.len > 0 && !*is_there)
		*is_any_invalid = true;
}

/* 4.10.1: a record whose policy cannot be used counts as p=none where somebody
 * wants reports about it, and is not applied where nobody does. */
static enum dmarc_record_status
settle_policy(const struct values *values, struct dmarc_record *record)
{
	struct cursor list = cursor_of(record->rua);
	bool is_invalid = false;
	struct slice uri;

	read_policy(values->of[KNOWN_P], &record->p, &record->has_p,
	    &is_invalid);
	record->sp = record->p;
	read_policy(values->of[KNOWN_SP], &record->sp, &record->has_sp,
	    &is_invalid);
	record->np = record->sp;
	read_policy(values->of[KNOWN_NP], &record->np, &record->has_np,
	    &is_invalid);
	if (is_invalid) {
		record->p = record->sp = record->np = DMARC_POLICY_NONE;
		record->has_p = record->has_sp = record->has_np = false;
		record->problem = "its p, sp or np tag is invalid";
	} else if (!record->has_p) {
		record->problem = "its p tag is missing";
	}
	if (record->problem == NULL || dmarc_take_uri(&list, &uri))
		return DMARC_RECORD_OK;
	return is_invalid ? DMARC_RECORD_BAD_POLICY : DMARC_RECORD_NO_POLICY;
}

/* Whether a tag that has a few values of one letter has this one; any other
 * text means the default. */
static bool
is_letter(struct slice value, char letter)
{
	return value.len == 1 && ascii_lower(value.ptr[0]) == letter;
}

enum dmarc_record_status
dmarc_parse_record(struct slice text, struct dmarc_record *record_out)
{
	struct cursor cur = cursor_of(text);
	struct values values = { .of = { { NULL, 0 } } };

	*record_out = (struct dmarc_record){ .psd = 'u' };
	if (!take_version(&cur))
		return DMARC_RECORD_OTHER;
	while (cursor_take_char(&cur, ';'))
		keep_tag(&values, cursor_take_until(&cur, ';'));
	record_out->is_dkim_strict = is_letter(values.of[KNOWN_ADKIM], 's');
	record_out->is_spf_strict = is_letter(values.of[KNOWN_ASPF], 's');
	record_out->is_testing = is_letter(values.of[KNOWN_T], 'y');
	if (is_letter(values.of[KNOWN_PSD], 'y'))
		record_out->psd = 'y';
	else if (is_letter(values.of[KNOWN_PSD], 'n'))
		record_out->psd = 'n';
	record_out->rua = values.of[KNOWN_RUA];
	record_out->ruf = values.of[KNOWN_RUF];
	record_out->fo = values.of[KNOWN_FO];
	return settle_policy(&values, record_out);
}
