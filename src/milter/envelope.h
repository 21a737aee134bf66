/* milter/envelope.h - MAIL: a message begins, or is refused at once. */
#ifndef ASSAY_MILTER_ENVELOPE_H
#define ASSAY_MILTER_ENVELOPE_H

#include "milter/libmilter.h"

struct session;

/* xxfi_envfrom.  ARGV is libmilter's: the path, then ESMTP parameters. */
sfsistat envelope_begin(struct session *session, SMFICTX *ctx,
    char *const *argv);

#endif
