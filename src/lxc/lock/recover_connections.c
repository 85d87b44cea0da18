/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Takes the TCP connections of a container out of repair mode, in which a killed CRIU leaves them.
 * Runs in the command and in CRIU's keeper, as root on the host, and uses copies of the processes'
 * own descriptors.
 */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock/recover.h"
#include "sys/process.h"
#include "util/fd.h"
#include "util/mem.h"

#ifndef TCP_REPAIR_OFF_NO_WP
#define TCP_REPAIR_OFF_NO_WP (-1)
#endif

/* Sorted by inode: there may be very many. */
struct connections {
	struct connection {
		ino_t inode;
		bool reuses;
	} *list;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	ino_t x = ((const struct connection *)a)->inode, y = ((const struct connection *)b)->inode;

	return (x > y) - (x < y);
}

/*
 * The end of repair mode takes SO_REUSEADDR from a socket, and a server whose connections
 * lack it cannot be started anew while they last. Of what is not known any more it is set.
 */
static bool did_reuse(const struct connections *were, ino_t inode)
{
	const struct connection *found = NULL;
	const struct connection key = {.inode = inode};

	if (were && were->n)
		found = bsearch(&key, were->list, were->n, sizeof(key), compare);
	return !found || found->reuses;
}

static void socket_leave_repair(int sock, ino_t inode, void *userdata)
{
	int repair = 0, off = TCP_REPAIR_OFF_NO_WP, reuse;
	socklen_t len = sizeof(repair);

	/* fails for every socket that is none of TCP's */
	if (getsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &repair, &len) < 0 || repair != 1)
		return;
	reuse = did_reuse(userdata, inode);
	setsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
}

/* Takes sockets of every kind: asking for the kind would cost as much while the container waits. */
static void socket_note(int sock, ino_t inode, void *userdata)
{
	struct connections *all = userdata;
	int reuse = 0;
	socklen_t len = sizeof(reuse);

	getsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &reuse, &len);
	*ARRAY_ADD(all->list, all->n) = (struct connection){inode, reuse != 0};
}

struct socket_walk {
	void (*fn)(int sock, ino_t inode, void *userdata);
	void *userdata;
	ino_t pid_namespace;
};

static int walk_sockets(pid_t pid, void *userdata)
{
	const struct socket_walk *w = userdata;
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *fds = directory_at(AT_FDCWD, path);
	struct dirent *e;

	/* the number could be that of another by now, which is not the container's */
	if (pidfd < 0 || !process_is_in(pid, w->pid_namespace) ||
	    syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return 0;
	while (fds && (e = readdir(fds))) {
		static const char socket[] = "socket:[";
		char target[64] = "";
		ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof(target) - 1);
		_cleanup_close_ int sock = -1;

		if (n <= 0 || strncmp(target, socket, strlen(socket)) != 0)
			continue;
		sock = (int)syscall(SYS_pidfd_getfd, pidfd, (int)strtol(e->d_name, NULL, 10), 0);
		if (sock >= 0)
			w->fn(sock, (ino_t)strtoull(target + strlen(socket), NULL, 10),
			      w->userdata);
	}
	return 0;
}

/* A process in a PID namespace below the container's is CRIU's to refuse. */
struct connections *connections_look(pid_t init)
{
	struct connections *all = xcalloc(1, sizeof(*all));
	struct socket_walk w = {socket_note, all, process_pid_namespace(init)};

	for_each_process(init, walk_sockets, &w);
	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), compare);
	return all;
}

void recover_connections(pid_t init, const struct connections *were)
{
	struct socket_walk w = {socket_leave_repair, (void *)(uintptr_t)were,
				process_pid_namespace(init)};

	for_each_process(init, walk_sockets, &w);
}
