/* policy/flags.c - see flags.h. */
#include "policy/flags.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "mail/taglist.h"

/* How often h= has NAME: so many fields of it are signed, from the bottom up
 * (RFC 6376 5.4.2). */
static size_t
count_signed(struct slice names, struct slice name)
{
	struct cursor cur = cursor_of(names);
	struct slice element;
	size_t n = 0;

	while (tag_take_element(&cur, ':', &element))
		if (slice_eq_nocase(element, name))
			n++;
	return n;
}

static bool
has_unsigned_duplicate(const struct mail_header *header, struct slice names,
    struct slice name)
{
	size_t n = header != NULL ? mail_header_count(header, name) : 0;

	return n > 1 && n > count_signed(names, name);
}

unsigned
policy_flag_spf(const struct spf_outcome *spf)
{
	return spf->result == SPF_PASS && spf->is_pass_too_wide ?
	    POLICY_FLAG_WIDE_SPF : 0;
}

unsigned
policy_flag_signature(const struct dkim_outcome *dkim,
    const struct mail_header *header)
{
	unsigned flags = 0;

	if (dkim->reason == DKIM_REASON_PARTIAL_BODY)
		return POLICY_FLAG_PARTIAL_BODY;
	if (dkim->result != DKIM_RESULT_PASS)
		return 0;
	if (has_unsigned_duplicate(header, dkim->names, SLICE("From")) ||
	    has_unsigned_duplicate(header, dkim->names, SLICE("Subject")))
		flags |= POLICY_FLAG_DUPLICATE_HEADER;
	if (count_signed(dkim->names, SLICE("Subject")) == 0 &&
	    count_signed(dkim->names, SLICE("Content-Type")) == 0)
		flags |= POLICY_FLAG_UNSIGNED_CONTENT;
	return flags;
}

unsigned
policy_flag_message(const struct inspect_results *results)
{
	unsigned flags = policy_flag_spf(&results->spf);

	for (size_t i = 0; i < results->n_dkim; i++)
		flags |= policy_flag_signature(&results->dkim[i],
		    results->header);
	return flags;
}

void
policy_append_flags(struct strbuf *text, unsigned flags)
{
	static const struct {
		enum policy_flag flag;
		const char *name;
	} names[] = {
		{ POLICY_FLAG_DUPLICATE_HEADER, "duplicate-header" },
		{ POLICY_FLAG_UNSIGNED_CONTENT, "unsigned-content" },
		{ POLICY_FLAG_PARTIAL_BODY, "partial-body" },
		{ POLICY_FLAG_WIDE_SPF, "wide-spf" },
	};
	const char *between = "";

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if ((flags & (unsigned)names[i].flag) == 0)
			continue;
		strbuf_append_cstr(text, between);
		strbuf_append_cstr(text, names[i].name);
		between = ",";
	}
}
