/* cli/milter_probe.c - see milter_probe.h.
 *
 * The milter protocol, version 6, as libmilter's mfdef.h has it: each packet is
 * a length, a command and its data. */
#include "cli/milter_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/socket.h"

#define MAX_PACKET ((size_t)128 * 1024)
#define MAX_CHANGES 100
#define VERSION 6
#define ALL_ACTIONS 0x1ffU

/* Steps, as bits of the negotiation: what is not sent, what gets no reply. */
enum step {
	NO_CONNECT = 0x1, NO_HELO = 0x2, NO_MAIL = 0x4, NO_RCPT = 0x8,
	NO_BODY = 0x10, NO_HEADER = 0x20, NO_END_OF_HEADER = 0x40,
	SILENT_HEADER = 0x80, SILENT_CONNECT = 0x1000, SILENT_HELO = 0x2000,
	SILENT_MAIL = 0x4000, SILENT_RCPT = 0x8000,
	SILENT_END_OF_HEADER = 0x40000, SILENT_BODY = 0x80000,
	ALL_STEPS = 0x1ff7ff,	/* rejected recipients are not shown */
};

struct probe {
	struct arena *arena;
	struct strbuf *problem;
	int fd;
	uint32_t steps;
};

static bool
fail(struct probe *probe, const char *what)
{
	strbuf_append_cstr(probe->problem, what);
	return false;
}

static bool
fail_with_errno(struct probe *probe, const char *what)
{
	strbuf_printf(probe->problem, "%s: %s", what, strerror(errno));
	return false;
}

/* ---- connecting ---------------------------------------------------------- */

static bool
connect_socket(struct probe *probe, int family, const struct sockaddr *address,
    socklen_t length)
{
	const struct timeval timeout = {
		.tv_sec = MILTER_PROBE_TIMEOUT_MS / 1000,
	};

	probe->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe->fd < 0)
		return fail_with_errno(probe, "socket");
	if (setsockopt(probe->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	    sizeof(timeout)) != 0 || setsockopt(probe->fd, SOL_SOCKET,
	    SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0)
		return fail_with_errno(probe, "setsockopt");
	if (connect(probe->fd, address, length) != 0)
		return fail_with_errno(probe, "nobody answers there");
	return true;
}

static bool
connect_unix(struct probe *probe, struct slice path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (path.len >= sizeof(address.sun_path))
		return fail(probe, "the path is too long");
	memcpy(address.sun_path, path.ptr, path.len);
	return connect_socket(probe, AF_UNIX, (struct sockaddr *)&address,
	    sizeof(address));
}

/* "inet:PORT@HOST"; without HOST every address of this one. */
static bool
connect_inet(struct probe *probe, struct slice name, struct slice host)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct slice rest = slice_from(name, slice_find(name, ':') + 1);
	struct addrinfo *found;
	bool is_connected;
	int error = getaddrinfo(host.len != 0 ? arena_copy_cstr(probe->arena,
	    host) : NULL, arena_copy_cstr(probe->arena, slice_head(rest,
	    slice_find(rest, '@'))), &hints, &found);

	if (error != 0)
		return fail(probe, gai_strerror(error));
	is_connected = connect_socket(probe, found->ai_family, found->ai_addr,
	    found->ai_addrlen);
	freeaddrinfo(found);
	return is_connected;
}

static bool
open_socket(struct probe *probe, const char *socket_name)
{
	struct slice text = slice_from_cstr(socket_name);
	struct socket_name name;

	if (socket_parse(text, &name) != SOCKET_OK)
		return fail(probe, "this is no socket");
	return name.is_unix ? connect_unix(probe, name.path) :
	    connect_inet(probe, text, name.host);
}

/* ---- packets ------------------------------------------------------------- */

static bool
send_packet(struct probe *probe, char command, struct slice data)
{
	uint32_t size = htonl((uint32_t)(data.len + 1));
	struct strbuf packet;
	struct slice rest;

	strbuf_init(&packet, probe->arena, MAX_PACKET);
	strbuf_append(&packet, (struct slice){ (const char *)&size,
	    sizeof(size) });
	strbuf_append_char(&packet, command);
	strbuf_append(&packet, data);
	if (packet.has_failed)
		return fail(probe, "memory is out");
	for (rest = strbuf_slice(&packet); rest.len != 0; ) {
		ssize_t n = send(probe->fd, rest.ptr, rest.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return fail_with_errno(probe, "it hung up");
		if (n > 0)
			rest = slice_from(rest, (size_t)n);
	}
	return true;
}

static bool
receive(struct probe *probe, char *octets, size_t len)
{
	while (len != 0) {
		ssize_t n = recv(probe->fd, octets, len, 0);

		if (n == 0)
			return fail(probe, "it hung up");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(probe, "it does not answer in time");
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
receive_packet(struct probe *probe, char *command_out, struct slice *data_out)
{
	uint32_t size;
	char *octets;

	if (!receive(probe, (char *)&size, sizeof(size)))
		return false;
	size = ntohl(size);
	if (size == 0 || size > MAX_PACKET ||
	    (octets = arena_alloc(probe->arena, size)) == NULL)
		return fail(probe, "what it says is no milter's answer");
	if (!receive(probe, octets, size))
		return false;
	*command_out = octets[0];
	*data_out = (struct slice){ octets + 1, size - 1 };
	return true;
}

/* ---- the session --------------------------------------------------------- */

static uint32_t
read_number(struct slice data, size_t at)
{
	uint32_t number;

	memcpy(&number, data.ptr + at, sizeof(number));
	return ntohl(number);
}

static bool
negotiate(struct probe *probe)
{
	uint32_t offer[] = { htonl(VERSION), htonl(ALL_ACTIONS),
		htonl(ALL_STEPS) };
	struct slice data;
	char command;

	if (!send_packet(probe, 'O', (struct slice){ (const char *)offer,
	    sizeof(offer) }) || !receive_packet(probe, &command, &data))
		return false;
	if (command != 'O' || data.len < sizeof(offer))
		return fail(probe, "what it says is no milter's answer");
	probe->steps = read_number(data, 8);
	return true;
}

/* An event; SILENCE and ABSENCE are the steps by which it gets no reply, or is
 * not sent. */
static bool
tell(struct probe *probe, char command, struct slice data, uint32_t silence,
    uint32_t absence)
{
	struct slice reply;
	char answer;

	if ((probe->steps & absence) != 0)
		return true;
	if (!send_packet(probe, command, data))
		return false;
	if ((probe->steps & silence) != 0)
		return true;
	if (!receive_packet(probe, &answer, &reply))
		return false;
	if (answer == 'c')
		return true;
	strbuf_append_cstr(probe->problem, "it refused the probe: ");
	strbuf_append_escaped(probe->problem, reply, reply.len);
	return false;
}

static bool
tell_all(struct probe *probe)
{
	/* Family 'U': no SMTP client, but a program of this host. */
	return tell(probe, 'C', SLICE("localhost\0U"), SILENT_CONNECT,
	    NO_CONNECT) &&
	    tell(probe, 'H', SLICE("localhost\0"), SILENT_HELO, NO_HELO) &&
	    tell(probe, 'M', SLICE("<>\0"), SILENT_MAIL, NO_MAIL) &&
	    tell(probe, 'R', SLICE("<postmaster>\0"), SILENT_RCPT,
	    NO_RCPT) &&
	    tell(probe, 'L', SLICE("From\0 postmaster@localhost\0"),
	    SILENT_HEADER, NO_HEADER) &&
	    tell(probe, 'L', SLICE("Subject\0 assay doctor\0"),
	    SILENT_HEADER, NO_HEADER) &&
	    tell(probe, 'N', SLICE_EMPTY, SILENT_END_OF_HEADER,
	    NO_END_OF_HEADER) &&
	    tell(probe, 'B', SLICE("This is only a test.\r\n"), SILENT_BODY,
	    NO_BODY);
}

/* insheader = index name NUL value NUL */
static void
take_field(struct slice data, struct slice *field_out)
{
	struct slice name = slice_from(data, sizeof(uint32_t)), value;
	size_t nul = slice_find(name, '\0');

	if (nul == SIZE_MAX)
		return;
	value = slice_from(name, nul + 1);
	if (slice_eq_nocase(slice_head(name, nul),
	    SLICE("Authentication-Results")))
		*field_out = slice_head(value, slice_find(value, '\0'));
}

static bool
end_message(struct probe *probe, struct slice *field_out)
{
	struct slice data;
	char command;

	if (!send_packet(probe, 'E', SLICE_EMPTY))
		return false;
	for (int i = 0; i < MAX_CHANGES; i++) {
		if (!receive_packet(probe, &command, &data))
			return false;
		if (command == 'i')
			take_field(data, field_out);
		if (command == 'c' || command == 'a')
			return true;
		if (command == 'y' || command == 'r' || command == 't')
			return fail(probe, "it refused the probe");
	}
	return fail(probe, "it does not come to an end");
}

bool
milter_probe(struct arena *arena, const char *socket_name,
    struct slice *field_out, struct strbuf *problem)
{
	struct probe probe = { .arena = arena, .problem = problem, .fd = -1 };
	bool ok;

	*field_out = SLICE_EMPTY;
	ok = open_socket(&probe, socket_name) && negotiate(&probe) &&
	    tell_all(&probe) && end_message(&probe, field_out) &&
	    send_packet(&probe, 'Q', SLICE_EMPTY);
	if (probe.fd >= 0)
		close(probe.fd);
	return ok;
}
