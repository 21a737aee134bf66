/* config/report.h - the keys of the store and of reports, as values.h has those
 * of the rest. */
#ifndef ASSAY_CONFIG_REPORT_H
#define ASSAY_CONFIG_REPORT_H

#include "config/key.h"

void set_store(const struct key_place *place, const struct key_text *text);
void set_report_from(const struct key_place *place,
    const struct key_text *text);
void set_report_organization(const struct key_place *place,
    const struct key_text *text);
void set_report_contact(const struct key_place *place,
    const struct key_text *text);
void set_report_submitter(const struct key_place *place,
    const struct key_text *text);
void set_report_transport(const struct key_place *place,
    const struct key_text *text);

#endif
