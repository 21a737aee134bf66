/* cli/smtp.h - the client's side of SMTP (RFC 5321), one step at a time, to
 * look at a server: test-send, check --connect.
 *
 * Everything blocks, each step for the timeout at most; a reply is one step,
 * however slowly it drips.  What the server says is bounded: a line of
 * SMTP_MAX_LINE octets, SMTP_MAX_LINES of them in a reply. */
#ifndef ASSAY_CLI_SMTP_H
#define ASSAY_CLI_SMTP_H

#include "base/ip.h"
#include "base/slice.h"

#define SMTP_PORT 25
#define SMTP_MAX_LINE ((size_t)4096)	/* 512 by RFC 5321 4.5.3.1.5 */
#define SMTP_MAX_LINES 100

struct arena;
struct smtp;
struct strbuf;

enum smtp_status {
	SMTP_OK = 0,
	SMTP_FAILED,		/* the network's fault, or libssl's */
	SMTP_TIMEOUT,
	SMTP_CLOSED,		/* by the server */
	SMTP_MALFORMED,		/* what it says is no SMTP */
	SMTP_NO_MEMORY,
};

struct smtp_reply {
	unsigned code;		/* 220 */
	const struct slice *lines;	/* without code, separator, CRLF */
	size_t n_lines;
	struct slice enhanced;	/* "2.1.5" of the first line, or empty */
};

/* To the first of ADDRESSES that answers.  Replies live in ARENA, which is
 * borrowed.  *SMTP_OUT is NULL unless SMTP_OK; PROBLEM gets one sentence then,
 * as it does from all that follows. */
enum smtp_status smtp_connect(struct arena *arena,
    const struct ip_address *addresses, size_t n, unsigned port,
    int timeout_ms, struct strbuf *problem, struct smtp **smtp_out);
void smtp_close(struct smtp **smtp);

/* Whom it has reached. */
const struct ip_address *smtp_peer(const struct smtp *smtp);

enum smtp_status smtp_read_reply(struct smtp *smtp,
    struct smtp_reply *reply_out);

/* A line and its CRLF; must have neither CR, LF nor NUL, or is SMTP_MALFORMED
 * and not sent. */
enum smtp_status smtp_send(struct smtp *smtp, struct slice line);

/* A message behind DATA's 354: bare LF as CRLF, dots doubled, the final dot. */
enum smtp_status smtp_send_message(struct smtp *smtp, struct slice octets);

/* What libssl has to say of the connection.  Text lives in the arena. */
struct smtp_tls {
	const char *version, *cipher;	/* libssl's own text */
	bool is_verified;	/* chain and name hold, by the system's roots */
	struct slice problem;	/* why not; printable */
	struct slice subject, issuer;	/* of its certificate; printable */
	int64_t not_after_s;	/* since the epoch */
};

/* Before smtp_start_tls: that then goes by these TLSA records (RDATA, borrowed,
 * one of them usable: RFC 7672 3.1), and not by the system's roots. */
void smtp_use_dane(struct smtp *smtp, const struct slice *records, size_t n);

/* Behind STARTTLS's 220.  NAME is what the certificate should be for.  A
 * certificate that does not hold is told of in *TLS_OUT, no failure.  From here
 * on the process ignores SIGPIPE. */
enum smtp_status smtp_start_tls(struct smtp *smtp, const char *name,
    struct smtp_tls *tls_out);

/* "the server is ready", "mailbox not available" (RFC 5321 4.2.3); never NULL.
 * And what an enhanced code says (RFC 3463, 7372); NULL where it is not
 * known. */
const char *smtp_code_text(unsigned code);
const char *smtp_enhanced_text(struct slice enhanced);

#endif
