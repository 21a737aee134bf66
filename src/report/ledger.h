/* report/ledger.h - what has become of each report: store.h's ledger, with the
 * patience that a short lock of the store deserves. */
#ifndef ASSAY_REPORT_LEDGER_H
#define ASSAY_REPORT_LEDGER_H

#include "report/store.h"

/* As store_get_delivery and so on, tried again for some seconds
 * where the store is busy. */
enum store_status report_ledger_get(struct store *store,
    const struct store_delivery_key *key, enum store_delivery *delivery_out);
enum store_status report_ledger_set(struct store *store,
    const struct store_delivery_key *key, enum store_delivery delivery,
    int64_t now_s, struct slice note);
enum store_status report_ledger_claim(struct store *store,
    const struct store_delivery_key *key, int64_t now_s,
    enum store_delivery *before_out);

/* A subject of which nothing is left to be sent has an entry without a
 * destination, SENT, so that later runs need not look at it again.  ID is that
 * of its first part. */
struct store_delivery_key report_ledger_end_of(
    const struct store_subject *subject, struct slice id);

#endif
