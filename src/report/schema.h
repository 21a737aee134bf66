/* report/schema.h - the tables, and how a database of an older assay becomes
 * one of this.
 *
 *	meta		name, value: "schema", the number of steps taken
 *	configuration	what reports are grouped by (report/configuration.h)
 *	flow		facts (report/fact.h) and how many messages they count
 *	pass		aligned passes by author domain and path
 *	delivery	which report went where
 *	suppression	destinations that bounce
 *	failure		failure reports that are owed
 *	failure_sent	how many went where, and when
 *	sample		what hosts have counted lately (report/store_sample.h)
 */
#ifndef ASSAY_REPORT_SCHEMA_H
#define ASSAY_REPORT_SCHEMA_H

#include "report/sql.h"

/* One statement of a step; @id, @key, @octets and @clustered are the
 * dialect's. */
struct schema_step {
	unsigned version;	/* that it belongs to; ascending from 1 */
	const char *text;
};

extern const struct schema_step schema_steps[];
extern const size_t schema_n_steps;

/* Take the steps that the database has not taken yet, all or none; of those
 * who come at once one does, and the others wait for him.  STORE_NEWER where
 * it has taken more than there are here. */
enum store_status schema_update(struct sql *sql,
    const struct schema_step *steps, size_t n_steps);

#endif
