/* cli/smtp_tls.h - what smtp.c and smtp_tls.c share; nobody else's. */
#ifndef ASSAY_CLI_SMTP_TLS_H
#define ASSAY_CLI_SMTP_TLS_H

#include <openssl/types.h>

#include "cli/smtp.h"

struct smtp {
	struct arena *arena;		/* borrowed, both */
	struct strbuf *problem;
	int fd;
	int timeout_ms;
	struct ip_address peer;
	const struct slice *tlsa;	/* borrowed; none: no DANE */
	size_t n_tlsa;
	SSL_CTX *context;		/* owned; NULL: in clear, both */
	SSL *ssl;
	char input[SMTP_MAX_LINE];	/* read and not yet taken */
	size_t n_input;
};

/* A client's TLS on the socket, for a server called NAME.  False with libssl's
 * error queue filled. */
bool smtp_prepare_tls(struct smtp *smtp, const char *name);

void smtp_describe_tls(struct smtp *smtp, struct smtp_tls *tls_out);

/* libssl's newest error, in words; empties the queue. */
void smtp_append_tls_error(struct strbuf *text);

#endif
