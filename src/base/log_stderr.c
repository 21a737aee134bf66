/* base/log_stderr.c - see log_stderr.h. */
#include "base/log_stderr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 100
/* So often may another process take the room that we have seen. */
#define TAKEN_MAX 10
#define PIPE_PATH "/proc/self/fd/2"

struct log_stderr {
	pthread_mutex_t lock;	/* guards all below; no write waits under it */
	/* Stderr, where it is a pipe, opened anew so that a write to it does
	 * not wait: who shares stderr with us may rely on it to.  Owned; -1:
	 * not open. */
	int pipe_fd;
	dev_t device;		/* of that pipe, by which it is known ... */
	ino_t inode;		/* ... when stderr is another one */
	bool is_blocked;	/* as of the last line */
	bool is_cut;		/* a line's beginning stands there */
	bool is_telling;	/* somebody is about to write of n_lost */
	unsigned long n_lost;
};

struct log_stderr *
log_stderr_create(void)
{
	struct log_stderr *err = calloc(1, sizeof(*err));

	if (err == NULL)
		return NULL;
	err->pipe_fd = -1;
	if (pthread_mutex_init(&err->lock, NULL) == 0)
		return err;
	free(err);
	return NULL;
}

void
log_stderr_destroy(struct log_stderr **err)
{
	if (*err == NULL)
		return;
	if ((*err)->pipe_fd >= 0)
		close((*err)->pipe_fd);
	pthread_mutex_destroy(&(*err)->lock);
	free(*err);
	*err = NULL;
}

/* A file is always ready, a terminal's owner is asked to wait for. */
static bool
may_block(struct stat *status)
{
	return fstat(STDERR_FILENO, status) == 0 &&
	    (S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode));
}

/* Where it may not be opened, as after a change of user, stderr itself is
 * written to. */
static void
find_pipe(struct log_stderr *err, const struct stat *status)
{
	if (err->pipe_fd >= 0 && (err->device != status->st_dev ||
	    err->inode != status->st_ino)) {
		close(err->pipe_fd);
		err->pipe_fd = -1;
	}
	if (err->pipe_fd >= 0 || !S_ISFIFO(status->st_mode))
		return;
	err->pipe_fd = open(PIPE_PATH, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	err->device = status->st_dev;
	err->inode = status->st_ino;
}

void
log_stderr_prepare(struct log_stderr *err)
{
	struct stat status;

	pthread_mutex_lock(&err->lock);
	if (may_block(&status))
		find_pipe(err, &status);
	pthread_mutex_unlock(&err->lock);
}

static bool
has_room(const struct log_stderr *err)
{
	struct pollfd stream = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&stream, 1, err->is_blocked ? 0 : PATIENCE_MS) == 1 &&
	    (stream.revents & POLLOUT) != 0;
}

/* A pipe that has room has it for PIPE_BUF octets. */
static ssize_t
write_some(const struct log_stderr *err, struct slice octets)
{
	size_t len = octets.len < PIPE_BUF ? octets.len : PIPE_BUF;
	ssize_t n;

	if (err->pipe_fd >= 0)
		return write(err->pipe_fd, octets.ptr, len);
	n = send(STDERR_FILENO, octets.ptr, octets.len,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0 || errno != ENOTSOCK)
		return n;
	return write(STDERR_FILENO, octets.ptr, len);
}

/* Whether all of it was written, or nobody will ever read it. */
static bool
write_with_room(struct log_stderr *err, struct slice octets)
{
	unsigned n_taken = 0;

	while (octets.len != 0) {
		ssize_t n;

		if (!has_room(err))
			return false;
		n = write_some(err, octets);
		if (n < 0 && errno == EAGAIN && ++n_taken < TAKEN_MAX)
			continue;
		if (n <= 0)
			return false;
		err->is_blocked = false;
		err->is_cut = true;
		octets = slice_from(octets, (size_t)n);
	}
	err->is_cut = false;
	return true;
}

static unsigned long
write_or_count(struct log_stderr *err, struct slice line)
{
	if ((err->is_cut && !write_with_room(err, SLICE("\n"))) ||
	    !write_with_room(err, line)) {
		err->is_blocked = true;
		err->n_lost++;
		return 0;
	}
	if (err->n_lost == 0 || err->is_telling)
		return 0;
	err->is_telling = true;
	return err->n_lost;
}

unsigned long
log_stderr_write(struct log_stderr *err, struct slice line)
{
	struct stat status;
	unsigned long n_lost;

	if (!may_block(&status)) {
		/* Nobody is left to tell when stderr cannot be written. */
		if (write(STDERR_FILENO, line.ptr, line.len) < 0)
			return 0;
		return 0;
	}
	pthread_mutex_lock(&err->lock);
	find_pipe(err, &status);
	n_lost = write_or_count(err, line);
	pthread_mutex_unlock(&err->lock);
	return n_lost;
}

void
log_stderr_told(struct log_stderr *err, unsigned long n_lost)
{
	pthread_mutex_lock(&err->lock);
	err->is_telling = false;
	if (err->n_lost == n_lost)	/* that line was not lost, too */
		err->n_lost = 0;
	pthread_mutex_unlock(&err->lock);
}
