/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The scout's questions about sockets: see scout.c for the child that asks them, and its parent.
 * The child joins the network namespace in which it lists sockets, and stays there.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/rtnl.h"
#include "sys/scout_private.h"
#include "sys/scout_sockets.h"

/* --- the child
 * ------------------------------------------------------------------------------------ */

static int number_of(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

static long ask_socket(int fd, struct socket_answers *ret)
{
	socklen_t remote_len = sizeof(ret->remote), info_len;
	struct tcp_info info = {0};

	info_len = sizeof(info);
	ret->local_len = sizeof(ret->local);
	if (getsockname(fd, (struct sockaddr *)&ret->local, &ret->local_len) < 0)
		return -errno;
	(void)getpeername(fd, (struct sockaddr *)&ret->remote, &remote_len);
	if (number_of(fd, SO_PROTOCOL) == IPPROTO_TCP &&
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) == 0) {
		ret->tcp_state = info.tcpi_state;
		/* of a listening socket, tcpi_unacked is the length of its queue */
		ret->waiting = info.tcpi_state == TCP_LISTEN ? info.tcpi_unacked : 0;
	} else if (number_of(fd, SO_TYPE) == SOCK_DGRAM) {
		(void)ioctl(fd, SIOCINQ, &ret->unread);
		(void)ioctl(fd, SIOCOUTQ, &ret->unsent);
	}
	return 0;
}

long scout_child_socket(const struct scout_request *q, struct scout_shared *shared)
{
	int fd = (int)scout_child_copy(q);
	long r;

	if (fd < 0)
		return fd;
	shared->socket = (struct socket_answers){0};
	r = ask_socket(fd, &shared->socket);
	close(fd);
	return r;
}

static int join_network(pid_t pid)
{
	char path[32];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	close(fd);
	return r;
}

long scout_child_netlink(const struct scout_request *q, int *netlink)
{
	int r = join_network(q->pid);

	if (*netlink >= 0)
		close(*netlink);
	*netlink = r < 0 ? -1 : socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, q->number);
	if (*netlink < 0)
		return r < 0 ? r : -errno;
	/* the kernel begins its answer here, and goes on each time that some is read */
	return send(*netlink, q->path, (size_t)q->flags, 0) < 0 ? -errno : 0;
}

long scout_child_netlink_on(int netlink, struct scout_shared *shared)
{
	ssize_t n;

	do {
		n = recv(netlink, shared->part, sizeof(shared->part), MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 || (size_t)n > sizeof(shared->part) ? -EBADMSG : n;
}

/* --- its parent
 * ----------------------------------------------------------------------------------- */

int scout_socket(struct scout *s, pid_t pid, int number, ino_t inode, struct socket_answers *ret)
{
	struct scout_request q = {
		.task = SCOUT_TASK_SOCKET,
		.flags = S_IFSOCK,
		.pid = pid,
		.number = number,
		.inode = inode,
	};
	int fd;
	long r = scout_ask(s, &q, &fd);

	if (r < 0)
		return (int)r;
	*ret = s->shared->socket;
	return 0;
}

int scout_netlink(struct scout *s, pid_t pid, int protocol, const void *message, size_t len,
		  void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata)
{
	struct scout_request q = {
		.task = SCOUT_TASK_NETLINK, .pid = pid, .number = protocol, .flags = (int)len};
	struct rtnl_answer a = {.fn = fn, .userdata = userdata};
	int fd, e;
	long r;

	if (len > sizeof(q.path))
		return -EINVAL;
	memcpy(q.path, message, len);
	r = scout_ask(s, &q, &fd);
	e = r < 0 ? (int)r : 0;
	q.task = SCOUT_TASK_NETLINK_ON;
	while (e == 0 && !a.ended) {
		r = scout_ask(s, &q, &fd);
		e = r < 0 ? (int)r : rtnl_packet(s->shared->part, (size_t)r, &a);
	}
	return e == 0 && a.interrupted ? -EINTR : e;
}
