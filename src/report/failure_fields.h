/* report/failure_fields.h - the second part of a failure report
 * (message/feedback-report, RFC 5965 3, RFC 6591 3, RFC 9991 4). */
#ifndef ASSAY_REPORT_FAILURE_FIELDS_H
#define ASSAY_REPORT_FAILURE_FIELDS_H

struct arena;
struct report_failure_request;
struct strbuf;

/* What is known when the message ends, from Auth-Failure on, each field ended
 * with LF.  An SPF-DNS field lacks its record, which report/failure_mail.h
 * adds:
 *
 *	SPF-DNS: txt : example.org :
 */
#define FAILURE_SPF_DNS "SPF-DNS: txt : "

void failure_append_fields(struct strbuf *out,
    const struct report_failure_request *request);

/* The methods that gave no aligned pass: "dkim, spf", or "none". */
void failure_append_alignment(struct strbuf *out,
    const struct report_failure_request *request);

#endif
