/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recover.h"
#include "util/fd.h"
#include "util/mem.h"
#include "util/process.h"

#ifndef TCP_REPAIR_OFF_NO_WP
#define TCP_REPAIR_OFF_NO_WP (-1)
#endif

static void socket_leave_repair(int sock)
{
	int repair = 0, off = TCP_REPAIR_OFF_NO_WP;
	socklen_t len = sizeof(repair);

	/* fails for every socket that is none of TCP's */
	if (getsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &repair, &len) == 0 && repair == 1)
		setsockopt(sock, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
}

static int task_leave_repair(pid_t pid, void *userdata)
{
	_cleanup_close_ int pidfd = pidfd_open_pid(pid);
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *fds = directory_at(AT_FDCWD, path);
	struct dirent *e;

	(void)userdata;
	while (pidfd >= 0 && fds && (e = readdir(fds))) {
		char target[64];
		ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof(target) - 1);
		_cleanup_close_ int sock = -1;

		if (n <= 0 || strncmp(target, "socket:", strlen("socket:")) != 0)
			continue;
		sock = (int)syscall(SYS_pidfd_getfd, pidfd, (int)strtol(e->d_name, NULL, 10), 0);
		if (sock >= 0)
			socket_leave_repair(sock);
	}
	return 0;
}

/* A process in a PID namespace below the container's is CRIU's to refuse. */
void recover_connections(pid_t init)
{
	for_each_process(init, task_leave_repair, NULL);
}
