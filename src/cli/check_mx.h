/* cli/check_mx.h - the dialogue with an MX, for check --connect. */
#ifndef ASSAY_CLI_CHECK_MX_H
#define ASSAY_CLI_CHECK_MX_H

#include "cli/smtp.h"

struct check;
struct strbuf;

#define CHECK_CONNECT_TIMEOUT_MS 15000	/* each step */
#define CHECK_CONNECT_BUDGET_MS 120000	/* all hosts of a domain */
#define CHECK_CONNECT_ADDRESSES ((size_t)4)	/* tried of a host */

/* To a host that has addresses; begins the domain's budget.  SMTP_TIMEOUT with
 * a finding where that is used up; for all else PROBLEM has the sentence. */
enum smtp_status check_open_smtp(struct check *check, struct slice host,
    struct strbuf *problem, struct smtp **smtp_out);

/* Up to STARTTLS and through it.  SMTP_OK with *HAS_TLS_OUT false: it does not
 * offer it. */
enum smtp_status check_start_tls(struct check *check, struct smtp *smtp,
    const char *host, struct smtp_tls *tls_out, bool *has_tls_out);

#endif
