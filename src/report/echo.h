/* report/echo.h - mail that is itself about reports: were it counted, two sites
 * could go on reporting to each other about nothing but their reports. */
#ifndef ASSAY_REPORT_ECHO_H
#define ASSAY_REPORT_ECHO_H

#include "base/slice.h"

struct dmarc_evaluation;
struct inspect_results;

/* Whether the message is a report, or about one, as far as EVALUATION, one of
 * its own, is concerned.  REPORT_ADDRESS is where our own come from and where
 * their bounces go; empty for none.
 *
 * Nobody may hide a forgery by dressing it as a report: what fails DMARC counts
 * whatever it looks like, but where it went to our report address alone and
 * so reached no person.  What passes is its domain's own, and that it may keep
 * out of the reports it gets:  mail by our report address, with the subject of
 * an aggregate report (RFC 9990 3.5.2), and a multipart/report (bounces,
 * failure reports) of the null sender. */
bool report_is_echo(const struct inspect_results *results,
    const struct dmarc_evaluation *evaluation, struct slice report_address);

#endif
