/* report/deliver_sendmail.c - through sendmail(8), or what takes its place.
 *
 * The message is complete in a file before the program is started with that for
 * its input: if we die, it reads on to the end or was never started, and half a
 * message is never submitted.  No shell is involved. */
#include "report/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "report/spool.h"

/* The program writes a file into a queue: it is stuck when it takes longer. */
#define PATIENCE_MS 300000
#define FIRST_PAUSE_NS 500000
#define LONGEST_PAUSE_NS 50000000

#define NOTE_OCTETS 200		/* shown of what the program says */

extern char **environ;

struct sendmail {
	struct deliverer deliverer;
	char *path;
};

/* ---- the process --------------------------------------------------------- */

/* Input and output are files of ours; the signals are as a fresh process has
 * them, and those of our terminal are not for it: what it has begun it ends. */
static int
start(pid_t *pid_out, const char *path, char *const *argv, int input,
    int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn_file_actions_adddup2(&actions, input,
	    STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output,
		    STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output,
		    STDERR_FILENO);
	if (error == 0)
		error = posix_spawn(pid_out, path, &actions, &attributes,
		    argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* The wait status; false where the program has not ended in time and was
 * killed. */
static bool
wait_for(pid_t pid, int *status_out)
{
	struct timespec pause = { 0, FIRST_PAUSE_NS };
	int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
	pid_t ended;

	while ((ended = waitpid(pid, status_out, WNOHANG)) == 0) {
		if (clock_monotonic_ms() > deadline_ms) {
			kill(pid, SIGKILL);
			waitpid(pid, status_out, 0);
			return false;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LONGEST_PAUSE_NS)
			pause.tv_nsec *= 2;
	}
	return ended == pid;
}

/* ---- what it means ------------------------------------------------------- */

/* Only what says that the message or its address is bad is for good: the rest
 * is a host's passing trouble, or its operator's to mend. */
static enum deliver_status
status_of_exit(int code)
{
	switch (code) {
	case EX_OK:
		return DELIVER_SENT;
	case EX_NOUSER:
	case EX_NOHOST:
		return DELIVER_NO_MAILBOX;
	case EX_DATAERR:
		return DELIVER_REFUSED;
	case EX_USAGE:
	case EX_CONFIG:
	case EX_NOPERM:
		return DELIVER_BROKEN;
	default:
		return DELIVER_DEFERRED;
	}
}

/* The first line that the program wrote. */
static void
append_output(struct strbuf *note, FILE *output)
{
	char text[NOTE_OCTETS + 1];
	struct slice line = { text, 0 };

	rewind(output);
	line.len = fread(text, 1, sizeof(text), output);
	line = slice_head(line, slice_find(line, '\n'));
	if (line.len == 0)
		return;
	strbuf_append(note, SLICE(": "));
	strbuf_append_escaped(note, line, NOTE_OCTETS);
}

static enum deliver_status
judge(int status, struct strbuf *note)
{
	if (WIFSIGNALED(status)) {
		strbuf_printf(note, "the mail program was killed by signal %d",
		    WTERMSIG(status));
		return DELIVER_PERHAPS;
	}
	if (WEXITSTATUS(status) != EX_OK)
		strbuf_printf(note, "the mail program's exit status is %d",
		    WEXITSTATUS(status));
	return status_of_exit(WEXITSTATUS(status));
}

static enum deliver_status
run(struct sendmail *sendmail, const char *from, const char *to, int input,
    FILE *output, struct strbuf *note)
{
	/* -i: a lone dot is no end; --: no address is an option. */
	const char *const words[] = { sendmail->path, "-i", "-f", from, "--",
		to, NULL };
	char *argv[N_ELEMENTS(words)];
	int error, status;
	pid_t pid;

	memcpy(argv, words, sizeof(argv));	/* execve writes to none */
	error = start(&pid, sendmail->path, argv, input, fileno(output));
	if (error != 0) {
		strbuf_append_escaped(note, slice_from_cstr(sendmail->path),
		    NOTE_OCTETS);
		strbuf_printf(note, " cannot be run: %s", strerror(error));
		return DELIVER_BROKEN;
	}
	if (!wait_for(pid, &status)) {
		strbuf_append(note, SLICE("the mail program did not end"));
		return DELIVER_PERHAPS;
	}
	return judge(status, note);
}

static enum deliver_status
send_message(struct deliverer *deliverer, const char *from, const char *to,
    FILE *message, struct strbuf *note)
{
	struct sendmail *sendmail = (struct sendmail *)deliverer;
	enum deliver_status status;
	FILE *output;

	/* The program reads the file itself: nothing of it may be in our
	 * buffer, and its offset is shared. */
	if (fflush(message) != 0 ||
	    lseek(fileno(message), 0, SEEK_SET) != 0 ||
	    (output = spool_create()) == NULL) {
		strbuf_printf(note, "a temporary file: %s", strerror(errno));
		return DELIVER_DEFERRED;
	}
	status = run(sendmail, from, to, fileno(message), output, note);
	if (status != DELIVER_SENT)
		append_output(note, output);
	fclose(output);
	return status;
}

static void
close_sendmail(struct deliverer *deliverer)
{
	struct sendmail *sendmail = (struct sendmail *)deliverer;

	free(sendmail->path);
	free(sendmail);
}

struct deliverer *
deliver_open_sendmail(const char *path)
{
	static const struct deliverer_ops ops = { send_message,
		close_sendmail };
	struct sendmail *sendmail = calloc(1, sizeof(*sendmail));

	if (sendmail == NULL)
		return NULL;
	sendmail->deliverer = (struct deliverer){ &ops, "\n" };
	sendmail->path = strdup(path);
	if (sendmail->path == NULL) {
		free(sendmail);
		return NULL;
	}
	return &sendmail->deliverer;
}
