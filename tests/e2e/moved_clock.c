/* moved_clock: a preloaded library below which the time of day is MOVED_CLOCK
 * seconds ahead, in the environment; or, where it changes while the process
 * runs, as many as the file MOVED_CLOCK_FILE says, an int64_t; all other clocks
 * are left alone.
 *
 * (libfaketime 0.9.10 moves monotonic deadlines of pthread_cond_timedwait(3)
 * too, whatever it is told: every wait of ours would end at once.) */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t fixed_s;
static const volatile int64_t *ahead_s = &fixed_s;

static void
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *memory = mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd,
	    0);

	if (memory == MAP_FAILED)
		abort();	/* nothing would be tested */
	ahead_s = memory;
	close(fd);
}

__attribute__((constructor)) static void
read_environment(void)
{
	const char *text = getenv("MOVED_CLOCK");
	const char *path = getenv("MOVED_CLOCK_FILE");

	if (text != NULL)
		fixed_s = atol(text);
	if (path != NULL)
		map_file(path);
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int status = (int)syscall(SYS_clock_gettime, clock, ts);

	if (status == 0 && (clock == CLOCK_REALTIME ||
	    clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += *ahead_s;
	return status;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int status = (int)syscall(SYS_gettimeofday, tv, zone);

	if (status == 0)
		tv->tv_sec += *ahead_s;
	return status;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
