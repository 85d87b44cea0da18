/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Finds the terminals that a process has open, and which of them are one. Runs in the command and
 * in a child of it, as the host's root; the process is a container's and untrusted. Works on copies
 * of its descriptors.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "sys/held_terminals.h"
#include "util/fd.h"
#include "util/mem.h"

#define TRIES		     3
#define HELD_MAX	     1024
#define EPOLL_MAX	     (16 * 1024 * 1024)	 /* what the kernel tells of one */
#define UNUSED_BIT	     ((tcflag_t)1 << 30) /* of a terminal's input modes */
#define TTYAUX_MAJOR	     5
#define PTY_SLAVE_MAJOR	     136
#define PTY_SLAVE_MAJOR_LAST 143

/* How the kernel packs a device number into 32 bits. */
static dev_t unpack(unsigned int device)
{
	return makedev((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
}

/* The terminal of a copy that is named like a terminal; false: it is another device. */
static bool find_terminal(int copy, dev_t *ret)
{
	unsigned int device;

	if (ioctl(copy, TIOCGDEV, &device) == 0)
		*ret = unpack(device);
	else if (errno == EIO)
		*ret = TERMINAL_HUNG_UP;
	else
		return false;
	return true;
}

static bool is_slave(dev_t name)
{
	return major(name) >= PTY_SLAVE_MAJOR && major(name) <= PTY_SLAVE_MAJOR_LAST;
}

/* false: it is none, or is the other end of one. */
static bool look(int pidfd, int fd, dev_t name, struct held_terminal *ret)
{
	_cleanup_close_ int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	if (copy < 0)
		return false;
	ret->fd = fd;
	ret->current = name == makedev(TTYAUX_MAJOR, 0);
	ret->flags = fcntl(copy, F_GETFL);
	if (!find_terminal(copy, &ret->terminal)) {
		ret->terminal = TERMINAL_UNKNOWN;
		return ret->current;
	}
	return ret->current || ret->terminal == name ||
	       (ret->terminal == TERMINAL_HUNG_UP && is_slave(name));
}

/* Only this tells whether it is closed at an execve(). */
static bool is_cloexec(pid_t pid, int fd)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fdinfo/%d", (int)pid, fd);
	_cleanup_free_ char *text = NULL;
	const char *flags;

	if (read_file_at(AT_FDCWD, path, 4096, &text) <= 0)
		return false;
	flags = strstr(text, "flags:");
	return flags && (strtoul(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC);
}

static bool is_epoll(int dirfd, const char *name)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	char link[64] = "";

	return readlinkat(dirfd, name, link, sizeof(link) - 1) > 0 && strcmp(link, epoll) == 0;
}

/* Each line of an epoll has the number that a descriptor had when it was added. */
static void mark_watched(const char *text, struct held_terminal *v, size_t n)
{
	static const char word[] = "tfd:";

	for (const char *l = text; (l = strstr(l, word)); l++) {
		long fd = strtol(l + strlen(word), NULL, 10);

		for (size_t i = 0; i < n; i++)
			if (v[i].current && v[i].fd == fd)
				v[i].watched = true;
	}
}

static void find_watched(pid_t pid, DIR *dir, struct held_terminal *v, size_t n)
{
	bool any = false;
	struct dirent *e;

	for (size_t i = 0; i < n; i++)
		any = any || v[i].current;
	rewinddir(dir);
	while (any && (e = readdir(dir))) {
		_cleanup_free_ char *path = NULL, *text = NULL;

		if (!is_epoll(dirfd(dir), e->d_name))
			continue;
		path = xasprintf("/proc/%d/fdinfo/%s", (int)pid, e->d_name);
		if (read_file_at(AT_FDCWD, path, EPOLL_MAX, &text) > 0)
			mark_watched(text, v, n);
	}
}

int held_terminals(pid_t pid, int pidfd, struct held_terminal **ret, size_t *ret_n)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *dir = directory_at(AT_FDCWD, path);
	_cleanup_free_ struct held_terminal *v = NULL;
	size_t n = 0;
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		struct held_terminal t = {0};
		struct statx st;

		if (*e->d_name == '.' ||
		    statx(dirfd(dir), e->d_name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st) < 0 ||
		    !S_ISCHR(st.stx_mode) ||
		    !look(pidfd, (int)strtol(e->d_name, NULL, 10),
			  makedev(st.stx_rdev_major, st.stx_rdev_minor), &t))
			continue;
		if (is_cloexec(pid, t.fd))
			t.flags |= O_CLOEXEC;
		/* each may be compared with each */
		if (n == HELD_MAX)
			return -E2BIG;
		*ARRAY_ADD(v, n) = t;
	}
	find_watched(pid, dir, v, n);
	*ret = TAKE_PTR(v);
	*ret_n = n;
	return 0;
}

/* The descriptor shares these flags with others from then on. */
static bool has_the_same_flags(int flags, int wanted)
{
	const int shared = O_NONBLOCK | O_ASYNC;

	return (flags & shared) == (wanted & shared);
}

/*
 * The locks of a terminal's settings, which only root sets. The kernel gives the bit no meaning, so
 * its lock has no effect.
 */
static int set_mark(int fd, bool on)
{
	struct termios locks = {0};

	if (ioctl(fd, TIOCGLCKTRMIOS, &locks) < 0)
		return -errno;
	locks.c_iflag = on ? locks.c_iflag | UNUSED_BIT : locks.c_iflag & ~UNUSED_BIT;
	return ioctl(fd, TIOCSLCKTRMIOS, &locks) < 0 ? -errno : 0;
}

static bool mark_is(int fd, bool on)
{
	struct termios locks = {0};

	return ioctl(fd, TIOCGLCKTRMIOS, &locks) == 0 && !!(locks.c_iflag & UNUSED_BIT) == on;
}

bool held_terminals_are_one(int pidfd, int fd, int other_pidfd, int other_fd)
{
	_cleanup_close_ int a = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	_cleanup_close_ int b = (int)syscall(SYS_pidfd_getfd, other_pidfd, other_fd, 0);
	bool seen = false;

	/* another command may do the same meanwhile */
	for (int i = 0; !seen && i < TRIES && a >= 0 && b >= 0; i++) {
		seen = set_mark(a, true) == 0 && mark_is(b, true);
		seen = set_mark(a, false) == 0 && mark_is(b, false) && seen;
	}
	return seen;
}

/* access: O_RDWR, ... */
static bool can_replace(const struct held_terminal *t, const struct held_terminal *current,
			int access, int pidfd)
{
	return !t->current && t->terminal == current->terminal &&
	       (t->flags & O_ACCMODE) == access && has_the_same_flags(t->flags, current->flags) &&
	       (t->terminal == TERMINAL_HUNG_UP ||
		held_terminals_are_one(pidfd, t->fd, pidfd, current->fd));
}

const struct held_terminal *held_terminal_equal(int pidfd, const struct held_terminal *v, size_t n,
						const struct held_terminal *current)
{
	const int access[] = {current->flags & O_ACCMODE, O_RDWR};

	for (size_t k = 0; !current->watched && k < sizeof(access) / sizeof(access[0]); k++)
		for (size_t i = 0; i < n; i++)
			if (can_replace(&v[i], current, access[k], pidfd))
				return &v[i];
	return NULL;
}
