/* cli/program.c - see program.h. */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define READ_OCTETS ((size_t)16 * 1024)
#define MAX_PATH ((size_t)4096)

extern char **environ;

/* postconf is for root, and not every root has sbin in PATH. */
static const char *
find(struct arena *arena, const char *name)
{
	static const char *const directories[] = {
		"/usr/sbin", "/usr/local/sbin", "/usr/bin",
	};

	for (size_t i = 0; i < N_ELEMENTS(directories); i++) {
		struct strbuf path;
		const char *text;

		strbuf_init(&path, arena, MAX_PATH);
		strbuf_printf(&path, "%s/%s", directories[i], name);
		text = strbuf_cstr(&path);
		if (text != NULL && access(text, X_OK) == 0)
			return text;
	}
	return name;
}

static void
read_all(struct arena *arena, int fd, struct slice *output_out)
{
	char *chunk = arena_alloc(arena, READ_OCTETS);
	struct strbuf output;
	ssize_t n = 0;

	strbuf_init(&output, arena, PROGRAM_MAX_OCTETS);
	while (chunk != NULL && ((n = read(fd, chunk, READ_OCTETS)) > 0 ||
	    (n < 0 && errno == EINTR)))
		if (n > 0)
			strbuf_append(&output, (struct slice){ chunk,
			    (size_t)n });
	*output_out = strbuf_slice(&output);
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
start(const char *path, char *const *argv, int output, pid_t *pid_out)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output,
		    STDOUT_FILENO);
	if (error == 0)
		error = posix_spawnp(pid_out, path, &actions, NULL, argv,
		    environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int
program_run(struct arena *arena, char *const *argv, struct slice *output_out)
{
	int fds[2], error;
	pid_t pid;

	*output_out = SLICE_EMPTY;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	error = start(find(arena, argv[0]), argv, fds[1], &pid);
	close(fds[1]);
	if (error == 0)
		read_all(arena, fds[0], output_out);
	close(fds[0]);
	return error == 0 ? wait_for(pid) : -1;
}
