/* report/mail.c - see mail.h. */
#include "report/mail.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "report/day.h"
#include "report/mail_text.h"

/* Octets of a base64 line, before and behind (RFC 2045 6.8). */
#define LINE_OCTETS 57
#define LINE_CHARACTERS 76

/* Header and text: five names of 254 octets and what is around them. */
#define TEXT_CEILING ((size_t)8192)

void
report_append_file_name(struct strbuf *text, const struct report_mail *mail)
{
	strbuf_append(text, mail->submitter);
	strbuf_append_char(text, '!');
	strbuf_append(text, mail->policy_domain);
	strbuf_printf(text, "!%" PRId64 "!%" PRId64 "!", mail->begin_s,
	    mail->end_s);
	strbuf_append(text, mail->report_id);
	strbuf_append(text, SLICE(".xml.gz"));
}

/* The Subject is folded where RFC 9990's own example is. */
static void
append_header(struct strbuf *text, const struct report_mail *mail)
{
	strbuf_printf(text, "From: <%.*s>\n", SLICE_PRINTF(mail->from));
	strbuf_printf(text, "To: <%.*s>\n", SLICE_PRINTF(mail->to));
	strbuf_append(text, SLICE("Date: "));
	report_append_date(text, mail->date_s);
	strbuf_printf(text, "\nSubject: Report Domain: %.*s\n",
	    SLICE_PRINTF(mail->policy_domain));
	strbuf_printf(text, "    Submitter: %.*s\n",
	    SLICE_PRINTF(mail->submitter));
	strbuf_printf(text, "    Report-ID: <%.*s>\n",
	    SLICE_PRINTF(mail->report_id));
	report_append_message_id(text, mail->report_id, mail->secret, mail->to,
	    mail->submitter);
	strbuf_append(text, SLICE("Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed;\n    boundary=\""));
	report_append_boundary(text, mail->report_id);
	strbuf_append(text, SLICE("\"\n\n"));
}

static void
append_first_part(struct strbuf *text, const struct report_mail *mail)
{
	strbuf_append(text, SLICE("--"));
	report_append_boundary(text, mail->report_id);
	strbuf_printf(text, "\nContent-Type: text/plain; charset=us-ascii\n\n"
	    "This is a DMARC aggregate report (RFC 9990).\n\n"
	    "Domain:    %.*s\n", SLICE_PRINTF(mail->policy_domain));
	strbuf_printf(text, "Submitter: %.*s\n",
	    SLICE_PRINTF(mail->submitter));
	strbuf_printf(text, "Report-ID: %.*s\n",
	    SLICE_PRINTF(mail->report_id));
	strbuf_append(text, SLICE("Day:       "));
	report_append_day(text, (uint32_t)(mail->begin_s / CLOCK_DAY_S));
	strbuf_printf(text, " (UTC)\nMessages:  %" PRIu64 "\n\n",
	    mail->n_messages);
}

/* Consumers look for the name in either field; RFC 2231's continuations would
 * be lost on many. */
static void
append_second_part(struct strbuf *text, const struct report_mail *mail)
{
	strbuf_append(text, SLICE("--"));
	report_append_boundary(text, mail->report_id);
	strbuf_append(text, SLICE("\nContent-Type: application/gzip;\n"
	    "    name=\""));
	report_append_file_name(text, mail);
	strbuf_append(text, SLICE("\"\nContent-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n    filename=\""));
	report_append_file_name(text, mail);
	strbuf_append(text, SLICE("\"\n\n"));
}

static void
append_end(struct strbuf *text, const struct report_mail *mail)
{
	strbuf_append(text, SLICE("--"));
	report_append_boundary(text, mail->report_id);
	strbuf_append(text, SLICE("--\n"));
}

static bool
put_attachment(FILE *attachment, const char *eol, FILE *out)
{
	unsigned char octets[LINE_OCTETS];
	unsigned char line[LINE_CHARACTERS + 1];
	size_t n;

	while ((n = fread(octets, 1, sizeof(octets), attachment)) != 0) {
		int len = EVP_EncodeBlock(line, octets, (int)n);

		fwrite(line, 1, (size_t)len, out);
		fputs(eol, out);
	}
	return !ferror(attachment) && !ferror(out);
}

bool
report_write_mail(const struct report_mail *mail, FILE *attachment,
    const char *eol, FILE *out)
{
	struct arena *arena = arena_create(4 * TEXT_CEILING);
	struct strbuf text;
	bool is_good;

	if (arena == NULL)
		return false;
	strbuf_init(&text, arena, TEXT_CEILING);
	append_header(&text, mail);
	append_first_part(&text, mail);
	append_second_part(&text, mail);
	is_good = report_put_text(&text, eol, out) &&
	    put_attachment(attachment, eol, out);
	append_end(&text, mail);
	is_good = is_good && report_put_text(&text, eol, out) &&
	    fflush(out) == 0;
	arena_destroy(&arena);
	return is_good;
}
