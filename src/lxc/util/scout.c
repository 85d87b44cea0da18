/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A child of whoever looks at a container, with the same rights and in the same
 * namespaces, that makes the calls which can wait for what the container controls. It
 * was forked from a program that may have threads, so it makes system calls and no more.
 * It has no descriptor of its parent's: one that waits for ever must not hold a lock.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"
#include "util/scout.h"

#define FREE_MS	  20 /* what each answer may take */
#define ZOMBIE_MS 50 /* what the end of one that was given up may take */

enum task { TASK_OPEN, TASK_FILESYSTEM, TASK_READ };

struct request {
	enum task task;
	int flags;
	char root[32]; /* TASK_OPEN: where the path begins */
	char path[PATH_MAX];
};

struct answer {
	long result; /* or -errno */
	int ms;	     /* what the call took, without the ways there and back */
};

static int elapsed_ms(int64_t since)
{
	return (int)(monotonic_ms() - since);
}

/* --- the child
 * ------------------------------------------------------------------------------------ */

static long child_open(const struct request *q)
{
	int root = open(q->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root < 0 ? -1 : open_in_root(root, q->path, q->flags);
	int e = errno;

	if (root >= 0)
		close(root);
	return fd < 0 ? -e : fd;
}

static long child_read(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < SCOUT_MAX) {
		n = read(fd, buffer + len, SCOUT_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		n = -errno;
	} else if (len == SCOUT_MAX) {
		n = -EFBIG;
	} else {
		buffer[len] = '\0';
		n = (ssize_t)len;
	}
	if (fd >= 0)
		close(fd);
	return n;
}

static long child_do(const struct request *q, char *buffer)
{
	struct statfs fs;

	switch (q->task) {
	case TASK_OPEN:
		return child_open(q);
	case TASK_FILESYSTEM:
		return statfs(q->path, &fs) < 0 ? -errno : (long)fs.f_type;
	case TASK_READ:
		return child_read(q->path, buffer);
	}
	return -EINVAL;
}

/* fd: goes along; -1: none */
static ssize_t send_answer(int socket, const struct answer *a, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {(void *)(uintptr_t)a, sizeof(*a)};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &m, MSG_NOSIGNAL);
}

_Noreturn static void serve(int socket, char *buffer)
{
	struct request q;

	if (dup2(socket, 0) < 0)
		_exit(1);
	syscall(SYS_close_range, 1U, ~0U, 0U);
	while (recv(0, &q, sizeof(q), 0) == sizeof(q)) {
		struct answer a = {0};
		int64_t since = monotonic_ms();
		int fd;

		a.result = child_do(&q, buffer);
		a.ms = elapsed_ms(since);
		fd = q.task == TASK_OPEN && a.result >= 0 ? (int)a.result : -1;
		if (send_answer(0, &a, fd) < 0)
			break;
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

/* --- its parent
 * ----------------------------------------------------------------------------------- */

static int start(struct scout *s)
{
	int ends[2];
	pid_t pid;

	if (s->lost)
		return -ETIMEDOUT;
	if (s->pid)
		return 0;
	if (!s->buffer) {
		void *p = mmap(NULL, SCOUT_MAX, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return -errno;
		s->buffer = p;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork_quietly();
	if (pid == 0)
		serve(ends[1], s->buffer);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	s->pid = pid;
	s->socket = ends[0];
	return 0;
}

/* Whoever waits where SIGKILL does not reach is not waited for: it goes when it is let go. */
static int give_up(struct scout *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, WNOHANG);
	s->lost = true;
	return -ETIMEDOUT;
}

static int receive(struct scout *s, struct answer *a, int *ret_fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {a, sizeof(*a)};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	const struct cmsghdr *c;

	if (recvmsg(s->socket, &m, MSG_CMSG_CLOEXEC) != sizeof(*a))
		return -EIO;
	c = CMSG_FIRSTHDR(&m);
	*ret_fd = -1;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
	return 0;
}

/* ret_fd: of TASK_OPEN. What the child has got, or -errno. */
static long ask(struct scout *s, const struct request *q, int *ret_fd)
{
	struct pollfd p = {.events = POLLIN};
	struct answer a;
	int64_t since;
	int r = start(s), n;

	if (r < 0)
		return r;
	p.fd = s->socket;
	since = monotonic_ms();
	if (send(s->socket, q, sizeof(*q), MSG_NOSIGNAL) < 0)
		return -errno;
	do {
		int left = s->limit - s->waited - elapsed_ms(since);

		n = poll(&p, 1, left > 0 ? left : 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return give_up(s);
	r = receive(s, &a, ret_fd);
	if (r == 0)
		s->waited += a.ms > FREE_MS ? a.ms - FREE_MS : 0;
	return r < 0 ? r : a.result;
}

static int set_path(struct request *q, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof(q->path))
		return -ENAMETOOLONG;
	memcpy(q->path, path, len + 1);
	return 0;
}

int scout_open(struct scout *s, pid_t pid, const char *path, int flags)
{
	struct request q = {.task = TASK_OPEN, .flags = flags};
	int fd = -1, r = set_path(&q, path);
	long result;

	if (r < 0)
		return r;
	snprintf(q.root, sizeof(q.root), "/proc/%d/root", (int)pid);
	result = ask(s, &q, &fd);
	if (result < 0)
		return (int)result;
	return fd < 0 ? -EMFILE : fd;
}

int scout_filesystem(struct scout *s, const char *path, long *ret)
{
	struct request q = {.task = TASK_FILESYSTEM};
	int fd, r = set_path(&q, path);
	long type = r < 0 ? r : ask(s, &q, &fd);

	if (type < 0)
		return (int)type;
	*ret = type;
	return 0;
}

ssize_t scout_read(struct scout *s, const char *path, const char **ret)
{
	struct request q = {.task = TASK_READ};
	int fd, r = set_path(&q, path);
	long n = r < 0 ? r : ask(s, &q, &fd);

	if (n >= 0)
		*ret = s->buffer;
	return (ssize_t)n;
}

void scout_end(struct scout *s)
{
	if (s->pid) {
		close(s->socket);
		if (!s->lost)
			wait_status(s->pid);
		else
			for (int ms = 0; ms < ZOMBIE_MS && waitpid(s->pid, NULL, WNOHANG) == 0;
			     ms++)
				poll(NULL, 0, 1);
	}
	if (s->buffer)
		munmap(s->buffer, SCOUT_MAX);
	*s = (struct scout){0};
}

int stat_without_sync(int fd, struct stat *ret)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &x) < 0)
		return -errno;
	*ret = (struct stat){
		.st_dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.st_ino = x.stx_ino,
		.st_mode = x.stx_mode,
		.st_nlink = x.stx_nlink,
		.st_uid = x.stx_uid,
		.st_gid = x.stx_gid,
		.st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor),
		.st_size = (off_t)x.stx_size,
	};
	return 0;
}
