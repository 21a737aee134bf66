/* control/request.c - see request.h. */
#include "control/request.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/strbuf.h"
#include "control/results.h"

#define SHOWN_OCTETS ((size_t)64)	/* of a wrong word */

struct reader {
	struct arena *arena;
	struct strbuf *problem;
	struct request *request;
};

/* A member of an object, which it takes in.  False with the problem
 * appended. */
struct member {
	const char *name;
	bool (*take)(struct reader *reader, const char *name, json_t *value);
};

/* ---- bounds -------------------------------------------------------------- */

/* Octets of the string that TEXT begins with, behind its quote; all of them
 * where it has no end. */
static size_t
skip_string(struct slice text)
{
	size_t i = 0;

	while (i < text.len && text.ptr[i] != '"')
		i += text.ptr[i] == '\\' ? 2 : 1;
	return i < text.len ? i + 1 : text.len;
}

/* Whether it will not grow past what REQUEST_COST says.  It need not be JSON:
 * jansson will tell. */
static bool
is_bounded(struct slice line)
{
	unsigned n_marks = 0;
	size_t i = 0;

	while (i < line.len && n_marks <= REQUEST_MAX_MARKS) {
		char c = line.ptr[i++];

		if (c == '"')
			i += skip_string(slice_from(line, i));
		else if (c == '{' || c == '[' || c == ',')
			n_marks++;
	}
	return n_marks <= REQUEST_MAX_MARKS;
}

/* ---- values -------------------------------------------------------------- */

static bool
complain(struct reader *reader, const char *name, const char *what)
{
	strbuf_printf(reader->problem, "\"%s\" %s", name, what);
	return false;
}

static bool
take_text(struct reader *reader, const char *name, const json_t *value,
    struct slice *text_out)
{
	if (!json_is_string(value))
		return complain(reader, name, "must be a string");
	*text_out = results_get_text(value);
	return true;
}

static bool
is_control(char c)
{
	return (c >= 0 && c < ' ') || c == 0x7f;
}

/* What stands in the envelope: SMTP has no control characters in it. */
static bool
take_word(struct reader *reader, const char *name, const json_t *value,
    struct slice *text_out)
{
	if (!take_text(reader, name, value, text_out))
		return false;
	for (size_t i = 0; i < text_out->len; i++)
		if (is_control(text_out->ptr[i]))
			return complain(reader, name, "must not have control "
			    "characters");
	return true;
}

static bool
take_bool(struct reader *reader, const char *name, const json_t *value,
    bool *is_set_out)
{
	if (!json_is_boolean(value))
		return complain(reader, name, "must be true or false");
	*is_set_out = json_is_true(value);
	return true;
}

static bool
take_command(struct reader *reader, const char *name, json_t *value)
{
	(void)reader;
	(void)name;
	(void)value;		/* it has been looked at */
	return true;
}

static bool
take_level(struct reader *reader, const char *name, json_t *value)
{
	struct request *request = reader->request;

	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		enum log_level level = (enum log_level)i;

		if (!json_is_string(value) || !slice_eq(results_get_text(value),
		    slice_from_cstr(log_level_name(level))))
			continue;
		request->level = level;
		request->sets_level = true;
		return true;
	}
	return complain(reader, name, "must be \"error\", \"warning\", "
	    "\"info\" or \"debug\"");
}

/* ---- a message ----------------------------------------------------------- */

/* Null is said, not forgotten: mail that is no SMTP client's is let in. */
static bool
take_client(struct reader *reader, const char *name, json_t *value)
{
	struct ip_address *client = &reader->request->submission.client;

	if (json_is_null(value)) {
		*client = (struct ip_address){ .family = IP_NONE };
		return true;
	}
	return (json_is_string(value) &&
	    ip_parse(results_get_text(value), client)) ||
	    complain(reader, name, "must be an IP address, or null for mail "
	    "that did not come by SMTP");
}

static bool
take_listener(struct reader *reader, const char *name, json_t *value)
{
	return take_word(reader, name, value,
	    &reader->request->submission.listener);
}

static bool
take_helo(struct reader *reader, const char *name, json_t *value)
{
	return take_word(reader, name, value,
	    &reader->request->submission.helo);
}

static bool
take_sender(struct reader *reader, const char *name, json_t *value)
{
	struct slice *sender = &reader->request->submission.sender;

	if (!take_word(reader, name, value, sender))
		return false;
	if (sender->len == 0)
		*sender = SLICE("<>");
	return true;
}

static bool
take_recipients(struct reader *reader, const char *name, json_t *value)
{
	struct submission *submission = &reader->request->submission;
	size_t n = json_array_size(value);
	struct slice *recipients;

	if (!json_is_array(value))
		return complain(reader, name, "must be a list of strings");
	recipients = arena_alloc_array(reader->arena, n + 1,
	    sizeof(*recipients));
	if (recipients == NULL)
		return complain(reader, name, "takes too much memory");
	for (size_t i = 0; i < n; i++)
		if (!take_word(reader, name, json_array_get(value, i),
		    &recipients[i]))
			return false;
	submission->recipients = recipients;
	submission->n_recipients = n;
	return true;
}

static bool
take_smtputf8(struct reader *reader, const char *name, json_t *value)
{
	return take_bool(reader, name, value,
	    &reader->request->submission.is_smtputf8);
}

static bool
take_authenticated(struct reader *reader, const char *name, json_t *value)
{
	return take_bool(reader, name, value,
	    &reader->request->submission.is_authenticated);
}

static bool
take_queue_id(struct reader *reader, const char *name, json_t *value)
{
	return take_word(reader, name, value,
	    &reader->request->submission.queue_id);
}

static bool
take_message(struct reader *reader, const char *name, json_t *value)
{
	return take_text(reader, name, value,
	    &reader->request->submission.octets);
}

static bool
take_base64(struct reader *reader, const char *name, json_t *value)
{
	struct slice text;

	if (!take_text(reader, name, value, &text))
		return false;
	if (base64_decode(reader->arena, text,
	    &reader->request->submission.octets))
		return true;
	return complain(reader, name, arena_has_failed(reader->arena) ?
	    "takes too much memory" : "must be base64");
}

static bool
has(const json_t *root, const char *name)
{
	return json_object_get(root, name) != NULL;
}

/* All that a judgement hangs on must be said. */
static bool
check_verify(struct reader *reader)
{
	static const char *const needed[] = { "client", "helo", "mail_from" };
	const json_t *root = reader->request->root;

	for (size_t i = 0; i < N_ELEMENTS(needed); i++)
		if (!has(root, needed[i]))
			return complain(reader, needed[i], "is missing");
	if (has(root, "message") == has(root, "message_base64"))
		return complain(reader, "message", "or \"message_base64\" "
		    "must be there, one of the two");
	return true;
}

/* ---- objects ------------------------------------------------------------- */

static const struct member plain_members[] = {
	{ "command", take_command },
	{ NULL, NULL },
};

static const struct member level_members[] = {
	{ "command", take_command },
	{ "level", take_level },
	{ NULL, NULL },
};

static const struct member verify_members[] = {
	{ "command", take_command },
	{ "client", take_client },
	{ "listener", take_listener },
	{ "helo", take_helo },
	{ "mail_from", take_sender },
	{ "rcpt_to", take_recipients },
	{ "smtputf8", take_smtputf8 },
	{ "authenticated", take_authenticated },
	{ "queue_id", take_queue_id },
	{ "message", take_message },
	{ "message_base64", take_base64 },
	{ NULL, NULL },
};

static const struct {
	const char *name;
	enum request_command command;
	const struct member *members;
} commands[] = {
	{ "status", REQUEST_STATUS, plain_members },
	{ "reload", REQUEST_RELOAD, plain_members },
	{ "log-level", REQUEST_LOG_LEVEL, level_members },
	{ "cache", REQUEST_CACHE, plain_members },
	{ "zones", REQUEST_ZONES, plain_members },
	{ "verify", REQUEST_VERIFY, verify_members },
};

static bool
take_member(struct reader *reader, const struct member *members,
    const char *name, json_t *value)
{
	for (const struct member *member = members; member->name != NULL;
	    member++)
		if (strcmp(member->name, name) == 0)
			return member->take(reader, name, value);
	strbuf_append_cstr(reader->problem, "\"");
	strbuf_append_escaped(reader->problem, slice_from_cstr(name),
	    SHOWN_OCTETS);
	strbuf_append_cstr(reader->problem, "\" is not known here");
	return false;
}

static bool
take_members(struct reader *reader, const struct member *members)
{
	json_t *root = reader->request->root, *value;
	const char *name;

	json_object_foreach(root, name, value)
		if (!take_member(reader, members, name, value))
			return false;
	return reader->request->command != REQUEST_VERIFY ||
	    check_verify(reader);
}

static bool
take_request(struct reader *reader, bool is_short)
{
	struct request *request = reader->request;
	const json_t *command = json_object_get(request->root, "command");

	if (!json_is_string(command))
		return complain(reader, "command", "is missing, or no string");
	for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
		if (!slice_eq(results_get_text(command),
		    slice_from_cstr(commands[i].name)))
			continue;
		request->command = commands[i].command;
		if (!is_short && request->command != REQUEST_VERIFY)
			return complain(reader, commands[i].name,
			    "needs no line of this length");
		return take_members(reader, commands[i].members);
	}
	return complain(reader, "command", "must be \"status\", \"reload\", "
	    "\"log-level\", \"cache\", \"zones\" or \"verify\"");
}

/* What jansson says has the octets in question in it. */
static void
tell_syntax(struct strbuf *problem, const json_error_t *error)
{
	struct slice text = slice_from_cstr(error->text);

	strbuf_printf(problem, "octet %d of the line: ", error->position);
	strbuf_append_escaped(problem, text, 2 * SHOWN_OCTETS);
}

bool
request_parse(struct arena *arena, struct slice line,
    struct request *request, struct strbuf *problem)
{
	struct reader reader = { arena, problem, request };
	json_error_t error = { .position = 0 };

	*request = (struct request){ .command = REQUEST_STATUS };
	if (!is_bounded(line)) {
		strbuf_append_cstr(problem, "more values than a request may "
		    "have");
		return false;
	}
	request->root = json_loadb(line.ptr, line.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (request->root == NULL)
		tell_syntax(problem, &error);
	else if (!json_is_object(request->root))
		strbuf_append_cstr(problem, "a request is an object");
	else if (take_request(&reader, line.len <= REQUEST_SHORT_OCTETS))
		return true;
	request_release(request);
	return false;
}

void
request_release(struct request *request)
{
	json_decref(request->root);
	request->root = NULL;
}
