/* report/zip.h - the report in a zip file (PKWARE's APPNOTE 6.3).
 *
 * Read from the front, entry by entry, as it streams by: the directory at the
 * end is not looked at, no name in it is used, nothing is ever written. */
#ifndef ASSAY_REPORT_ZIP_H
#define ASSAY_REPORT_ZIP_H

struct report_input;

/* Octets of the first entry whose name ends in ".xml".  NULL where memory is
 * out, or there is none that can be read, which the problem tells. */
struct report_input *zip_open_report(struct report_input *packed);

#endif
