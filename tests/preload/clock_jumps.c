// SPDX-License-Identifier: GPL-2.0-or-later
/* Preloaded: the clock of the day jumps by a year, forwards and backwards, each time one looks. */
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define YEAR (365 * 24 * 3600)

static time_t jump(void)
{
	static int looked;

	return ((getpid() + looked++) % 3 - 1) * (time_t)YEAR;
}

/* The originals are reached by what nobody else here calls. */
static time_t real_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return ts.tv_sec;
}

time_t time(time_t *t)
{
	time_t now = real_seconds() + jump();

	if (t)
		*t = now;
	return now;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	(void)zone;
	*tv = (struct timeval){.tv_sec = real_seconds() + jump()};
	return 0;
}
