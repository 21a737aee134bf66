/* cli/smtp.c - see smtp.h. */
#include "cli/smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/smtp_tls.h"

#define SLOWEST_OCTETS_MS 1	/* 1 KB/s, for a message */
#define MAX_TEXT ((size_t)1000)

/* ---- waiting ------------------------------------------------------------- */

static enum smtp_status
fail(struct smtp *smtp, enum smtp_status status, const char *what)
{
	strbuf_append_cstr(smtp->problem, what);
	return status;
}

static enum smtp_status
fail_with_errno(struct smtp *smtp, const char *what)
{
	strbuf_printf(smtp->problem, "%s: %s", what, strerror(errno));
	return SMTP_FAILED;
}

/* Until the socket is ready for EVENTS. */
static enum smtp_status
wait_for(struct smtp *smtp, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = smtp->fd, .events = events };
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		int n;

		if (left_ms <= 0)
			return fail(smtp, SMTP_TIMEOUT,
			    "the server does not answer in time");
		n = poll(&poll_fd, 1, (int)left_ms);
		if (n > 0)
			return SMTP_OK;
		if (n < 0 && errno != EINTR)
			return fail_with_errno(smtp, "poll");
	}
}

/* One step of libssl's: what it wants is waited for.  False with *STATUS where
 * it is over. */
static bool
wait_for_tls(struct smtp *smtp, int result, int64_t deadline_ms,
    enum smtp_status *status)
{
	switch (SSL_get_error(smtp->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*status = wait_for(smtp, POLLIN, deadline_ms);
		break;
	case SSL_ERROR_WANT_WRITE:
		*status = wait_for(smtp, POLLOUT, deadline_ms);
		break;
	case SSL_ERROR_ZERO_RETURN:
		*status = fail(smtp, SMTP_CLOSED,
		    "the server closed the connection");
		break;
	default:
		*status = fail(smtp, SMTP_FAILED, "TLS failed: ");
		smtp_append_tls_error(smtp->problem);
	}
	return *status == SMTP_OK;
}

static enum smtp_status
read_some(struct smtp *smtp, char *into, size_t room, int64_t deadline_ms,
    size_t *n_out)
{
	enum smtp_status status = SMTP_OK;

	*n_out = 0;
	while (status == SMTP_OK) {
		ssize_t n;

		if (smtp->ssl != NULL) {
			if (SSL_read_ex(smtp->ssl, into, room, n_out) == 1)
				return SMTP_OK;
			if (!wait_for_tls(smtp, 0, deadline_ms, &status))
				return status;
			continue;
		}
		n = recv(smtp->fd, into, room, 0);
		if (n > 0) {
			*n_out = (size_t)n;
			return SMTP_OK;
		}
		if (n == 0)
			return fail(smtp, SMTP_CLOSED,
			    "the server closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return fail_with_errno(smtp, "the connection broke");
		status = wait_for(smtp, POLLIN, deadline_ms);
	}
	return status;
}

static enum smtp_status
write_all(struct smtp *smtp, struct slice octets, int64_t deadline_ms)
{
	enum smtp_status status = SMTP_OK;

	while (octets.len != 0 && status == SMTP_OK) {
		size_t n = 0;
		ssize_t sent;

		if (smtp->ssl != NULL) {
			if (SSL_write_ex(smtp->ssl, octets.ptr, octets.len,
			    &n) != 1)
				wait_for_tls(smtp, 0, deadline_ms, &status);
			octets = slice_from(octets, n);
			continue;
		}
		sent = send(smtp->fd, octets.ptr, octets.len, MSG_NOSIGNAL);
		if (sent > 0)
			octets = slice_from(octets, (size_t)sent);
		else if (errno == EAGAIN || errno == EINTR)
			status = wait_for(smtp, POLLOUT, deadline_ms);
		else
			return fail_with_errno(smtp, "the connection broke");
	}
	return status;
}

/* ---- connecting ---------------------------------------------------------- */

static enum smtp_status
finish_connect(struct smtp *smtp, int64_t deadline_ms)
{
	enum smtp_status status = wait_for(smtp, POLLOUT, deadline_ms);
	socklen_t size;
	int error = 0;

	if (status != SMTP_OK)
		return status;
	size = sizeof(error);
	if (getsockopt(smtp->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return fail_with_errno(smtp, "getsockopt");
	if (error == 0)
		return SMTP_OK;
	errno = error;
	return fail_with_errno(smtp, "it cannot be reached");
}

/* The address as connect(2) wants it; its length. */
static socklen_t
make_sockaddr(const struct ip_address *address, unsigned port,
    struct sockaddr_storage *storage)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;

	*storage = (struct sockaddr_storage){ .ss_family = AF_INET };
	if (address->family == IP_V4) {
		v4->sin_port = htons((uint16_t)port);
		memcpy(&v4->sin_addr, address->octets, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	memcpy(&v6->sin6_addr, address->octets, 16);
	return sizeof(*v6);
}

static enum smtp_status
connect_to(struct smtp *smtp, const struct ip_address *address, unsigned port)
{
	int64_t deadline_ms = clock_monotonic_ms() + smtp->timeout_ms;
	struct sockaddr_storage storage;
	socklen_t length = make_sockaddr(address, port, &storage);

	smtp->fd = socket(storage.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (smtp->fd < 0)
		return fail_with_errno(smtp, "socket");
	if (connect(smtp->fd, (struct sockaddr *)&storage, length) == 0)
		return SMTP_OK;
	if (errno != EINPROGRESS)
		return fail_with_errno(smtp, "it cannot be reached");
	return finish_connect(smtp, deadline_ms);
}

enum smtp_status
smtp_connect(struct arena *arena, const struct ip_address *addresses, size_t n,
    unsigned port, int timeout_ms, struct strbuf *problem,
    struct smtp **smtp_out)
{
	struct smtp *smtp = arena_alloc(arena, sizeof(*smtp));
	enum smtp_status status = SMTP_FAILED;
	size_t before = problem->len;

	*smtp_out = NULL;
	if (smtp == NULL)
		return SMTP_NO_MEMORY;
	*smtp = (struct smtp){ .arena = arena, .problem = problem, .fd = -1,
		.timeout_ms = timeout_ms };
	/* What is said of the last one stays. */
	for (size_t i = 0; i < n; i++) {
		strbuf_truncate(problem, before);
		ip_append(problem, &addresses[i]);
		strbuf_printf(problem, " port %u: ", port);
		smtp->peer = addresses[i];
		status = connect_to(smtp, &addresses[i], port);
		if (status == SMTP_OK) {
			strbuf_truncate(problem, before);
			*smtp_out = smtp;
			return SMTP_OK;
		}
		if (smtp->fd >= 0)
			close(smtp->fd);
		smtp->fd = -1;
	}
	return status;
}

void
smtp_close(struct smtp **smtp)
{
	struct smtp *s = *smtp;

	if (s == NULL)
		return;
	SSL_free(s->ssl);
	SSL_CTX_free(s->context);
	close(s->fd);
	*smtp = NULL;
}

const struct ip_address *
smtp_peer(const struct smtp *smtp)
{
	return &smtp->peer;
}

/* ---- the dialogue -------------------------------------------------------- */

/* Up to LF, in the arena, without its line end. */
static enum smtp_status
read_line(struct smtp *smtp, int64_t deadline_ms, struct slice *line_out)
{
	for (;;) {
		struct slice read = { smtp->input, smtp->n_input };
		size_t lf = slice_find(read, '\n'), n;
		enum smtp_status status;

		if (lf != SIZE_MAX) {
			struct slice line = slice_head(read, lf);

			if (line.len != 0 && line.ptr[line.len - 1] == '\r')
				line.len--;
			if (!arena_copy(smtp->arena, line, line_out))
				return fail(smtp, SMTP_NO_MEMORY,
				    "memory is out");
			smtp->n_input -= lf + 1;
			memmove(smtp->input, smtp->input + lf + 1,
			    smtp->n_input);
			return SMTP_OK;
		}
		if (smtp->n_input == SMTP_MAX_LINE)
			return fail(smtp, SMTP_MALFORMED,
			    "the server sends a line without end");
		status = read_some(smtp, smtp->input + smtp->n_input,
		    SMTP_MAX_LINE - smtp->n_input, deadline_ms, &n);
		if (status != SMTP_OK)
			return status;
		smtp->n_input += n;
	}
}

/* Reply-line = *( Reply-code "-" [ textstring ] CRLF )
 *              Reply-code [ SP textstring ] CRLF   (RFC 5321 4.2) */
static bool
parse_line(struct slice line, unsigned *code_out, bool *is_last,
    struct slice *text_out)
{
	uint64_t code;

	if (line.len < 3 ||
	    !slice_parse_uint(slice_head(line, 3), 599, &code) || code < 200)
		return false;
	*code_out = (unsigned)code;
	*is_last = line.len == 3 || line.ptr[3] == ' ';
	*text_out = slice_from(line, 4);
	return *is_last || line.ptr[3] == '-';
}

/* status-code = class "." subject "." detail   (RFC 3463 2) */
static struct slice
find_enhanced(struct slice text)
{
	size_t n = 0, n_dots = 0;

	for (; n < text.len && n < 9 && (ascii_is_digit(text.ptr[n]) ||
	    text.ptr[n] == '.'); n++)
		n_dots += text.ptr[n] == '.';
	if (n_dots != 2 || text.ptr[1] != '.' || text.ptr[n - 1] == '.')
		return SLICE_EMPTY;
	return slice_head(text, n);
}

enum smtp_status
smtp_read_reply(struct smtp *smtp, struct smtp_reply *reply_out)
{
	struct slice *lines = arena_alloc_array(smtp->arena, SMTP_MAX_LINES,
	    sizeof(*lines));
	/* Of all of it, however small the pieces are that it comes in. */
	int64_t deadline_ms = clock_monotonic_ms() + smtp->timeout_ms;
	bool is_last = false;

	*reply_out = (struct smtp_reply){ .lines = lines };
	if (lines == NULL)
		return fail(smtp, SMTP_NO_MEMORY, "memory is out");
	while (!is_last) {
		struct slice line;
		unsigned code;
		enum smtp_status status = read_line(smtp, deadline_ms,
		    &line);

		if (status != SMTP_OK)
			return status;
		if (reply_out->n_lines == SMTP_MAX_LINES ||
		    !parse_line(line, &code, &is_last,
		    &lines[reply_out->n_lines]) ||
		    (reply_out->n_lines != 0 && code != reply_out->code)) {
			strbuf_append_cstr(smtp->problem,
			    "this is no SMTP reply: ");
			strbuf_append_escaped(smtp->problem, line, MAX_TEXT);
			return SMTP_MALFORMED;
		}
		reply_out->code = code;
		reply_out->n_lines++;
	}
	reply_out->enhanced = find_enhanced(lines[0]);
	return SMTP_OK;
}

enum smtp_status
smtp_send(struct smtp *smtp, struct slice line)
{
	struct strbuf text;

	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] == '\r' || line.ptr[i] == '\n' ||
		    line.ptr[i] == '\0')
			return fail(smtp, SMTP_MALFORMED,
			    "a command is one line");
	strbuf_init(&text, smtp->arena, line.len + 2);
	strbuf_append(&text, line);
	strbuf_append_cstr(&text, "\r\n");
	if (text.has_failed)
		return fail(smtp, SMTP_NO_MEMORY, "memory is out");
	return write_all(smtp, strbuf_slice(&text), clock_monotonic_ms() +
	    smtp->timeout_ms);
}

enum smtp_status
smtp_send_message(struct smtp *smtp, struct slice octets)
{
	/* In all: who takes an octet now and then would hold us for ever. */
	int64_t deadline_ms = clock_monotonic_ms() + smtp->timeout_ms +
	    (int64_t)(octets.len / SLOWEST_OCTETS_MS);
	enum smtp_status status = SMTP_OK;

	while (octets.len != 0 && status == SMTP_OK) {
		size_t lf = slice_find(octets, '\n');
		struct slice line = slice_head(octets, lf);

		octets = slice_from(octets, lf != SIZE_MAX ? lf + 1 :
		    octets.len);
		if (line.len != 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len != 0 && line.ptr[0] == '.')
			status = write_all(smtp, SLICE("."), deadline_ms);
		if (status == SMTP_OK)
			status = write_all(smtp, line, deadline_ms);
		if (status == SMTP_OK)
			status = write_all(smtp, SLICE("\r\n"),
			    deadline_ms);
	}
	return status == SMTP_OK ? write_all(smtp, SLICE(".\r\n"),
	    deadline_ms) : status;
}

/* ---- STARTTLS (RFC 3207) ------------------------------------------------- */

static enum smtp_status
shake_hands(struct smtp *smtp)
{
	int64_t deadline_ms = clock_monotonic_ms() + smtp->timeout_ms;
	enum smtp_status status = SMTP_OK;
	int result;

	while ((result = SSL_connect(smtp->ssl)) != 1)
		if (!wait_for_tls(smtp, result, deadline_ms, &status))
			return status;
	return SMTP_OK;
}

enum smtp_status
smtp_start_tls(struct smtp *smtp, const char *name, struct smtp_tls *tls_out)
{
	enum smtp_status status;

	*tls_out = (struct smtp_tls){ .version = "" };
	/* What was sent in clear must not count as said under TLS (RFC 3207
	 * 4.2; CVE-2011-0411). */
	if (smtp->n_input != 0)
		return fail(smtp, SMTP_MALFORMED,
		    "the server said more before TLS than it was asked");
	if (!smtp_prepare_tls(smtp, name)) {
		strbuf_append_cstr(smtp->problem, "TLS failed: ");
		smtp_append_tls_error(smtp->problem);
		return SMTP_FAILED;
	}
	/* libssl writes without MSG_NOSIGNAL: a server that hangs up would
	 * end us. */
	signal(SIGPIPE, SIG_IGN);
	status = shake_hands(smtp);
	if (status == SMTP_OK)
		smtp_describe_tls(smtp, tls_out);
	return status;
}
