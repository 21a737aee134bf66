/* report/agenda.h - what there is to report on, some subjects at a time, each
 * with its destinations. */
#ifndef ASSAY_REPORT_AGENDA_H
#define ASSAY_REPORT_AGENDA_H

#include "report/compose.h"
#include "report/configuration.h"
#include "report/destination.h"

/* At a time: their questions are asked together, so that nobody's name server
 * makes the others wait. */
#define REPORT_AGENDA_SUBJECTS 128

struct report_item {
	const struct store_subject *subject;
	struct report_configuration configuration;
	char id[REPORT_ID_OCTETS];	/* of its first part */
	/* Reports that it may be at most: the limit is one of a domain and day,
	 * however often its record changed in that. */
	uint64_t max_reports;
	bool is_done;		/* nothing is left to be sent: the rest is
				 * unset */
	const char *problem;	/* why it cannot be reported on, or NULL */
	struct report_destination *destinations;
	size_t n_destinations;
};

struct report_agenda;

struct report_agenda_request {
	struct store *store;
	const struct report_sender *sender;
	const struct dmarc_options *dmarc;
	struct resolver *resolver;
	unsigned dns_timeout_ms;	/* for one question */
	uint32_t day;
	/* Normalized; none: all there are. */
	const struct slice *domains;
	size_t n_domains;
};

/* All is borrowed.  NULL where memory is out. */
struct report_agenda *report_agenda_open(
    const struct report_agenda_request *request);
void report_agenda_close(struct report_agenda **agenda);

/* The next items, borrowed until the next call; *N_OUT 0 at the end.  Blocks on
 * DNS and the store. */
enum store_status report_agenda_next(struct report_agenda *agenda,
    struct report_item **items_out, size_t *n_out);

#endif
