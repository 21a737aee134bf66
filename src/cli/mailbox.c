/* cli/mailbox.c - see mailbox.h. */
#include "cli/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define MEMORY ((size_t)1024 * 1024 * 1024)	/* names of a Maildir's files */
#define MAX_NAME ((size_t)8192)
#define READ_OCTETS ((size_t)64 * 1024)

enum kind {
	KIND_MESSAGE,
	KIND_MBOX,
	KIND_MAILDIR,
};

struct mailbox {
	enum kind kind;
	struct arena *arena;		/* owned: names */
	const char *path;		/* in the arena */
	char *octets;			/* mapped, or malloc's for stdin */
	size_t n_octets;
	bool is_mapped;
	size_t position;		/* octets given out, or files */
	size_t number;			/* messages given out */
	const char **files;		/* in the arena; KIND_MAILDIR */
	size_t n_files, file_capacity;
};

/* ---- files --------------------------------------------------------------- */

/* An empty file is mapped as nothing. */
static const char *
map_file(int fd, char **octets_out, size_t *n_out)
{
	struct stat status;
	void *octets;

	*octets_out = NULL;
	*n_out = 0;
	if (fstat(fd, &status) != 0)
		return "it cannot be looked at";
	if (!S_ISREG(status.st_mode))
		return "it is no file";
	if (status.st_size == 0)
		return NULL;
	octets = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE,
	    fd, 0);
	if (octets == MAP_FAILED)
		return "it cannot be mapped";
	*octets_out = octets;
	*n_out = (size_t)status.st_size;
	return NULL;
}

static const char *
map_path(const char *path, char **octets_out, size_t *n_out)
{
	/* A FIFO, which is then refused, would be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *problem;

	*octets_out = NULL;
	*n_out = 0;
	if (fd < 0)
		return errno == EACCES ? "it may not be read" :
		    errno == ENOENT ? "it is not there" :
		    "it cannot be opened";
	problem = map_file(fd, octets_out, n_out);
	close(fd);
	return problem;
}

static const char *
read_stdin(struct mailbox *mailbox)
{
	size_t capacity = 0;

	for (;;) {
		ssize_t n;

		if (mailbox->n_octets == capacity) {
			char *larger;

			if (capacity >= MAILBOX_MAX_STDIN)
				return "it is too long";
			capacity = capacity == 0 ? READ_OCTETS : 2 * capacity;
			larger = realloc(mailbox->octets, capacity);
			if (larger == NULL)
				return "memory is out";
			mailbox->octets = larger;
		}
		n = read(STDIN_FILENO, mailbox->octets + mailbox->n_octets,
		    capacity - mailbox->n_octets);
		if (n == 0)
			return NULL;
		if (n < 0 && errno != EINTR)
			return "it cannot be read";
		if (n > 0)
			mailbox->n_octets += (size_t)n;
	}
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
		problem = read_stdin(mailbox);
	} else if (stat(mailbox->path, &status) == 0 &&
	    S_ISDIR(status.st_mode)) {
		return list_maildir(mailbox);
	} else {
		problem = map_path(mailbox->path, &mailbox->octets,
		    &mailbox->n_octets);
		mailbox->is_mapped = true;
	}
	if (problem == NULL && mailbox->n_octets == 0)
		problem = "it is empty";
	if (problem == NULL && slice_starts_with((struct slice){
	    mailbox->octets, mailbox->n_octets }, SLICE("From ")))
		mailbox->kind = KIND_MBOX;
	return problem;
}

struct mailbox *
mailbox_open(const char *path, struct strbuf *problem)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
	const char *why = "memory is out";

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
	if (!m->is_mapped)
		free(m->octets);
	else if (m->octets != NULL)
		munmap(m->octets, m->n_octets);
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

/* Where the line that separates the next message begins, or the end. */
static size_t
find_separator(struct slice octets)
{
	size_t from = 0;

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

static void
take_from_mbox(struct mailbox *mailbox, struct mailbox_message *message)
{
	struct slice rest = slice_from((struct slice){ mailbox->octets,
		mailbox->n_octets }, mailbox->position);
	size_t n = find_separator(rest);

	mailbox->position += n;
	message->octets = cut_empty_line(slice_head(rest, n));
	if (memmem(message->octets.ptr, message->octets.len, "\n>", 2) == NULL)
		return;
	message->memory = malloc(message->octets.len);
	if (message->memory == NULL) {
		message->problem = "memory is out";
		return;
	}
	message->octets = (struct slice){ message->memory,
		unquote(message->octets, message->memory) };
}

/* ---- one by one ---------------------------------------------------------- */

static void
take_file(struct mailbox *mailbox, struct mailbox_message *message)
{
	const char *path = mailbox->files[mailbox->position++];
	char *octets;
	size_t n;

	message->name = slice_from_cstr(path);
	message->problem = map_path(path, &octets, &n);
	message->octets = (struct slice){ octets, n };
	message->memory = octets;
	message->memory_octets = n;
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
	if (mailbox->position == (mailbox->kind == KIND_MAILDIR ?
	    mailbox->n_files : mailbox->n_octets))
		return false;
	mailbox->number++;
	switch (mailbox->kind) {
	case KIND_MESSAGE:
		message->octets = (struct slice){ mailbox->octets,
			mailbox->n_octets };
		mailbox->position = mailbox->n_octets;
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

/* What was mapped knows its length; what malloc gave needs none. */
void
mailbox_release(struct mailbox_message *message)
{
	if (message->memory_octets != 0)
		munmap(message->memory, message->memory_octets);
	else
		free(message->memory);
	message->memory = NULL;
}
