/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Timers that are files become what they would be, had the container not been stopped. One that
 * cannot be mended stays as CRIU has made it. Runs in the monitor, as root on the host.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "criu/image_kinds.h"
#include "restorer/restorer.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

#define FDINFO_MAX 4096

/* The values of /proc/PID/fdinfo/N. */
struct timer {
	unsigned int clock;
	unsigned long long ticks; /* expirations that nobody has read */
	unsigned int flags;	  /* of timerfd_settime(), in octal */
	struct itimerspec left;	  /* until it expires, and then each time */
};

/* The next number in a text whose words have no digits. */
static bool next_number(const char **p, int base, long long *ret)
{
	char *end;

	*p += strcspn(*p, "0123456789");
	errno = 0;
	*ret = strtoll(*p, &end, base);
	if (end == *p || errno)
		return false;
	*p = end;
	return true;
}

static bool parse_timer(const char *text, struct timer *ret)
{
	/* clockid, ticks, settime flags, it_value (s, ns), it_interval (s, ns) */
	static const int bases[] = {10, 10, 8, 10, 10, 10, 10};
	const char *p = strstr(text, "clockid:");
	long long n[7];

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (!p || !next_number(&p, bases[i], &n[i]))
			return false;
	ret->clock = (unsigned int)n[0];
	ret->ticks = (unsigned long long)n[1];
	ret->flags = (unsigned int)n[2];
	ret->left.it_value = (struct timespec){n[3], (long)n[4]};
	ret->left.it_interval = (struct timespec){n[5], (long)n[6]};
	return true;
}

static bool is_zero(const struct timespec *t)
{
	return t->tv_sec == 0 && t->tv_nsec == 0;
}

/*
 * A timer that ticks has no time left once it has expired, until it is read. CRIU
 * gives it back its unread ticks and no time, which means to the kernel: stopped.
 */
static bool wind_up(struct timer *t)
{
	if (t->ticks == 0 || !is_zero(&t->left.it_value) || is_zero(&t->left.it_interval))
		return false;
	t->left.it_value = t->left.it_interval;
	return true;
}

/*
 * A timer for a time of day has been given the time that was left of it at the dump:
 * it would expire later by as long as the container was stopped. A time that has
 * passed meanwhile is now.
 */
static bool bring_forward(struct timer *t, time_t stopped_for)
{
	if (t->clock != CLOCK_REALTIME || !(t->flags & TFD_TIMER_ABSTIME) ||
	    is_zero(&t->left.it_value) || stopped_for <= 0)
		return false;
	t->left.it_value.tv_sec -= stopped_for;
	if (t->left.it_value.tv_sec < 0)
		t->left.it_value = (struct timespec){0, 1};
	return true;
}

/* Turns the time left into an absolute time: only that follows when the clock is set. */
static void make_absolute(struct timer *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	/* one for the end of time stays there */
	if (__builtin_add_overflow(t->left.it_value.tv_sec, now.tv_sec + 1,
				   &t->left.it_value.tv_sec)) {
		t->left.it_value = (struct timespec){INT64_MAX, 0};
		return;
	}
	t->left.it_value.tv_sec--;
	t->left.it_value.tv_nsec += now.tv_nsec;
	if (t->left.it_value.tv_nsec >= 1000000000L) {
		t->left.it_value.tv_sec++;
		t->left.it_value.tv_nsec -= 1000000000L;
	}
}

/* The process's open file itself, by way of a descriptor of ours. */
static void set_timer(pid_t pid, int number, const struct timer *t)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_close_ int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (fd < 0 || timerfd_settime(fd, (int)t->flags, &t->left, NULL) < 0)
		return;
	/* setting it has forgotten them */
	if (t->ticks > 0)
		(void)ioctl(fd, TFD_IOC_SET_TICKS, &t->ticks);
}

static void mend_timer(pid_t pid, const char *number, time_t stopped_for)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fdinfo/%s", (int)pid, number);
	_cleanup_free_ char *text = NULL;
	struct timer t;

	if (read_file_at(AT_FDCWD, path, FDINFO_MAX, &text) <= 0 || !parse_timer(text, &t))
		return;
	if (wind_up(&t))
		t.flags = 0;
	else if (bring_forward(&t, stopped_for))
		make_absolute(&t);
	else
		return;
	set_timer(pid, (int)strtol(number, NULL, 10), &t);
}

static int mend_process(pid_t pid, void *userdata)
{
	static const char timer[] = "anon_inode:[timerfd]";
	const time_t *stopped_for = userdata;
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char to[sizeof(timer)] = "";

		if (readlinkat(dirfd(dir), e->d_name, to, sizeof(to)) == sizeof(timer) - 1 &&
		    memcmp(to, timer, sizeof(timer) - 1) == 0)
			mend_timer(pid, e->d_name, *stopped_for);
	}
	return 0;
}

/*
 * When the checkpoint was complete. The manifest's own date is of its begin, which would
 * make timers expire early by what the dump took. Of a copy that has lost its files' dates
 * they expire late, as they would without this. 0: not known.
 */
static time_t stopped_since(const struct restore *r)
{
	struct stat st;

	return fstatat(r->image->dirfd, "manifest.json", &st, 0) == 0 ? st.st_mtime : 0;
}

int timers_apply(struct restore *r, pid_t init, struct error **reterr)
{
	time_t stopped_for = stopped_since(r) ? time(NULL) - stopped_since(r) : 0;

	(void)reterr;
	if (!criu_image_kinds(r->image->dirfd).timers)
		return 0;
	for_each_process(init, mend_process, &stopped_for);
	return 0;
}
