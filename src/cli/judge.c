/* cli/judge.c - see judge.h. */
#include "cli/judge.h"

#include <getopt.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/mailbox.h"
#include "cli/origin.h"
#include "cli/terminal.h"
#include "control/results.h"
#include "inspect/message.h"

#define MAX_RECIPIENTS 1000
#define HEADER_MEMORY ((size_t)4 * 1024 * 1024)
#define ADDRESS_OCTETS ((size_t)64)
#define TEXT_MAX ((size_t)64 * 1024)

enum long_option {
	OPTION_IP = ASK_OPTION_END,
	OPTION_LOCAL,
	OPTION_HELO,
	OPTION_FROM,
	OPTION_RCPT,
	OPTION_SMTPUTF8,
	OPTION_AUTHENTICATED,
	OPTION_LISTENER,
	OPTION_QUEUE_ID,
};

static const struct option long_options[] = {
	ASK_LONG_OPTIONS,
	{ "ip", required_argument, NULL, OPTION_IP },
	{ "local", no_argument, NULL, OPTION_LOCAL },
	{ "helo", required_argument, NULL, OPTION_HELO },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "rcpt", required_argument, NULL, OPTION_RCPT },
	{ "smtputf8", no_argument, NULL, OPTION_SMTPUTF8 },
	{ "authenticated", no_argument, NULL, OPTION_AUTHENTICATED },
	{ "listener", required_argument, NULL, OPTION_LISTENER },
	{ "queue-id", required_argument, NULL, OPTION_QUEUE_ID },
	{ NULL, 0, NULL, 0 },
};

struct judge {
	struct ask ask;
	struct origin origin;		/* what the user gave */
	bool is_local, is_smtputf8, is_authenticated;
	const char *listener, *queue_id;	/* NULL: not given */
	const char *recipients[MAX_RECIPIENTS];
	size_t n_recipients;
	bool has_colour;
	int status;			/* the worst so far */
};

/* ---- the command line ---------------------------------------------------- */

static void
set_text(struct slice *text_out, enum origin_source *source)
{
	*text_out = slice_from_cstr(optarg);
	*source = ORIGIN_GIVEN;
}

static const char *
take_option(void *context, int c)
{
	struct judge *j = context;

	if (ask_take_option(&j->ask, c))
		return NULL;
	switch (c) {
	case OPTION_IP:
		j->origin.client_from = ORIGIN_GIVEN;
		return ip_parse(slice_from_cstr(optarg), &j->origin.client) ?
		    NULL : "--ip wants an address, like 192.0.2.1 or "
		    "2001:db8::1";
	case OPTION_LOCAL:
		j->is_local = true;
		return NULL;
	case OPTION_HELO:
		set_text(&j->origin.helo, &j->origin.helo_from);
		return NULL;
	case OPTION_FROM:
		set_text(&j->origin.sender, &j->origin.sender_from);
		return NULL;
	case OPTION_RCPT:
		if (j->n_recipients == MAX_RECIPIENTS)
			return "--rcpt may be given 1000 times";
		j->recipients[j->n_recipients++] = optarg;
		return NULL;
	case OPTION_SMTPUTF8:
		j->is_smtputf8 = true;
		return NULL;
	case OPTION_AUTHENTICATED:
		j->is_authenticated = true;
		return NULL;
	case OPTION_LISTENER:
		j->listener = optarg;
		return NULL;
	case OPTION_QUEUE_ID:
		j->queue_id = optarg;
		return NULL;
	}
	return NULL;
}

/* ---- what is asked ------------------------------------------------------- */

/* From whom it came, where the user does not say: what the fields of the MTA
 * that took it in say. */
static bool
find_origin(const struct judge *j, struct arena *arena, struct slice octets,
    struct origin *origin)
{
	const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct mail_header header;
	struct slice body;

	*origin = j->origin;
	mail_header_init(&header, arena);
	if (!message_read_header(octets, &options.header, &header, &body))
		return false;
	origin_find(&header, &options.relays, origin);
	return true;
}

static void
set(json_t *object, const char *key, json_t *value)
{
	/* What is missing then assayd misses, too. */
	json_object_set_new(object, key, value);
}

/* JSON has no octets but those of UTF-8: others are escaped. */
static json_t *
make_text(struct arena *arena, struct slice text)
{
	return utf8_is_valid(text) ? json_stringn(text.len != 0 ? text.ptr :
	    "", text.len) : results_make_text(arena, text);
}

static void
set_slice(json_t *object, struct arena *arena, const char *key,
    struct slice text)
{
	set(object, key, make_text(arena, text));
}

static void
set_client(json_t *request, struct arena *arena, const struct judge *j,
    const struct origin *origin)
{
	struct strbuf text;

	strbuf_init(&text, arena, ADDRESS_OCTETS);
	ip_append(&text, &origin->client);
	if (j->is_local)
		set(request, "client", json_null());
	else
		set_slice(request, arena, "client", strbuf_slice(&text));
}

static json_t *
make_base64(struct slice octets)
{
	size_t room = octets.len / 3 * 4 + 5;
	unsigned char *text = octets.len < INT_MAX / 2 ? malloc(room) : NULL;
	json_t *value = NULL;

	if (text != NULL)
		value = json_stringn((const char *)text,
		    (size_t)EVP_EncodeBlock(text,
		    (const unsigned char *)octets.ptr, (int)octets.len));
	free(text);
	return value;
}

static json_t *
make_request(const struct judge *j, struct arena *arena,
    const struct origin *origin, struct slice octets)
{
	json_t *request = json_pack("{s:s}", "command", "verify");
	json_t *recipients = json_array();

	for (size_t i = 0; i < j->n_recipients; i++)
		json_array_append_new(recipients, make_text(arena,
		    slice_from_cstr(j->recipients[i])));
	set_client(request, arena, j, origin);
	set_slice(request, arena, "helo", origin->helo);
	set_slice(request, arena, "mail_from", origin->sender);
	set(request, "rcpt_to", recipients);
	set(request, "smtputf8", json_boolean(j->is_smtputf8));
	set(request, "authenticated", json_boolean(j->is_authenticated));
	if (j->listener != NULL)
		set_slice(request, arena, "listener",
		    slice_from_cstr(j->listener));
	if (j->queue_id != NULL)
		set_slice(request, arena, "queue_id",
		    slice_from_cstr(j->queue_id));
	if (utf8_is_valid(octets))
		set_slice(request, arena, "message", octets);
	else
		set(request, "message_base64", make_base64(octets));
	return request;
}

/* ---- what is answered ---------------------------------------------------- */

static struct slice
text_of(const json_t *object, const char *key)
{
	return results_get_text(json_object_get(object, key));
}

static enum terminal_style
style_of(struct slice action)
{
	if (slice_eq(action, SLICE("accept")))
		return TERMINAL_GOOD;
	return slice_eq(action, SLICE("reject")) ? TERMINAL_BAD :
	    TERMINAL_DOUBTFUL;
}

static void
print_part(const char *label, struct slice text)
{
	if (text.len == 0)
		return;
	fputs(label, stdout);
	terminal_print_escaped(stdout, text);
}

/* Its folds as they are, the rest escaped. */
static void
print_field(const json_t *field)
{
	struct slice value = text_of(field, "value");

	print_part("  insert ", text_of(field, "name"));
	fputs(": ", stdout);
	while (value.len != 0) {
		struct slice line = slice_head(value, slice_find(value,
		    '\n'));

		terminal_print_escaped(stdout, slice_trim(line));
		value = slice_from(value, line.len + 1);
		fputs(value.len != 0 ? "\n    " : "\n", stdout);
	}
}

static void
print_answer(const struct judge *j, struct slice name, const json_t *answer)
{
	const json_t *reply = json_object_get(answer, "reply");
	const json_t *field = json_object_get(answer, "field");
	const json_t *removals = json_object_get(answer, "remove_fields");
	struct slice action = text_of(answer, "action");

	terminal_print_escaped(stdout, name);
	fputs(": ", stdout);
	terminal_print_styled(stdout, j->has_colour, style_of(action), action,
	    0);
	print_part(" ", text_of(reply, "code"));
	print_part(" ", text_of(reply, "enhanced"));
	print_part(" ", text_of(reply, "text"));
	print_part(", ", text_of(answer, "quarantine_reason"));
	print_part(" to ", text_of(answer, "redirect"));
	print_part("; ", text_of(answer, "error"));
	print_part("; ", text_of(answer, "failure"));
	putchar('\n');
	for (size_t i = 0; i < json_array_size(removals); i++) {
		const json_t *removal = json_array_get(removals, i);

		print_part("  remove ", text_of(removal, "name"));
		printf(" %d\n", (int)json_integer_value(json_object_get(
		    removal, "index")));
	}
	if (field != NULL)
		print_field(field);
}

static int
print_line(struct arena *arena, struct slice name, json_t *answer)
{
	char *text;
	int code;

	set(answer, "name", results_make_text(arena, name));
	text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
	code = text != NULL ? puts(text) : EOF;
	free(text);
	return code != EOF ? 0 : EX_IOERR;
}

/* ---- messages ------------------------------------------------------------ */

static void
note_status(struct judge *j, int status)
{
	if (j->status < status)
		j->status = status;
}

static int
take_answer(struct judge *j, struct slice name, json_t *answer)
{
	if (ask_get_error(answer) != NULL)
		note_status(j, JUDGE_FAILED);
	else if (!slice_eq(text_of(answer, "action"), SLICE("accept")))
		note_status(j, JUDGE_NOT_ACCEPTED);
	if (j->ask.is_json)
		return print_line(j->ask.arena, name, answer);
	print_answer(j, name, answer);
	return 0;
}

static void
complain(struct judge *j, struct slice name, const char *problem)
{
	fprintf(stderr, "%s: ", j->ask.command->path);
	terminal_print_escaped(stderr, name);
	fprintf(stderr, ": %s\n", problem);
	note_status(j, JUDGE_FAILED);
}

static int
ask_about(struct judge *j, struct arena *arena,
    const struct mailbox_message *message)
{
	struct slice octets = message_skip_from_line(message->octets);
	struct origin origin;
	json_t *answer;
	int status;

	if (!find_origin(j, arena, octets, &origin)) {
		complain(j, message->name, "its header takes too much memory");
		return 0;
	}
	if (!j->is_local && origin.client.family == IP_NONE) {
		complain(j, message->name, "nothing tells whose client sent "
		    "it: give --ip ADDRESS, or --local");
		return 0;
	}
	status = ask_daemon(&j->ask, make_request(j, arena, &origin, octets),
	    &answer);
	if (status == 0)
		status = take_answer(j, message->name, answer);
	json_decref(answer);
	return status;
}

static int
judge_message(struct judge *j, const struct mailbox_message *message)
{
	struct arena *arena;
	int status;

	if (message->problem != NULL) {
		complain(j, message->name, message->problem);
		return 0;
	}
	arena = arena_create(HEADER_MEMORY);
	if (arena == NULL)
		return EX_OSERR;
	status = ask_about(j, arena, message);
	arena_destroy(&arena);
	return status;
}

static int
judge_path(struct judge *j, const char *path)
{
	struct mailbox *mailbox = mailbox_open(path, &j->ask.problem);
	struct mailbox_message message;
	int status = 0;

	if (mailbox == NULL) {
		fprintf(stderr, "%s: %.*s\n", j->ask.command->path,
		    SLICE_PRINTF(strbuf_slice(&j->ask.problem)));
		return EX_NOINPUT;
	}
	while (status == 0 && mailbox_next(mailbox, &message)) {
		status = judge_message(j, &message);
		mailbox_release(&message);
	}
	mailbox_close(&mailbox);
	return status;
}

static int
judge_all(struct judge *j, char **paths, int n)
{
	int status = 0;

	j->has_colour = !j->ask.is_json && terminal_has_colour(stdout);
	if (n == 0)
		status = judge_path(j, "-");
	for (int i = 0; i < n && status == 0; i++)
		status = judge_path(j, paths[i]);
	if (status == 0 && fflush(stdout) != 0)
		status = EX_IOERR;
	return status != 0 ? status : j->status;
}

int
judge_run_command(const struct command *self, int argc, char **argv)
{
	struct judge j = { .status = 0 };
	bool wants_help = false;
	int status;

	if (!ask_begin(&j.ask, self))
		return EX_OSERR;
	status = command_parse_options(self, argc, argv, ":c:h", long_options,
	    take_option, &j, &wants_help);
	if (status == 0 && wants_help)
		status = command_help(self);
	else if (status == 0 && j.is_local &&
	    j.origin.client_from == ORIGIN_GIVEN)
		status = command_misuse(self, "mail of --ip is not --local");
	else if (status == 0)
		status = judge_all(&j, argv + optind, argc - optind);
	ask_end(&j.ask);
	return status;
}
