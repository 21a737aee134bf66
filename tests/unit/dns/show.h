/* tests/unit/dns/show.h - answers as text, to be compared. */
#ifndef ASSAY_TESTS_UNIT_DNS_SHOW_H
#define ASSAY_TESTS_UNIT_DNS_SHOW_H

#include "dns/dns.h"

struct arena;

/* "NOERROR 300 secure alias [text] 10:[exchange] 192.0.2.1", "NXDOMAIN 60",
 * "TEMPFAIL timeout".  TYPE is what was asked; text is escaped. */
struct slice show_answer(struct arena *arena, const struct dns_answer *answer,
    enum dns_type type);

#endif
