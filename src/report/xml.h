/* report/xml.h - an aggregate report as XML (RFC 9990 3.1.1, Appendix A), row
 * by row: nothing of it is kept in memory. */
#ifndef ASSAY_REPORT_XML_H
#define ASSAY_REPORT_XML_H

#include <stdio.h>

#include "base/slice.h"

struct report_configuration;
struct report_fact;
struct report_xml;

struct report_metadata {
	struct slice org_name, email;
	struct slice contact;		/* extra_contact_info; empty: none */
	struct slice report_id;
	struct slice generator;
	int64_t begin_s, end_s;		/* of the period, both within it */
	struct slice policy_domain;
	const struct report_configuration *configuration;
};

/* Write the head into OUT, which is borrowed, gzip'ed where IS_COMPRESSED.
 * Nothing of METADATA is kept.  NULL where memory is out. */
struct report_xml *report_xml_open(FILE *out, bool is_compressed,
    const struct report_metadata *metadata);

/* One record for COUNT messages.  Texts may hold anything: what XML cannot is
 * written as U+FFFD.  Words that the schema does not know are left out with
 * their element, or are the nearest that it knows. */
void report_xml_add(struct report_xml *xml, const struct report_fact *fact,
    uint64_t count);

/* Whether one more record of usual size could make the file larger than
 * MAX_OCTETS. */
bool report_xml_is_full(struct report_xml *xml, size_t max_octets);

/* The end of the document.  Sets *XML to NULL.  False where anything has not
 * been written. */
bool report_xml_close(struct report_xml **xml);

#endif
