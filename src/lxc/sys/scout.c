/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A child that makes the system calls which can block on something that a container controls. It
 * runs with the privileges and in the namespaces of its parent, which looks at a container. Its
 * parent may have threads, so the child makes only system calls. It keeps no descriptor of its
 * parent: a child that blocks without end must not hold a lock.
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
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/scout.h"
#include "sys/scout_private.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

#define FREE_US 20000 /* the time for each answer */
/* and for all together, so that many short answers have a limit too */
#define FREE_ALL_US 20000000
#define ZOMBIE_MS   50 /* how long the exit of an abandoned child may take */

struct answer {
	long result; /* or -errno */
	int64_t us;  /* the time of the call, without the communication */
};

/* --- the child
 * ------------------------------------------------------------------------------------ */

static long child_open(const struct scout_request *q)
{
	int root = open(q->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root < 0 ? -1 : open_in_root(root, q->path, q->flags);
	int e = errno;

	if (root >= 0)
		close(root);
	return fd < 0 ? -e : fd;
}

/* A file that is read in parts of whole lines. */
struct reading {
	int fd;			/* -1: none */
	size_t given, in_there; /* of the part: bytes given to the parent, and bytes read */
};

static long child_read_on(struct reading *r, struct scout_shared *shared)
{
	ssize_t n = 1;

	r->in_there -= r->given;
	memmove(shared->part, shared->part + r->given, r->in_there);
	r->given = 0;
	while (n > 0 && r->in_there < SCOUT_PART) {
		n = read(r->fd, shared->part + r->in_there, SCOUT_PART - r->in_there);
		r->in_there += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return -errno;
	r->given = r->in_there;
	while (n > 0 && r->given > 0 && shared->part[r->given - 1] != '\n')
		r->given--;
	return n > 0 && r->given == 0 ? -EFBIG : (long)r->given;
}

static long child_read(const char *path, struct reading *r, struct scout_shared *shared)
{
	if (r->fd >= 0)
		close(r->fd);
	*r = (struct reading){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
	return r->fd < 0 ? -errno : child_read_on(r, shared);
}

static int stat_at(int fd, const char *path, int flags, struct stat *ret)
{
	struct statx x;

	if (statx(fd, path, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &x) < 0)
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

/* Closing the wrong one may block, too. */
long scout_child_copy(const struct scout_request *q)
{
	int pidfd = (int)syscall(SYS_pidfd_open, q->pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, q->number, 0);
	int e = errno;
	struct stat st = {0};

	if (pidfd >= 0)
		close(pidfd);
	if (fd < 0)
		return -e;
	if (stat_at(fd, "", AT_EMPTY_PATH, &st) < 0 || (st.st_mode & S_IFMT) != (mode_t)q->flags ||
	    st.st_ino != q->inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static long child_do(const struct scout_request *q, struct reading *r, int *netlink,
		     struct scout_shared *shared)
{
	struct statfs fs;

	switch (q->task) {
	case SCOUT_TASK_OPEN:
		return child_open(q);
	case SCOUT_TASK_FILESYSTEM:
		return statfs(q->path, &fs) < 0 ? -errno : (long)fs.f_type;
	case SCOUT_TASK_STAT:
		return stat_at(AT_FDCWD, q->path, 0, &shared->st);
	case SCOUT_TASK_READ:
		return child_read(q->path, r, shared);
	case SCOUT_TASK_READ_ON:
		return child_read_on(r, shared);
	case SCOUT_TASK_COPY:
		return scout_child_copy(q);
	case SCOUT_TASK_SOCKET:
		return scout_child_socket(q, shared);
	case SCOUT_TASK_NETLINK:
		return scout_child_netlink(q, netlink);
	case SCOUT_TASK_NETLINK_ON:
		return scout_child_netlink_on(*netlink, shared);
	}
	return -EINVAL;
}

/* fd: sent along; -1: none */
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

_Noreturn static void serve(int socket, struct scout_shared *shared)
{
	struct reading reading = {.fd = -1};
	struct scout_request q;
	int netlink = -1;

	if (dup2(socket, 0) < 0)
		_exit(1);
	syscall(SYS_close_range, 1U, ~0U, 0U);
	while (recv(0, &q, sizeof(q), 0) == sizeof(q)) {
		struct answer a = {0};
		int64_t since = monotonic_us();
		int fd;

		a.result = child_do(&q, &reading, &netlink, shared);
		a.us = monotonic_us() - since;
		fd = (q.task == SCOUT_TASK_OPEN || q.task == SCOUT_TASK_COPY) && a.result >= 0
			     ? (int)a.result
			     : -1;
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
	if (!s->shared) {
		void *p = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return -errno;
		s->shared = p;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork_quietly();
	if (pid == 0)
		serve(ends[1], s->shared);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	s->pid = pid;
	s->socket = ends[0];
	return 0;
}

/* Does not wait for a child that SIGKILL cannot reach: it exits when its call returns. */
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

static void account(struct scout *s, int64_t us)
{
	int64_t without = MIN(MIN(us, FREE_US), FREE_ALL_US - s->free_us);

	s->free_us += without;
	s->waited_us += us - without;
}

/* Milliseconds, rounded up: nothing could finish within 0. */
static int left_ms(const struct scout *s, int64_t since)
{
	int64_t left = s->limit * 1000LL - s->waited_us - (monotonic_us() - since);

	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

long scout_ask(struct scout *s, const struct scout_request *q, int *ret_fd)
{
	struct pollfd p = {.events = POLLIN};
	struct answer a;
	int64_t since;
	int r = start(s), n;

	if (r < 0)
		return r;
	p.fd = s->socket;
	since = monotonic_us();
	if (send(s->socket, q, sizeof(*q), MSG_NOSIGNAL) < 0)
		return -errno;
	do {
		n = poll(&p, 1, left_ms(s, since));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return give_up(s);
	r = receive(s, &a, ret_fd);
	if (r == 0)
		account(s, a.us);
	return r < 0 ? r : a.result;
}

static int set_path(struct scout_request *q, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof(q->path))
		return -ENAMETOOLONG;
	memcpy(q->path, path, len + 1);
	return 0;
}

int scout_open(struct scout *s, pid_t pid, const char *path, int flags)
{
	struct scout_request q = {.task = SCOUT_TASK_OPEN, .flags = flags};
	int fd = -1, r = set_path(&q, path);
	long result;

	if (r < 0)
		return r;
	snprintf(q.root, sizeof(q.root), "/proc/%d/root", (int)pid);
	result = scout_ask(s, &q, &fd);
	if (result < 0)
		return (int)result;
	return fd < 0 ? -EMFILE : fd;
}

int scout_copy(struct scout *s, pid_t pid, int number, mode_t type, ino_t inode)
{
	struct scout_request q = {.task = SCOUT_TASK_COPY,
				  .flags = (int)type,
				  .pid = pid,
				  .number = number,
				  .inode = inode};
	int fd = -1;
	long result = scout_ask(s, &q, &fd);

	if (result < 0)
		return (int)result;
	return fd < 0 ? -EMFILE : fd;
}

int scout_filesystem(struct scout *s, const char *path, long *ret)
{
	struct scout_request q = {.task = SCOUT_TASK_FILESYSTEM};
	int fd, r = set_path(&q, path);
	long type = r < 0 ? r : scout_ask(s, &q, &fd);

	if (type < 0)
		return (int)type;
	*ret = type;
	return 0;
}

int scout_stat(struct scout *s, const char *path, struct stat *ret)
{
	struct scout_request q = {.task = SCOUT_TASK_STAT};
	int fd, r = set_path(&q, path);
	long result = r < 0 ? r : scout_ask(s, &q, &fd);

	if (result < 0)
		return (int)result;
	*ret = s->shared->st;
	return 0;
}

int scout_read_lines(struct scout *s, const char *path, scout_line_fn fn, void *userdata)
{
	struct scout_request q = {.task = SCOUT_TASK_READ};
	int fd, r = set_path(&q, path);
	long n;

	if (r < 0)
		return r;
	while ((n = scout_ask(s, &q, &fd)) > 0) {
		const char *line = s->shared->part, *end = line + n;

		while (line < end) {
			const char *newline = memchr(line, '\n', (size_t)(end - line));
			size_t len = (size_t)((newline ? newline : end) - line);

			if (!fn(line, len, userdata))
				return 0;
			line += len + (newline != NULL);
		}
		q.task = SCOUT_TASK_READ_ON;
	}
	return (int)n;
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
	if (s->shared)
		munmap(s->shared, sizeof(*s->shared));
	*s = (struct scout){0};
}

int stat_without_sync(int fd, struct stat *ret)
{
	return stat_at(fd, "", AT_EMPTY_PATH, ret);
}
