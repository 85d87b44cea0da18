/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes a user namespace with given ID maps, for ID-mapped mounts. Runs in the monitor, as the
 * host's root.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/userns.h"
#include "util/fd.h"
#include "util/mem.h"

/* Lives until the other end of the pipe is closed; only that keeps its namespace alive. */
_Noreturn static void be_in_namespace(int said, int end)
{
	char c = unshare(CLONE_NEWUSER) < 0 ? (char)errno : 0;

	if (write(said, &c, 1) == 1 && c == 0)
		c = (char)read(end, &c, 1);
	_exit(EXIT_SUCCESS);
}

static int open_mapped(pid_t pid, const char *uid_map, const char *gid_map)
{
	_cleanup_free_ char *uids = xasprintf("/proc/%d/uid_map", (int)pid);
	_cleanup_free_ char *gids = xasprintf("/proc/%d/gid_map", (int)pid);
	_cleanup_free_ char *ns = xasprintf("/proc/%d/ns/user", (int)pid);
	int fd, r = write_file_at(AT_FDCWD, uids, uid_map);

	if (r == 0)
		r = write_file_at(AT_FDCWD, gids, gid_map);
	if (r < 0)
		return r;
	fd = open(ns, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int userns_make(const char *uid_map, const char *gid_map)
{
	int said[2] = {-1, -1}, end[2] = {-1, -1}, r;
	pid_t pid = -1;
	char c = 0;

	if (pipe2(said, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0 || (pid = fork_quietly()) < 0)
		r = -errno;
	else if (pid == 0) {
		close(end[1]);
		be_in_namespace(said[1], end[0]);
	} else {
		fd_close(&said[1]);
		r = read(said[0], &c, 1) == 1 ? -c : -EPIPE;
		if (r == 0)
			r = open_mapped(pid, uid_map, gid_map);
	}
	for (int i = 0; i < 2; i++) {
		fd_close(&said[i]);
		fd_close(&end[i]);
	}
	if (pid > 0)
		wait_status(pid);
	return r;
}
