/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Watches (inotify, fanotify), and files of events. Modes of blocker.c, which runs as a process of
 * the container. */
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "blocker.h"

static void event_files(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct itimerspec in_a_year = {.it_value.tv_sec = 31536000};
	sigset_t usr1;
	int event = eventfd(7, 0), poll = epoll_create1(0),
	    timer = timerfd_create(CLOCK_MONOTONIC, 0), watch = inotify_init();

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK(event >= 0 && poll >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, event, &e) == 0);
	CHECK(timer >= 0 && timerfd_settime(timer, 0, &in_a_year, NULL) == 0);
	CHECK(signalfd(-1, &usr1, 0) >= 0);
	CHECK(watch >= 0 && inotify_add_watch(watch, "/etc", IN_CREATE) >= 0);
}

static void semaphore(void)
{
	CHECK(eventfd(3, EFD_SEMAPHORE) >= 0);
}

static void unread_event(void)
{
	int fd = inotify_init();

	CHECK(mkdir("/watched", 0755) == 0 &&
	      inotify_add_watch(fd, "/watched", IN_DELETE_SELF) >= 0);
	CHECK(rmdir("/watched") == 0);
}

/* One with the number of the root directory, in a filesystem of which only a part is seen. */
static void watch_as_root(void)
{
	struct stat root, st = {0};
	int fd = inotify_init(), tries = 0;

	CHECK(stat("/", &root) == 0);
	mkdir("/whole", 0755);
	mkdir("/part", 0755);
	CHECK(mount("none", "/whole", "tmpfs", 0, NULL) == 0 && mkdir("/whole/part", 0755) == 0);
	CHECK(mount("/whole/part", "/part", NULL, MS_BIND, NULL) == 0);
	for (; st.st_ino < root.st_ino; tries++) {
		unlink("/whole/file");
		close(open("/whole/file", O_CREAT | O_WRONLY, 0600));
		CHECK(tries < 50000000 && stat("/whole/file", &st) == 0);
	}
	CHECK(st.st_ino == root.st_ino);
	CHECK(fd >= 0 && inotify_add_watch(fd, "/whole/file", IN_MODIFY) >= 0);
	CHECK(mount("none", "/whole", "tmpfs", 0, NULL) == 0);
}

static void fan_watch(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/etc") == 0);
}

/* Of what has no place that could be found again by its number. */
static void watch(const char *path)
{
	int fd = inotify_init();

	CHECK(fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY) >= 0);
}

static void watch_proc(void)
{
	watch("/proc/self/status");
}

static void watch_sys(void)
{
	watch("/sys/kernel");
}

static void watch_terminals(void)
{
	watch("/dev/pts");
}

static void watch_cgroup(void)
{
	watch("/sys/fs/cgroup/cgroup.events");
}

static void watch_queues(void)
{
	mkdir("/queues", 0755);
	CHECK(mount("none", "/queues", "mqueue", 0, NULL) == 0);
	watch("/queues");
}

static void fan_watch_sys(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/sys/kernel") == 0);
}

static void fan_filesystem(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	CHECK(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD,
				       "/etc") == 0);
}

const struct mode watches_modes[] = {
	{"event-files", event_files},
	{"fan-filesystem", fan_filesystem},
	{"fan-watch", fan_watch},
	{"fan-watch-sys", fan_watch_sys},
	{"semaphore", semaphore},
	{"unread-event", unread_event},
	{"watch-as-root", watch_as_root},
	{"watch-cgroup", watch_cgroup},
	{"watch-proc", watch_proc},
	{"watch-queues", watch_queues},
	{"watch-sys", watch_sys},
	{"watch-terminals", watch_terminals},
	{0},
};
