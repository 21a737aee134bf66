/* report/store_row.c - see store_row.h. */
#include "report/store_row.h"

#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "report/store_state.h"

/* Place of each column. */
enum column {
	COLUMN_DAY = 0,
	COLUMN_IS_REPORTABLE,
	COLUMN_POLICY_DOMAIN,
	COLUMN_CONFIGURATION_ID,
	COLUMN_DIGEST,
	COLUMN_AUTHOR_DOMAIN,
	COLUMN_SOURCE,
	COLUMN_ENVELOPE_FROM,
	COLUMN_ENVELOPE_TO,
	COLUMN_DISPOSITION,
	COLUMN_IS_DKIM_ALIGNED,
	COLUMN_IS_SPF_ALIGNED,
	COLUMN_REASONS,
	COLUMN_SPF_DOMAIN,
	COLUMN_SPF_RESULT,
	COLUMN_SIGNATURES,
	COLUMN_DMARC_RESULT,
	COLUMN_ARC_RESULT,
	COLUMN_ACTION,
	COLUMN_WANTED,
	COLUMN_RULE,
	COLUMN_SHADOW_RULE,
	COLUMN_SHADOW_WANTED,
	COLUMN_EVIDENCE,
	COLUMN_COUNT,
	COLUMN_FIRST_S,
	COLUMN_LAST_S,
};

/* The columns that hold a text of the fact's as it is. */
static const struct {
	enum column column;
	size_t offset;
} texts[] = {
	{ COLUMN_AUTHOR_DOMAIN, offsetof(struct report_fact, author_domain) },
	{ COLUMN_ENVELOPE_FROM, offsetof(struct report_fact, envelope_from) },
	{ COLUMN_ENVELOPE_TO, offsetof(struct report_fact, envelope_to) },
	{ COLUMN_DISPOSITION, offsetof(struct report_fact, disposition) },
	{ COLUMN_REASONS, offsetof(struct report_fact, reasons) },
	{ COLUMN_SPF_DOMAIN, offsetof(struct report_fact, spf_domain) },
	{ COLUMN_SPF_RESULT, offsetof(struct report_fact, spf_result) },
	{ COLUMN_DMARC_RESULT, offsetof(struct report_fact, dmarc_result) },
	{ COLUMN_ARC_RESULT, offsetof(struct report_fact, arc_result) },
	{ COLUMN_ACTION, offsetof(struct report_fact, action) },
	{ COLUMN_WANTED, offsetof(struct report_fact, wanted) },
	{ COLUMN_RULE, offsetof(struct report_fact, rule) },
	{ COLUMN_SHADOW_RULE, offsetof(struct report_fact, shadow_rule) },
	{ COLUMN_SHADOW_WANTED, offsetof(struct report_fact, shadow_wanted) },
	{ COLUMN_EVIDENCE, offsetof(struct report_fact, evidence) },
};

/* ---- to columns ---------------------------------------------------------- */

/* No part of a signature may look like the end of it. */
static void
append_part(struct strbuf *out, struct slice part, char end)
{
	for (size_t i = 0; i < part.len; i++)
		strbuf_append_char(out, part.ptr[i] == ' ' ||
		    part.ptr[i] == '\n' ? '?' : part.ptr[i]);
	strbuf_append_char(out, end);
}

/* "DOMAIN SELECTOR RESULT\n" of each. */
static bool
write_signatures(struct arena *arena, const struct report_fact *fact,
    struct slice *text_out)
{
	struct strbuf out;

	strbuf_init(&out, arena, 2 * REPORT_FACT_MAX_OCTETS);
	for (size_t i = 0; i < fact->n_signatures; i++) {
		append_part(&out, fact->signatures[i].domain, ' ');
		append_part(&out, fact->signatures[i].selector, ' ');
		append_part(&out, fact->signatures[i].result, '\n');
	}
	*text_out = strbuf_slice(&out);
	return !out.has_failed;
}

static bool
write_source(struct arena *arena, const struct report_fact *fact,
    struct slice *text_out)
{
	struct strbuf out;

	strbuf_init(&out, arena, REPORT_FACT_MAX_OCTETS);
	if (fact->source.family != IP_NONE)
		ip_append(&out, &fact->source);
	*text_out = strbuf_slice(&out);
	return !out.has_failed;
}

static struct slice
get_text(const struct report_fact *fact, size_t offset)
{
	return *(const struct slice *)(const void *)((const char *)fact +
	    offset);
}

bool
store_bind_row(struct arena *arena, const struct store_row *row,
    int64_t configuration_id, struct sql_value *values)
{
	const struct report_fact *fact = row->fact;
	struct slice signatures, source;

	if (!write_signatures(arena, fact, &signatures) ||
	    !write_source(arena, fact, &source))
		return false;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		values[texts[i].column] = sql_text(get_text(fact,
		    texts[i].offset));
	values[COLUMN_DAY] = sql_number(fact->day);
	values[COLUMN_IS_REPORTABLE] = sql_number(fact->is_reportable);
	values[COLUMN_POLICY_DOMAIN] = store_key(fact->policy_domain);
	values[COLUMN_CONFIGURATION_ID] = sql_number(configuration_id);
	values[COLUMN_DIGEST] = sql_octets(row->digest, sizeof(row->digest));
	values[COLUMN_SOURCE] = sql_text(source);
	values[COLUMN_IS_DKIM_ALIGNED] = sql_number(fact->is_dkim_aligned);
	values[COLUMN_IS_SPF_ALIGNED] = sql_number(fact->is_spf_aligned);
	values[COLUMN_SIGNATURES] = sql_text(signatures);
	values[COLUMN_COUNT] = sql_number((int64_t)row->count);
	values[COLUMN_FIRST_S] = sql_number(row->first_s);
	values[COLUMN_LAST_S] = sql_number(row->last_s);
	return true;
}

/* ---- and back ------------------------------------------------------------ */

static bool
read_text(struct sql *sql, struct arena *arena, enum column column,
    struct slice *text_out)
{
	return arena_copy(arena, sql_get_octets(sql, column), text_out);
}

static void
read_signatures(struct slice text, struct report_fact *fact)
{
	struct cursor cur = cursor_of(text);

	while (!cursor_at_end(&cur) &&
	    fact->n_signatures < REPORT_MAX_SIGNATURES) {
		struct report_signature *signature =
		    &fact->signatures[fact->n_signatures++];

		signature->domain = cursor_take_until(&cur, ' ');
		(void)cursor_take_char(&cur, ' ');
		signature->selector = cursor_take_until(&cur, ' ');
		(void)cursor_take_char(&cur, ' ');
		signature->result = cursor_take_until(&cur, '\n');
		(void)cursor_take_char(&cur, '\n');
	}
}

static bool
read_texts(struct sql *sql, struct arena *arena, struct report_fact *fact)
{
	struct slice signatures;

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (!read_text(sql, arena, texts[i].column,
		    (struct slice *)(void *)((char *)fact + texts[i].offset)))
			return false;
	if (!read_text(sql, arena, COLUMN_POLICY_DOMAIN,
	    &fact->policy_domain) ||
	    !read_text(sql, arena, COLUMN_SIGNATURES, &signatures))
		return false;
	read_signatures(signatures, fact);
	return true;
}

bool
store_read_row(struct sql *sql, struct arena *arena,
    struct store_row *row_out, struct report_fact **fact_out)
{
	struct report_fact *fact = arena_alloc(arena, sizeof(*fact));
	struct slice digest = sql_get_octets(sql, COLUMN_DIGEST);

	*fact_out = fact;
	*row_out = (struct store_row){ .fact = fact };
	if (fact == NULL)
		return false;
	if (digest.len == sizeof(row_out->digest))
		memcpy(row_out->digest, digest.ptr, digest.len);
	if (!read_texts(sql, arena, fact))
		return false;
	fact->day = (uint32_t)sql_get_number(sql, COLUMN_DAY);
	fact->is_reportable = sql_get_number(sql, COLUMN_IS_REPORTABLE) != 0;
	fact->is_dkim_aligned =
	    sql_get_number(sql, COLUMN_IS_DKIM_ALIGNED) != 0;
	fact->is_spf_aligned = sql_get_number(sql, COLUMN_IS_SPF_ALIGNED) != 0;
	/* Not known: IP_NONE, as ip_parse leaves it. */
	(void)ip_parse(sql_get_octets(sql, COLUMN_SOURCE), &fact->source);
	row_out->count = (uint64_t)sql_get_number(sql, COLUMN_COUNT);
	row_out->first_s = sql_get_number(sql, COLUMN_FIRST_S);
	row_out->last_s = sql_get_number(sql, COLUMN_LAST_S);
	return true;
}
