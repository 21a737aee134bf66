/* report/unpack.h - the XML of an aggregate report, whatever it comes in: as it
 * is, in gzip or zip, or attached to a mail message in one of these forms. */
#ifndef ASSAY_REPORT_UNPACK_H
#define ASSAY_REPORT_UNPACK_H

struct report_input;

/* What FILE is shows in its first octets, not in its name.  NULL, and a
 * problem, where there is no report in it. */
struct report_input *report_unpack(struct report_input *file);

#endif
