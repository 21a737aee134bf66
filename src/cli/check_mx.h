/* cli/check_mx.h - the dialogue with an MX, for check --connect. */
#ifndef ASSAY_CLI_CHECK_MX_H
#define ASSAY_CLI_CHECK_MX_H

#include "cli/smtp.h"

struct check;

#define CHECK_CONNECT_TIMEOUT_MS 15000

/* Up to STARTTLS and through it.  SMTP_OK with *HAS_TLS_OUT false: it does not
 * offer it. */
enum smtp_status check_start_tls(struct check *check, struct smtp *smtp,
    const char *host, struct smtp_tls *tls_out, bool *has_tls_out);

#endif
