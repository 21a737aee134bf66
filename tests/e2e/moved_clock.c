/* moved_clock: a preloaded library below which the time of day is MOVED_CLOCK
 * seconds ahead, in the environment; all other clocks are left alone.
 *
 * (libfaketime 0.9.10 moves monotonic deadlines of pthread_cond_timedwait(3)
 * too, whatever it is told: every wait of ours would end at once.) */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead_s;

__attribute__((constructor)) static void
read_environment(void)
{
	const char *text = getenv("MOVED_CLOCK");

	if (text != NULL)
		ahead_s = atol(text);
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int status = (int)syscall(SYS_clock_gettime, clock, ts);

	if (status == 0 && (clock == CLOCK_REALTIME ||
	    clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += ahead_s;
	return status;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int status = (int)syscall(SYS_gettimeofday, tv, zone);

	if (status == 0)
		tv->tv_sec += ahead_s;
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
