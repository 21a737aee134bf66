/* cli/mailbox.c - see mailbox.h. */
#include "cli/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define MEMORY ((size_t)1024 * 1024 * 1024)	/* names of a Maildir's files */
#define MAX_NAME ((size_t)8192)
#define READ_OCTETS ((size_t)64 * 1024)
#define SEPARATOR_OCTETS 8	/* "\nFrom ", and more */

enum kind {
	KIND_MESSAGE,
	KIND_MBOX,
	KIND_MAILDIR,
};

/* Files are read, not mapped: one that is cut short meanwhile, by whoever
 * delivers into it or rotates it, would end us by SIGBUS. */
struct buffer {
	char *octets;			/* malloc's */
	size_t begin, end, capacity;
	bool is_at_end;			/* of the file */
};

struct mailbox {
	enum kind kind;
	struct arena *arena;		/* owned: names */
	const char *path;		/* in the arena */
	int fd;				/* owned; -1: there is none */
	struct buffer buffer;		/* of it, what is not given out */
	uint64_t n_octets;		/* of the file when it was opened */
	uint64_t position;		/* octets given out, or files */
	size_t number;			/* messages given out */
	const char **files;		/* in the arena; KIND_MAILDIR */
	size_t n_files, file_capacity;
};

/* ---- files --------------------------------------------------------------- */

static struct slice
contents(const struct buffer *buffer)
{
	return (struct slice){ buffer->octets + buffer->begin,
		buffer->end - buffer->begin };
}

static bool
make_room(struct buffer *buffer)
{
	size_t capacity = buffer->capacity == 0 ? READ_OCTETS :
	    2 * buffer->capacity;
	char *larger;

	if (buffer->begin != 0) {
		buffer->end -= buffer->begin;
		memmove(buffer->octets, buffer->octets + buffer->begin,
		    buffer->end);
		buffer->begin = 0;
	}
	if (buffer->end != buffer->capacity)
		return true;
	larger = realloc(buffer->octets, capacity);
	if (larger == NULL)
		return false;
	buffer->octets = larger;
	buffer->capacity = capacity;
	return true;
}

/* NULL, or why there is no more though it is not the end. */
static const char *
read_more(struct buffer *buffer, int fd)
{
	size_t room;
	ssize_t n;

	if (buffer->end - buffer->begin >= MAILBOX_MAX_MESSAGE)
		return "it is too long";
	if (!make_room(buffer))
		return "memory is out";
	room = buffer->capacity - buffer->end;
	do {
		n = read(fd, buffer->octets + buffer->end,
		    room < READ_OCTETS ? room : READ_OCTETS);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return "it cannot be read";
	buffer->end += (size_t)n;
	buffer->is_at_end = n == 0;
	return NULL;
}

static const char *
read_all(struct buffer *buffer, int fd)
{
	const char *problem = NULL;

	while (problem == NULL && !buffer->is_at_end)
		problem = read_more(buffer, fd);
	return problem;
}

static const char *
open_file(const char *path, int *fd_out, uint64_t *n_out)
{
	/* A FIFO, which is then refused, would be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	const char *problem = NULL;

	*fd_out = -1;
	*n_out = 0;
	if (fd < 0)
		return errno == EACCES ? "it may not be read" :
		    errno == ENOENT ? "it is not there" :
		    "it cannot be opened";
	if (fstat(fd, &status) != 0)
		problem = "it cannot be looked at";
	else if (!S_ISREG(status.st_mode))
		problem = "it is no file";
	if (problem != NULL) {
		close(fd);
		return problem;
	}
	*fd_out = fd;
	*n_out = (uint64_t)status.st_size;
	return NULL;
}

/* ---- Maildir ------------------------------------------------------------- */

static bool
add_file(struct mailbox *mailbox, const char *folder, const char *name)
{
	size_t n = mailbox->n_files;
	struct strbuf path;

	if (n == mailbox->file_capacity) {
		size_t capacity = n == 0 ? 64 : 2 * n;
		const char **files = arena_grow_array(mailbox->arena,
		    mailbox->files, n, capacity, sizeof(*files));

		if (files == NULL)
			return false;
		mailbox->files = files;
		mailbox->file_capacity = capacity;
	}
	strbuf_init(&path, mailbox->arena, MAX_NAME);
	strbuf_printf(&path, "%s/%s/%s", mailbox->path, folder, name);
	mailbox->files[n] = strbuf_cstr(&path);
	if (mailbox->files[n] == NULL)
		return false;
	mailbox->n_files++;
	return true;
}

/* Whether the folder is there and all of it was listed. */
static bool
list_folder(struct mailbox *mailbox, const char *folder, bool *has_failed)
{
	struct strbuf path;
	const char *name;
	struct dirent *entry;
	DIR *directory = NULL;

	strbuf_init(&path, mailbox->arena, MAX_NAME);
	strbuf_printf(&path, "%s/%s", mailbox->path, folder);
	name = strbuf_cstr(&path);
	if (name != NULL)
		directory = opendir(name);
	if (directory == NULL)
		return false;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' &&
		    !add_file(mailbox, folder, entry->d_name))
			*has_failed = true;
	closedir(directory);
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
list_maildir(struct mailbox *mailbox)
{
	bool has_failed = false;
	bool has_cur = list_folder(mailbox, "cur", &has_failed);
	bool has_new = list_folder(mailbox, "new", &has_failed);

	if (!has_cur && !has_new)
		return "this directory is no Maildir: it has neither cur/ nor "
		    "new/";
	if (has_failed)
		return "memory is out";
	if (mailbox->n_files != 0)
		qsort(mailbox->files, mailbox->n_files,
		    sizeof(*mailbox->files), compare_names);
	mailbox->kind = KIND_MAILDIR;
	return NULL;
}

/* ---- opening ------------------------------------------------------------- */

static const char *
open_path(struct mailbox *mailbox)
{
	struct stat status;
	const char *problem;

	if (strcmp(mailbox->path, "-") == 0) {
		problem = read_all(&mailbox->buffer, STDIN_FILENO);
		mailbox->n_octets = mailbox->buffer.end;
	} else if (stat(mailbox->path, &status) == 0 &&
	    S_ISDIR(status.st_mode)) {
		return list_maildir(mailbox);
	} else {
		problem = open_file(mailbox->path, &mailbox->fd,
		    &mailbox->n_octets);
		if (problem == NULL)
			problem = read_more(&mailbox->buffer, mailbox->fd);
	}
	if (problem != NULL)
		return problem;
	if (contents(&mailbox->buffer).len == 0)
		return "it is empty";
	if (slice_starts_with(contents(&mailbox->buffer), SLICE("From "))) {
		mailbox->kind = KIND_MBOX;
		return NULL;
	}
	return read_all(&mailbox->buffer, mailbox->fd);
}

struct mailbox *
mailbox_open(const char *path, struct strbuf *problem)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
	const char *why = "memory is out";

	if (mailbox != NULL)
		mailbox->fd = -1;
	if (mailbox != NULL &&
	    (mailbox->arena = arena_create(MEMORY)) != NULL) {
		mailbox->path = arena_copy_cstr(mailbox->arena,
		    slice_from_cstr(path));
		if (mailbox->path != NULL)
			why = open_path(mailbox);
	}
	if (why == NULL)
		return mailbox;
	strbuf_append_escaped(problem, slice_from_cstr(path), MAX_NAME);
	strbuf_printf(problem, ": %s", why);
	mailbox_close(&mailbox);
	return NULL;
}

void
mailbox_close(struct mailbox **mailbox)
{
	struct mailbox *m = *mailbox;

	if (m == NULL)
		return;
	if (m->fd >= 0)
		close(m->fd);
	free(m->buffer.octets);
	arena_destroy(&m->arena);
	free(m);
	*mailbox = NULL;
}

bool
mailbox_is_collection(const struct mailbox *mailbox)
{
	return mailbox->kind != KIND_MESSAGE;
}

void
mailbox_get_progress(const struct mailbox *mailbox, uint64_t *done_out,
    uint64_t *all_out)
{
	*done_out = mailbox->position;
	*all_out = mailbox->kind == KIND_MAILDIR ? mailbox->n_files :
	    mailbox->n_octets;
}

/* ---- mbox ---------------------------------------------------------------- */

/* Where the line that separates the next message begins, at or behind FROM, or
 * the end. */
static size_t
find_separator(struct slice octets, size_t from)
{
	while (from < octets.len) {
		const char *hit = memmem(octets.ptr + from, octets.len - from,
		    "\nFrom ", 6);

		if (hit == NULL)
			break;
		from = (size_t)(hit - octets.ptr) + 1;
		/* Behind an empty line only: else it is the body's. */
		if (from >= 2 && (octets.ptr[from - 2] == '\n' ||
		    (from >= 3 && octets.ptr[from - 2] == '\r' &&
		    octets.ptr[from - 3] == '\n')))
			return from;
	}
	return octets.len;
}

/* The empty line before a separator is no part of the message. */
static struct slice
cut_empty_line(struct slice octets)
{
	if (octets.len >= 4 && memcmp(octets.ptr + octets.len - 4,
	    "\r\n\r\n", 4) == 0)
		return slice_head(octets, octets.len - 2);
	if (octets.len >= 2 && memcmp(octets.ptr + octets.len - 2, "\n\n",
	    2) == 0)
		return slice_head(octets, octets.len - 1);
	return octets;
}

static bool
is_quoted_from(struct slice line)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] == '>')
		n++;
	return n != 0 && slice_starts_with(slice_from(line, n),
	    SLICE("From "));
}

/* Into room for all of it, without the ">" of quoted lines. */
static size_t
unquote(struct slice octets, char *out)
{
	size_t n = 0;

	while (octets.len != 0) {
		size_t lf = slice_find(octets, '\n');
		struct slice line = slice_head(octets, lf != SIZE_MAX ?
		    lf + 1 : octets.len);
		struct slice kept = is_quoted_from(line) ?
		    slice_from(line, 1) : line;

		memcpy(out + n, kept.ptr, kept.len);
		n += kept.len;
		octets = slice_from(octets, line.len);
	}
	return n;
}

/* Octets of the next message: as many as there are up to a separator or the
 * end of the file. */
static size_t
find_end(struct mailbox *mailbox, const char **problem_out)
{
	struct buffer *buffer = &mailbox->buffer;
	size_t from = 0;

	*problem_out = NULL;
	for (;;) {
		struct slice rest = contents(buffer);
		size_t n = find_separator(rest, from);

		if (n < rest.len || buffer->is_at_end)
			return n;
		*problem_out = read_more(buffer, mailbox->fd);
		if (*problem_out != NULL) {
			buffer->is_at_end = true;
			return rest.len;
		}
		/* It may have been cut in two. */
		from = rest.len > SEPARATOR_OCTETS ?
		    rest.len - SEPARATOR_OCTETS : 0;
	}
}

static void
take_from_mbox(struct mailbox *mailbox, struct mailbox_message *message)
{
	size_t n = find_end(mailbox, &message->problem);
	struct slice octets = cut_empty_line(slice_head(
	    contents(&mailbox->buffer), n));

	mailbox->position += n;
	mailbox->buffer.begin += n;
	if (message->problem != NULL)
		return;
	message->memory = malloc(octets.len + 1);
	if (message->memory == NULL)
		message->problem = "memory is out";
	else
		message->octets = (struct slice){ message->memory,
			unquote(octets, message->memory) };
}

/* ---- one by one ---------------------------------------------------------- */

static void
take_file(struct mailbox *mailbox, struct mailbox_message *message)
{
	const char *path = mailbox->files[mailbox->position++];
	struct buffer buffer = { .octets = NULL };
	uint64_t unused;
	int fd;

	message->name = slice_from_cstr(path);
	message->problem = open_file(path, &fd, &unused);
	if (fd < 0)
		return;
	message->problem = read_all(&buffer, fd);
	close(fd);
	message->memory = buffer.octets;
	message->octets = contents(&buffer);
}

static struct slice
name_message(struct mailbox *mailbox)
{
	struct strbuf name;

	strbuf_init(&name, mailbox->arena, MAX_NAME);
	strbuf_printf(&name, "%s#%zu", mailbox->path, mailbox->number);
	return strbuf_slice(&name);
}

bool
mailbox_next(struct mailbox *mailbox, struct mailbox_message *message)
{
	*message = (struct mailbox_message){
		.name = slice_from_cstr(mailbox->path),
	};
	if (mailbox->kind == KIND_MAILDIR ?
	    mailbox->position == mailbox->n_files :
	    contents(&mailbox->buffer).len == 0 &&
	    (mailbox->kind == KIND_MESSAGE || mailbox->buffer.is_at_end))
		return false;
	mailbox->number++;
	switch (mailbox->kind) {
	case KIND_MESSAGE:
		message->octets = contents(&mailbox->buffer);
		mailbox->position = mailbox->n_octets;
		mailbox->buffer.begin = mailbox->buffer.end;
		break;
	case KIND_MBOX:
		message->name = name_message(mailbox);
		take_from_mbox(mailbox, message);
		break;
	case KIND_MAILDIR:
		take_file(mailbox, message);
		break;
	}
	return true;
}

void
mailbox_release(struct mailbox_message *message)
{
	free(message->memory);
	message->memory = NULL;
}
