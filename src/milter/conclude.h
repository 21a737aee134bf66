/* milter/conclude.h - the end of a message: verdict, field, reply, log. */
#ifndef ASSAY_MILTER_CONCLUDE_H
#define ASSAY_MILTER_CONCLUDE_H

#include "milter/libmilter.h"

struct session;

/* The header has ended, by its own event or because the body has come. */
void conclude_header(struct session *session);

/* xxfi_eom, of a message that is open; it is forgotten behind it. */
sfsistat conclude_message(struct session *session, SMFICTX *ctx);

#endif
