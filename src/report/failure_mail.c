/* report/failure_mail.c - see failure_mail.h. */
#include "report/failure_mail.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "report/compose.h"
#include "report/failure.h"
#include "report/failure_fields.h"
#include "report/mail_text.h"
#include "report/redact.h"

#define TEXT_CEILING (FAILURE_MAX_OCTETS + (size_t)32 * 1024)
#define MAX_SPF_RECORD ((size_t)4096)

void
failure_split_message(struct slice message, struct slice *fields_out,
    struct slice *header_out, struct slice *spf_domain_out)
{
	struct cursor cur = cursor_of(message);

	*spf_domain_out = SLICE_EMPTY;
	while (!cursor_at_end(&cur) && cursor_peek(&cur) != '\n') {
		struct slice line = cursor_take_until(&cur, '\n');

		cursor_take_char(&cur, '\n');
		if (!slice_starts_with(line, SLICE(FAILURE_SPF_DNS)))
			continue;
		line = slice_from(line, SLICE(FAILURE_SPF_DNS).len);
		*spf_domain_out = slice_head(line, slice_find(line, ' '));
	}
	*fields_out = (struct slice){ message.ptr,
	    (size_t)(cur.pos - message.ptr) };
	cursor_take_char(&cur, '\n');
	*header_out = cursor_rest(&cur);
}

static void
append_header(struct strbuf *text, const struct failure_mail *mail)
{
	const struct report_sender *sender = mail->sender;

	strbuf_printf(text, "From: <%.*s>\n", SLICE_PRINTF(sender->from));
	strbuf_printf(text, "To: <%.*s>\n", SLICE_PRINTF(mail->to));
	strbuf_append(text, SLICE("Date: "));
	report_append_date(text, mail->date_s);
	strbuf_printf(text, "\nSubject: DMARC failure report for %.*s\n",
	    SLICE_PRINTF(mail->author_domain));
	report_append_message_id(text, mail->report_id,
	    sender->has_secret ? &sender->secret : NULL, mail->to,
	    sender->submitter);
	strbuf_append(text, SLICE("Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; "
	    "report-type=feedback-report;\n    boundary=\""));
	report_append_boundary(text, mail->report_id);
	strbuf_append(text, SLICE("\"\n\n"));
}

static void
begin_part(struct strbuf *text, const struct failure_mail *mail,
    const char *type)
{
	strbuf_append(text, SLICE("--"));
	report_append_boundary(text, mail->report_id);
	strbuf_printf(text, "\nContent-Type: %s\n\n", type);
}

static void
append_words(struct strbuf *text, const struct failure_mail *mail)
{
	begin_part(text, mail, "text/plain; charset=us-ascii");
	strbuf_printf(text, "This is a DMARC failure report (RFC 9991) on mail "
	    "from\n%.*s", SLICE_PRINTF(mail->author_domain));
	strbuf_printf(text, " that was received by\n%.*s.\n\n",
	    SLICE_PRINTF(mail->sender->submitter));
	if (mail->incidents > 1)
		strbuf_printf(text, "It stands for %" PRIu64 " messages that "
		    "are alike; this is the first of them.\n\n",
		    mail->incidents);
	strbuf_append(text, SLICE("Local parts of addresses are replaced by "
	    "hashes: equal ones are equal.\n\n"));
}

/* SPF-DNS: txt : example.org : "v=spf1 -all"   (RFC 6591 3.2.5) */
static void
append_spf_record(struct strbuf *text, struct slice line,
    struct slice record)
{
	struct strbuf quoted;

	strbuf_init(&quoted, text->arena, 2 * MAX_SPF_RECORD);
	for (size_t i = 0; i < record.len && i < MAX_SPF_RECORD; i++) {
		if (record.ptr[i] == '"' || record.ptr[i] == '\\')
			strbuf_append_char(&quoted, '\\');
		strbuf_append_char(&quoted, record.ptr[i]);
	}
	strbuf_append(text, line);
	strbuf_append(text, SLICE("\n\t\""));
	redact_append_clean(text, strbuf_slice(&quoted));
	strbuf_append(text, SLICE("\"\n"));
}

static void
append_fields(struct strbuf *text, const struct failure_mail *mail)
{
	struct cursor cur = cursor_of(mail->fields);

	while (!cursor_at_end(&cur)) {
		struct slice line = cursor_take_until(&cur, '\n');

		cursor_take_char(&cur, '\n');
		if (!slice_starts_with(line, SLICE(FAILURE_SPF_DNS))) {
			strbuf_append(text, line);
			strbuf_append_char(text, '\n');
		} else if (mail->spf_record.len != 0) {
			append_spf_record(text, line, mail->spf_record);
		}
	}
}

/* product [ "/" version ]: the generator's blank is that slash. */
static void
append_feedback(struct strbuf *text, const struct failure_mail *mail)
{
	begin_part(text, mail, "message/feedback-report");
	strbuf_append(text, SLICE("Feedback-Type: auth-failure\nVersion: 1\n"
	    "User-Agent: "));
	for (size_t i = 0; i < mail->sender->generator.len; i++)
		strbuf_append_char(text,
		    mail->sender->generator.ptr[i] == ' ' ? '/' :
		    mail->sender->generator.ptr[i]);
	strbuf_append_char(text, '\n');
	if (mail->incidents > 1)
		strbuf_printf(text, "Incidents: %" PRIu64 "\n",
		    mail->incidents);
	append_fields(text, mail);
	strbuf_append_char(text, '\n');
}

bool
failure_write_mail(const struct failure_mail *mail, const char *eol, FILE *out)
{
	struct arena *arena = arena_create(8 * TEXT_CEILING);
	struct strbuf text;
	bool is_good;

	if (arena == NULL)
		return false;
	strbuf_init(&text, arena, TEXT_CEILING);
	append_header(&text, mail);
	append_words(&text, mail);
	append_feedback(&text, mail);
	begin_part(&text, mail, "text/rfc822-headers");
	strbuf_append(&text, mail->header);
	strbuf_append(&text, SLICE("\n--"));
	report_append_boundary(&text, mail->report_id);
	strbuf_append(&text, SLICE("--\n"));
	is_good = report_put_text(&text, eol, out) && fflush(out) == 0;
	arena_destroy(&arena);
	return is_good;
}
