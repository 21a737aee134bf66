/* tests/unit/milter/peer.c - see peer.h. */
#include "unit/milter/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

#include "base/strbuf.h"
#include "unit/test.h"

#define ANSWER_TIMEOUT_S 20
#define MAX_PACKET ((size_t)4 * 1024 * 1024)
#define MAX_TEXT ((size_t)4 * 1024 * 1024)

void
peer_connect(struct peer *peer, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };

	*peer = (struct peer){ .arena = test_arena() };
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(peer->fd >= 0);
	assert_int_equal(setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO,
	    &timeout, sizeof(timeout)), 0);
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
}

void
peer_close(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -1;
	arena_destroy(&peer->arena);
}

void
peer_quit(struct peer *peer)
{
	peer_send(peer, SMFIC_QUIT, SLICE_EMPTY);
	peer_close(peer);
}

/* ---- packets ------------------------------------------------------------- */

static void
send_all(struct peer *peer, const char *data, size_t len)
{
	while (len != 0) {
		ssize_t n = send(peer->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

void
peer_send(struct peer *peer, char command, struct slice data)
{
	uint32_t size = htonl((uint32_t)(data.len + 1));
	char head[sizeof(size) + 1];

	memcpy(head, &size, sizeof(size));
	head[sizeof(size)] = command;
	send_all(peer, head, sizeof(head));
	if (data.len != 0)
		send_all(peer, data.ptr, data.len);
}

/* False at the end of the connection. */
static bool
receive_all(struct peer *peer, char *data, size_t len)
{
	while (len != 0) {
		ssize_t n = recv(peer->fd, data, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			fail_msg("the milter does not answer");
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

char
peer_receive(struct peer *peer, struct slice *data_out)
{
	uint32_t size;
	char *data;

	*data_out = SLICE_EMPTY;
	if (!receive_all(peer, (char *)&size, sizeof(size)))
		return 0;
	size = ntohl(size);
	assert_true(size != 0 && size <= MAX_PACKET);
	data = arena_alloc(peer->arena, size);
	assert_non_null(data);
	if (!receive_all(peer, data, size))
		return 0;
	*data_out = (struct slice){ data + 1, size - 1 };
	return data[0];
}

static void
append_string(struct strbuf *data, const char *text)
{
	strbuf_append(data, (struct slice){ text, strlen(text) + 1 });
}

static struct strbuf
start_data(struct peer *peer)
{
	struct strbuf data;

	strbuf_init(&data, peer->arena, MAX_PACKET);
	return data;
}

void
peer_define(struct peer *peer, int command, ...)
{
	struct strbuf data = start_data(peer);
	const char *text;
	va_list args;

	strbuf_append_char(&data, (char)command);
	va_start(args, command);
	while ((text = va_arg(args, const char *)) != NULL)
		append_string(&data, text);
	va_end(args);
	peer_send(peer, SMFIC_MACRO, strbuf_slice(&data));
}

/* ---- negotiation --------------------------------------------------------- */

static unsigned long
read_number(struct slice data, size_t i)
{
	uint32_t value;

	assert_true(data.len >= (i + 1) * sizeof(value));
	memcpy(&value, data.ptr + i * sizeof(value), sizeof(value));
	return ntohl(value);
}

static void
read_symbols(struct peer *peer, struct slice data)
{
	struct strbuf text = start_data(peer);

	while (data.len > sizeof(uint32_t)) {
		struct slice names = slice_from(data, sizeof(uint32_t));

		names = slice_head(names, slice_find(names, '\0'));
		strbuf_printf(&text, "%lu:%.*s;", read_number(data, 0),
		    SLICE_PRINTF(names));
		data = slice_from(data, sizeof(uint32_t) + names.len + 1);
	}
	peer->symbols = strbuf_slice(&text);
}

bool
peer_open(struct peer *peer, const char *path, unsigned long version,
    unsigned long actions, unsigned long steps)
{
	uint32_t numbers[3] = { htonl((uint32_t)version),
		htonl((uint32_t)actions), htonl((uint32_t)steps) };
	struct slice data;

	peer_connect(peer, path);
	peer_send(peer, SMFIC_OPTNEG,
	    (struct slice){ (char *)numbers, sizeof(numbers) });
	if (peer_receive(peer, &data) != SMFIC_OPTNEG)
		return false;
	peer->actions = read_number(data, 1);
	peer->steps = read_number(data, 2);
	assert_int_equal(peer->actions & ~actions, 0);
	assert_int_equal(peer->steps & ~steps, 0);
	read_symbols(peer, slice_from(data, sizeof(numbers)));
	return true;
}

/* ---- events -------------------------------------------------------------- */

/* The answer to an event whose "no reply" bit is NO_REPLY. */
static char
take_answer(struct peer *peer, unsigned long no_reply, struct slice *text_out)
{
	struct slice data = SLICE_EMPTY;
	char answer = SMFIR_CONTINUE;

	if ((peer->steps & no_reply) == 0)
		answer = peer_receive(peer, &data);
	if (text_out != NULL)
		*text_out = slice_head(data, slice_find(data, '\0'));
	return answer;
}

char
peer_client(struct peer *peer, const char *name, char family,
    const char *address)
{
	struct strbuf data = start_data(peer);

	append_string(&data, name);
	strbuf_append_char(&data, family);
	if (family != SMFIA_UNKNOWN) {
		const uint16_t port = htons(12345);

		strbuf_append(&data,
		    (struct slice){ (const char *)&port, sizeof(port) });
		append_string(&data, address);
	}
	peer_send(peer, SMFIC_CONNECT, strbuf_slice(&data));
	return take_answer(peer, SMFIP_NR_CONN, NULL);
}

static char
send_strings(struct peer *peer, char command, const char *first,
    const char *second, unsigned long no_reply, struct slice *text_out)
{
	struct strbuf data = start_data(peer);

	append_string(&data, first);
	if (second != NULL)
		append_string(&data, second);
	peer_send(peer, command, strbuf_slice(&data));
	return take_answer(peer, no_reply, text_out);
}

char
peer_helo(struct peer *peer, const char *name)
{
	return send_strings(peer, SMFIC_HELO, name, NULL, SMFIP_NR_HELO, NULL);
}

char
peer_mail(struct peer *peer, const char *path, const char *parameter,
    struct slice *text_out)
{
	return send_strings(peer, SMFIC_MAIL, path, parameter, SMFIP_NR_MAIL,
	    text_out);
}

char
peer_rcpt(struct peer *peer, const char *path)
{
	return send_strings(peer, SMFIC_RCPT, path, NULL, SMFIP_NR_RCPT, NULL);
}

char
peer_field(struct peer *peer, struct slice name, struct slice value)
{
	struct strbuf data = start_data(peer);

	strbuf_append(&data, name);
	strbuf_append_char(&data, '\0');
	strbuf_append(&data, value);
	strbuf_append_char(&data, '\0');
	assert_false(data.has_failed);
	peer_send(peer, SMFIC_HEADER, strbuf_slice(&data));
	return take_answer(peer, SMFIP_NR_HDR, NULL);
}

char
peer_end_header(struct peer *peer)
{
	if ((peer->steps & SMFIP_NOEOH) != 0)
		return SMFIR_CONTINUE;
	peer_send(peer, SMFIC_EOH, SLICE_EMPTY);
	return take_answer(peer, SMFIP_NR_EOH, NULL);
}

char
peer_body(struct peer *peer, struct slice chunk)
{
	peer_send(peer, SMFIC_BODY, chunk);
	return take_answer(peer, SMFIP_NR_BODY, NULL);
}

void
peer_fields(struct peer *peer, const char *text)
{
	struct slice rest = slice_from_cstr(text);

	while (rest.len != 0) {
		size_t end = 0, colon = slice_find(rest, ':');
		struct slice value;

		do
			end += slice_find(slice_from(rest, end), '\n') + 1;
		while (end < rest.len && (rest.ptr[end] == ' ' ||
		    rest.ptr[end] == '\t'));
		value = slice_from(slice_head(rest, end - 1), colon + 1);
		if ((peer->steps & SMFIP_HDR_LEADSPC) == 0 && value.len != 0 &&
		    value.ptr[0] == ' ')
			value = slice_from(value, 1);
		assert_int_equal(peer_field(peer, slice_head(rest, colon),
		    value), SMFIR_CONTINUE);
		rest = slice_from(rest, end);
	}
}

static void
note_change(struct strbuf *changes, char command, struct slice data)
{
	struct slice name, value;

	switch (command) {
	case SMFIR_INSHEADER:
	case SMFIR_CHGHEADER:
		name = slice_from(data, sizeof(uint32_t));
		name = slice_head(name, slice_find(name, '\0'));
		value = slice_from(data, sizeof(uint32_t) + name.len + 1);
		value = slice_head(value, slice_find(value, '\0'));
		if (command == SMFIR_CHGHEADER && value.len == 0)
			strbuf_printf(changes, "delete %lu %.*s\n",
			    read_number(data, 0), SLICE_PRINTF(name));
		else
			strbuf_printf(changes, "%s %lu %.*s:%.*s\n",
			    command == SMFIR_INSHEADER ? "insert" : "change",
			    read_number(data, 0), SLICE_PRINTF(name),
			    SLICE_PRINTF(value));
		return;
	case SMFIR_QUARANTINE:
		strbuf_append_cstr(changes, "quarantine ");
		break;
	case SMFIR_ADDRCPT:
		strbuf_append_cstr(changes, "add ");
		break;
	case SMFIR_DELRCPT:
		strbuf_append_cstr(changes, "remove ");
		break;
	default:
		strbuf_printf(changes, "%c ", command);
		break;
	}
	strbuf_append(changes, slice_head(data, slice_find(data, '\0')));
	strbuf_append_char(changes, '\n');
}

char
peer_end(struct peer *peer, struct slice chunk, struct slice *changes_out,
    struct slice *text_out)
{
	struct strbuf changes;
	struct slice data;
	char command;

	strbuf_init(&changes, peer->arena, MAX_TEXT);
	peer_send(peer, SMFIC_BODYEOB, chunk);
	if (chunk.len != 0)	/* libmilter makes two events of it */
		assert_int_equal(take_answer(peer, SMFIP_NR_BODY, NULL),
		    SMFIR_CONTINUE);
	for (;;) {
		command = peer_receive(peer, &data);
		if (command == 0 || strchr("cartdy", command) != NULL)
			break;
		note_change(&changes, command, data);
	}
	assert_false(changes.has_failed);
	*changes_out = strbuf_slice(&changes);
	if (text_out != NULL)
		*text_out = slice_head(data, slice_find(data, '\0'));
	return command;
}

void
peer_abort(struct peer *peer)
{
	peer_send(peer, SMFIC_ABORT, SLICE_EMPTY);
}
