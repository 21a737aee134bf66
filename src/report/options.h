/* report/options.h - what the operator has to say of reports. */
#ifndef ASSAY_REPORT_OPTIONS_H
#define ASSAY_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct report_options {
	const char *store;		/* URL; "" for none */
	unsigned keep_days;		/* store.h prunes rows behind them */
	/* How reports are sent; NULL from: none are. */
	const char *from;		/* address; its bounces come to
					 * "assay report bounce" */
	const char *organization;	/* NULL: the domain of from */
	const char *contact;		/* extra_contact_info, or NULL */
	const char *submitter;		/* NULL: the host's name */
	const char *transport;		/* "sendmail:PATH",
					 * "smtp://HOST:PORT" */
	bool tells_recipient_domain;	/* envelope_to */
	unsigned max_destinations;	/* of one record's rua, in its order */
	size_t max_octets;		/* of one report, compressed */
	unsigned max_rows;		/* of one report; more make another */
	unsigned max_reports;		/* of one subject and day; rows beyond
					 * are told of and left out */
	/* Failure reports (RFC 9991). */
	bool is_failure_enabled;
	bool tells_subject;
	unsigned failures_per_hour;	/* to one destination; and of one
					 * policy domain */
};

#define REPORT_OPTIONS_DEFAULT { .store = "", .keep_days = 35, \
	.transport = "sendmail:/usr/sbin/sendmail", .max_destinations = 10, \
	.max_octets = 10 * 1024 * 1024, .max_rows = 50000, .max_reports = 10, \
	.failures_per_hour = 10 }

#endif
