/* milter/macros.h - the MTA's macros that we ask for. */
#ifndef ASSAY_MILTER_MACROS_H
#define ASSAY_MILTER_MACROS_H

#include "base/slice.h"
#include "milter/libmilter.h"

#define MACRO_HOSTNAME "j"		/* at CONNECT */
#define MACRO_DAEMON_NAME "{daemon_name}"	/* at CONNECT only: at the end
					 * of a message Postfix gives that of
					 * another service */
#define MACRO_AUTH_AUTHEN "{auth_authen}"	/* at MAIL */
#define MACRO_QUEUE_ID "i"		/* Postfix: not before RCPT */

/* Within xxfi_negotiate, where the MTA lets us choose.  False where libmilter
 * refused. */
bool macros_request(SMFICTX *ctx);

/* The value, borrowed until the callback returns; empty where unknown. */
struct slice macros_get(SMFICTX *ctx, const char *name);

#endif
