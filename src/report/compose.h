/* report/compose.h - one report out of a subject's rows. */
#ifndef ASSAY_REPORT_COMPOSE_H
#define ASSAY_REPORT_COMPOSE_H

#include <stdio.h>

#include "base/siphash.h"
#include "report/store.h"

struct report_configuration;
struct report_options;
struct report_rows;

/* A hash in hexadecimal digits (RFC 9990 3.5.1 and its file name allow letters
 * and digits). */
#define REPORT_ID_OCTETS 32

/* Who reports. */
struct report_sender {
	const struct report_options *options;	/* borrowed */
	struct slice from;		/* address; its domain normalized */
	struct slice from_domain;	/* part of it */
	struct slice submitter;		/* normalized */
	struct slice generator;		/* "assay 1.0" */
	bool has_secret;		/* a dry run has none */
	struct siphash_key secret;	/* report/store_secret.h */
};

/* The same for the same part of the same subject by the same sender, on
 * whatever host, so that what is sent again has the name it had.  PART counts
 * from 0.  ID is not NUL-terminated.  False where libcrypto has failed. */
bool report_make_id(const struct report_sender *sender,
    const struct store_subject *subject, uint32_t part,
    char id_out[REPORT_ID_OCTETS]);

struct report_size {
	uint64_t n_rows, n_messages, octets;
};

enum report_compose_status {
	REPORT_COMPOSE_OK = 0,
	REPORT_COMPOSE_STORE,	/* *STORE_OUT says why */
	REPORT_COMPOSE_FAILED,	/* memory is out, or the disk full */
};

/* Write the rows from where ROWS stands on into OUT, from its start: as many as
 * fit into one report, at least one.  ROWS stands behind them then, at the end
 * where no more are to come.  ID is REPORT_ID_OCTETS. */
enum report_compose_status report_compose(const struct report_sender *sender,
    const struct store_subject *subject,
    const struct report_configuration *configuration, struct slice id,
    struct report_rows *rows, bool is_compressed, FILE *out,
    struct report_size *size_out, enum store_status *store_out);

/* The period's bounds, both within it. */
int64_t report_begin_s(uint32_t day);
int64_t report_end_s(uint32_t day);

#endif
