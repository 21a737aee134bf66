/* report/echo.c - see echo.h. */
#include "report/echo.h"

#include "base/cursor.h"
#include "inspect/inspect.h"
#include "mail/path.h"

static struct slice
take_word(struct cursor *cur)
{
	const char *start;

	cursor_skip_fws(cur);
	start = cur->pos;
	while (cur->pos < cur->end && !ascii_is_fws(*cur->pos))
		cur->pos++;
	return (struct slice){ start, (size_t)(cur->pos - start) };
}

/* "Report Domain: example.org Submitter: mx.example.net Report-ID: <id>"; the
 * literals in any case: RFC 7489's were. */
static bool
is_report_subject(struct slice subject)
{
	static const struct slice words[] = {	/* empty: any */
		SLICE_INIT("Report"), SLICE_INIT("Domain:"), { NULL, 0 },
		SLICE_INIT("Submitter:"), { NULL, 0 },
		SLICE_INIT("Report-ID:"), { NULL, 0 },
	};
	struct cursor cur = cursor_of(subject);

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		struct slice word = take_word(&cur);

		if (word.len == 0 || (words[i].len != 0 &&
		    !slice_eq_nocase(word, words[i])))
			return false;
	}
	return take_word(&cur).len == 0;
}

static bool
is_multipart_report(struct slice content_type)
{
	struct cursor cur = cursor_of(content_type);

	cursor_skip_fws(&cur);
	if (!cursor_take_text_nocase(&cur, SLICE("multipart/report")))
		return false;
	return cursor_at_end(&cur) || cursor_peek(&cur) == ';' ||
	    ascii_is_fws(*cur.pos);
}

/* A field that there is once, or nothing: of several each reader may take
 * another. */
static struct slice
get_field(const struct inspect_results *results, struct slice name)
{
	if (results->header == NULL ||
	    mail_header_count(results->header, name) != 1)
		return SLICE_EMPTY;
	return mail_header_get(results->header, name, 0)->value;
}

static bool
is_sent_to(const struct inspect_results *results, struct slice address)
{
	for (size_t i = 0; i < results->n_recipients; i++)
		if (!mail_is_address(address, results->recipients[i].local,
		    results->recipients[i].domain))
			return false;
	return results->n_recipients != 0 && results->n_more_recipients == 0;
}

bool
report_is_echo(const struct inspect_results *results,
    const struct dmarc_evaluation *evaluation, struct slice report_address)
{
	if (is_sent_to(results, report_address))
		return true;
	if (evaluation->result != DMARC_PASS)
		return false;
	return mail_is_address(report_address, results->sender.local,
	    results->sender_domain) ||
	    is_report_subject(get_field(results, SLICE("Subject"))) ||
	    (results->sender.is_null && is_multipart_report(
	    get_field(results, SLICE("Content-Type"))));
}
