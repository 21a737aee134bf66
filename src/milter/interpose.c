/* milter/interpose.c - what libmilter calls in place of libc's.
 *
 * A program's own functions come before those of its libraries: these are
 * linked into the daemon alone, and are every library's.  starved.h tells what
 * for.  The names are given to the linker only, since a header may have made
 * macros of them, or of their parameters' types. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "milter/starved.h"

#define VISIBLE __attribute__((visibility("default")))

typedef int create_function(pthread_t *, const pthread_attr_t *,
    void *(*)(void *), void *);

int interpose_accept(int fd, struct sockaddr *address, socklen_t *len)
    __asm__("accept") VISIBLE;
int interpose_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg) __asm__("pthread_create") VISIBLE;

int
interpose_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	int connection = accept4(fd, address, len, 0), error = errno;

	if (connection < 0) {
		starved_pause(error);
		errno = error;
	}
	return connection;
}

/* Who is told that it has worked gets no THREAD: libmilter has no use for it,
 * since its threads are detached by themselves. */
int
interpose_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg)
{
	create_function *create = (create_function *)(uintptr_t)dlsym(
	    RTLD_NEXT, "pthread_create");
	int error = create != NULL ? create(thread, attributes, run, arg) :
	    ENOSYS;

	return error == EAGAIN && starved_start_later(run, arg) ? 0 : error;
}
