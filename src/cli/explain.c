/* cli/explain.c - see explain.h. */
#include "cli/explain.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/trace.h"
#include "cli/command.h"
#include "cli/examine_setup.h"
#include "cli/explain_message.h"
#include "cli/explain_text.h"
#include "cli/explain_tree.h"
#include "cli/mailbox.h"
#include "cli/terminal.h"
#include "inspect/message.h"

#define DEFAULT_LOG "/var/log/mail.log"
/* Nodes twice, as their array grows, and their texts, with room to write. */
#define TRACE_MEMORY ((size_t)128 * 1024 * 1024)
#define MAX_TEXT ((size_t)64 * 1024)	/* of the command line, of a log line */
#define MAX_ID ((size_t)64)
#define MAX_LINES_OF_ID 20		/* explained; more are counted */

enum long_option {
	OPTION_JSON = EXAMINE_OPTION_END,
	OPTION_AS,
	OPTION_LOG,
	OPTION_HELP,
};

static const struct option long_options[] = {
	EXAMINE_LONG_OPTIONS,
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

struct explain {
	struct examine_setup setup;
	bool is_open;		/* the setup: only messages need it */
	enum explain_kind kind;	/* forced; UNKNOWN: by its form */
	const char *log;
	bool is_json;
	bool has_printed;	/* a story, which an empty line ends */
	int status;		/* the worst so far */
};

static const struct {
	const char *name;
	enum explain_kind kind;
} kinds[] = {
	{ "message", EXPLAIN_MESSAGE },
	{ "results", EXPLAIN_RESULTS },
	{ "reply", EXPLAIN_REPLY },
	{ "id", EXPLAIN_ID },
};

static const char *
name_kind(enum explain_kind kind)
{
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "message";
}

/* ---- the form of what is asked ------------------------------------------- */

static const struct slice field_name = SLICE_INIT("Authentication-Results:");

/* Whether there is one field, with its folds, and nothing else. */
static bool
is_one_field(struct slice text)
{
	struct slice name, value;

	return message_take_field(&text, &name, &value) &&
	    slice_trim(text).len == 0;
}

static bool
is_id_octet(char c)
{
	return ascii_is_alnum(c) || c == '-';
}

/* Of a queue or a session; with a point and a number behind it, of a message:
 * that is no file's name either. */
static bool
is_id(struct slice text)
{
	struct cursor cur = cursor_of(text);

	if (text.len > MAX_ID || cursor_take_while(&cur, is_id_octet).len == 0)
		return false;
	return cursor_at_end(&cur) || (cursor_take_char(&cur, '.') &&
	    cursor_take_while(&cur, ascii_is_digit).len != 0 &&
	    cursor_at_end(&cur));
}

enum explain_kind
explain_find_kind(struct slice text, bool is_file)
{
	size_t reply;

	text = slice_trim(text);
	/* Of a file the first octets will do, however long it is. */
	reply = explain_find_reply(is_file ? slice_head(text, 4) : text);
	if (slice_starts_with_nocase(text, field_name) &&
	    (!is_file || is_one_field(text)))
		return EXPLAIN_RESULTS;
	/* A file that has one further on is a bounce. */
	if (reply < text.len && (reply == 0 || !is_file))
		return EXPLAIN_REPLY;
	if (is_file)
		return EXPLAIN_MESSAGE;
	if (is_id(text))
		return EXPLAIN_ID;
	return slice_find(text, ';') != SIZE_MAX && slice_find(text, '=') !=
	    SIZE_MAX ? EXPLAIN_RESULTS : EXPLAIN_UNKNOWN;
}

/* ---- the command line ---------------------------------------------------- */

static const char *
take_kind(struct explain *e, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0) {
			e->kind = kinds[i].kind;
			return NULL;
		}
	return "--as wants message, results, reply or id";
}

/* What is wrong with the option, or NULL. */
static const char *
take_option(struct explain *e, int c)
{
	const char *problem;

	if (examine_setup_take(&e->setup, c, optarg, &problem))
		return problem;
	switch (c) {
	case OPTION_JSON:
		e->is_json = true;
		break;
	case OPTION_AS:
		return take_kind(e, optarg);
	case OPTION_LOG:
		e->log = optarg;
		break;
	}
	return NULL;
}

/* 0, or the exit status. */
static int
parse_options(struct explain *e, int argc, char **argv, bool *wants_help)
{
	const struct command *self = e->setup.command;
	const char *problem;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:h", long_options,
	    NULL)) != -1) {
		if (c == '?' || c == ':')
			return command_misuse_option(self, c, argv);
		if (c == 'h' || c == OPTION_HELP) {
			*wants_help = true;
			return 0;
		}
		if ((problem = take_option(e, c)) != NULL)
			return command_misuse(self, problem);
	}
	if (e->log != NULL && optind == argc)
		return command_misuse(self, "--log wants the id of a message "
		    "or a session behind its FILE");
	problem = examine_setup_check(&e->setup);
	return problem != NULL ? command_misuse(self, problem) : 0;
}

static void
note_status(struct explain *e, int status)
{
	if (status > e->status)
		e->status = status;
}

/* ---- a story ------------------------------------------------------------- */

static bool
print_json(const struct trace *trace, enum explain_kind kind)
{
	json_t *steps = explain_make_json(trace);
	json_t *object = json_pack("{s:s, s:o}", "kind", name_kind(kind),
	    "steps", steps);
	bool is_written = object != NULL &&
	    json_dumpf(object, stdout, JSON_COMPACT) == 0;

	json_decref(object);
	putchar('\n');
	return is_written;
}

static void
print_story(struct explain *e, const struct trace *trace,
    enum explain_kind kind)
{
	bool is_written;

	if (e->has_printed && !e->is_json)
		putchar('\n');
	is_written = e->is_json ? print_json(trace, kind) :
	    explain_print_tree(stdout, trace, terminal_has_colour(stdout));
	e->has_printed = true;
	if (is_written && fflush(stdout) == 0)
		return;
	fputs("assay explain: memory is out, or the output cannot be "
	    "written\n", stderr);
	note_status(e, EX_OSERR);
}

/* Told by TELL; false where that could not make anything of it. */
static bool
tell_message(struct explain *e, struct slice name, struct slice octets,
    struct trace *trace)
{
	int status = e->is_open ? 0 : examine_setup_open(&e->setup);

	if (status != 0) {
		note_status(e, status);
		return false;
	}
	e->is_open = true;
	return explain_message(&e->setup.examiner, e->setup.psl, name, octets,
	    trace);
}

static bool
tell(struct explain *e, enum explain_kind kind, struct slice name,
    struct slice octets, struct trace *trace)
{
	switch (kind) {
	case EXPLAIN_MESSAGE:
		return tell_message(e, name, octets, trace);
	case EXPLAIN_RESULTS:
		return explain_results(octets, trace);
	case EXPLAIN_REPLY:
		return explain_reply(octets, trace);
	case EXPLAIN_ID:	/* a line of the log */
		return explain_log_line(octets, trace);
	case EXPLAIN_UNKNOWN:
		break;
	}
	return false;
}

static void
explain(struct explain *e, enum explain_kind kind, struct slice name,
    struct slice octets)
{
	struct arena *arena = arena_create(TRACE_MEMORY);
	struct trace *trace = arena != NULL ? trace_create(arena) : NULL;
	size_t n_nodes = 0;

	if (trace == NULL) {
		fputs("assay explain: memory is out\n", stderr);
		note_status(e, EX_OSERR);
	} else {
		if (!tell(e, kind, name, octets, trace))
			note_status(e, EXPLAIN_UNREADABLE);
		(void)trace_nodes(trace, &n_nodes);
		if (n_nodes != 0)
			print_story(e, trace, kind);
		else if (e->status == EXPLAIN_UNREADABLE)
			fprintf(stderr, "assay explain: this is no %s that "
			    "can be read\n", name_kind(kind));
	}
	if (arena != NULL)
		arena_destroy(&arena);
}

/* ---- where it is --------------------------------------------------------- */

static void
explain_file(struct explain *e, const char *path)
{
	struct mailbox *mailbox = mailbox_open(path, &e->setup.problem);
	struct mailbox_message message;

	if (mailbox == NULL) {
		note_status(e, examine_setup_fail(&e->setup, EX_NOINPUT));
		return;
	}
	while (e->status < EX_USAGE && mailbox_next(mailbox, &message)) {
		if (message.problem != NULL) {
			fputs("assay explain: ", stderr);
			terminal_print_escaped(stderr, message.name);
			fprintf(stderr, ": %s\n", message.problem);
			note_status(e, EXPLAIN_UNREADABLE);
		} else {
			explain(e, e->kind != EXPLAIN_UNKNOWN ? e->kind :
			    explain_find_kind(message.octets, true),
			    message.name, message.octets);
		}
		mailbox_release(&message);
	}
	mailbox_close(&mailbox);
}

/* One line of at most MAX_TEXT octets; what is longer is passed over.  False at
 * the end. */
static bool
read_line(FILE *file, char *buffer, struct slice *line_out)
{
	bool is_cut = false;

	while (fgets(buffer, (int)MAX_TEXT, file) != NULL) {
		struct slice line = slice_from_cstr(buffer);
		bool is_end = line.len != 0 && line.ptr[line.len - 1] == '\n';

		if (!is_cut) {
			*line_out = slice_trim_end(line);
			if (is_end || feof(file))
				return true;
		}
		is_cut = !is_end;
	}
	return false;
}

/* How many lines are assayd's and of this id. */
static unsigned
explain_lines(struct explain *e, FILE *file, struct slice id)
{
	char *buffer = arena_alloc(e->setup.arena, MAX_TEXT);
	unsigned n_found = 0;
	struct slice line;

	while (buffer != NULL && read_line(file, buffer, &line))
		if (explain_is_line_of(line, id) &&
		    n_found++ < MAX_LINES_OF_ID)
			explain(e, EXPLAIN_ID, id, line);
	return n_found;
}

static void
explain_id(struct explain *e, struct slice id)
{
	const char *path = e->log != NULL ? e->log : DEFAULT_LOG;
	FILE *file = fopen(path, "r");
	unsigned n_found;

	if (file == NULL) {
		fprintf(stderr, "assay explain: %s: %s; give the log with "
		    "--log FILE (the store keeps no ids)\n", path,
		    strerror(errno));
		note_status(e, EX_NOINPUT);
		return;
	}
	n_found = explain_lines(e, file, id);
	fclose(file);
	if (n_found > MAX_LINES_OF_ID)
		fprintf(stderr, "assay explain: and %u lines more\n",
		    n_found - MAX_LINES_OF_ID);
	if (n_found != 0)
		return;
	fprintf(stderr, "assay explain: %s has no line of assayd with that "
	    "message, queue or session id; give an older log with --log FILE "
	    "(the store keeps no ids)\n", path);
	note_status(e, EXPLAIN_NOT_FOUND);
}

/* Words that the shell took apart are one text. */
static struct slice
join(struct explain *e, char **words, int n)
{
	struct strbuf text;

	strbuf_init(&text, e->setup.arena, MAX_TEXT);
	for (int i = 0; i < n; i++) {
		if (i != 0)
			strbuf_append_char(&text, ' ');
		strbuf_append_cstr(&text, words[i]);
	}
	return strbuf_slice(&text);
}

static int
explain_words(struct explain *e, char **words, int n)
{
	struct slice text = join(e, words, n);
	enum explain_kind kind = e->kind != EXPLAIN_UNKNOWN ? e->kind :
	    e->log != NULL ? EXPLAIN_ID : explain_find_kind(text, false);

	switch (kind) {
	case EXPLAIN_RESULTS:
	case EXPLAIN_REPLY:
		explain(e, kind, SLICE_EMPTY, text);
		return e->status;
	case EXPLAIN_ID:
		explain_id(e, text);
		return e->status;
	case EXPLAIN_MESSAGE:
	case EXPLAIN_UNKNOWN:
		break;
	}
	return command_misuse(e->setup.command, "there is no such file, and "
	    "it is no field, reply or id either");
}

static int
run(struct explain *e, char **words, int n)
{
	int status;

	if (n == 0) {
		explain_file(e, "-");
	} else if (e->log == NULL && (strcmp(words[0], "-") == 0 ||
	    access(words[0], F_OK) == 0)) {
		for (int i = 0; i < n && e->status < EX_USAGE; i++)
			explain_file(e, words[i]);
	} else {
		return explain_words(e, words, n);
	}
	status = e->is_open && e->status < EX_USAGE ?
	    examine_setup_save(&e->setup) : 0;
	return status != 0 ? status : e->status;
}

int
explain_run_command(const struct command *self, int argc, char **argv)
{
	struct explain e = { .status = 0 };
	bool wants_help = false;
	int status;

	if (!examine_setup_begin(&e.setup, self))
		return EX_OSERR;
	status = parse_options(&e, argc, argv, &wants_help);
	if (status == 0)
		status = wants_help ? command_help(self) :
		    run(&e, argv + optind, argc - optind);
	examine_setup_end(&e.setup);
	return status;
}
