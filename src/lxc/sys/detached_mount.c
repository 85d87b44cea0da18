/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Mounts filesystems in no mount namespace. Runs in the command and in the monitor, as root on the
 * host. mount() needs a place, so a child makes a mount namespace of its own and hands over a copy
 * of the mount there. (fsconfig() takes no text of more than 255 bytes, as layers of an overlay
 * are.) The parent may have threads, so the child makes only system calls.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#include "sys/detached_mount.h"
#include "sys/process.h"
#include "sys/runtime.h"
#include "util/fd.h"

int detached_clone(int dir, const char *path, unsigned int flags)
{
	struct mount_attr private = {.propagation = MS_PRIVATE};
	_cleanup_close_ int fd = open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof(private)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static uint64_t attributes(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		uint64_t attribute;
	} same[] = {
		{MS_RDONLY, MOUNT_ATTR_RDONLY},		{MS_NOSUID, MOUNT_ATTR_NOSUID},
		{MS_NODEV, MOUNT_ATTR_NODEV},		{MS_NOEXEC, MOUNT_ATTR_NOEXEC},
		{MS_NOATIME, MOUNT_ATTR_NOATIME},	{MS_STRICTATIME, MOUNT_ATTR_STRICTATIME},
		{MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
	};
	uint64_t ret = 0;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (flags & same[i].flag)
			ret |= same[i].attribute;
	return ret;
}

int detached_set_flags(int fd, unsigned long flags)
{
	struct mount_attr attr = {
		.attr_set = attributes(flags),
		.attr_clr = attributes(~0UL) | MOUNT_ATTR__ATIME,
	};

	return mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

union control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

static int mount_apart(const struct mount_request *m)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(m->source, RUNTIME_DIR, m->type, m->flags, m->data) < 0)
		return -errno;
	return detached_clone(AT_FDCWD, RUNTIME_DIR, 0);
}

_Noreturn static void be_child(int sock, const struct mount_request *m)
{
	int fd = mount_apart(m), result = fd < 0 ? fd : 0;
	struct iovec iov = {&result, sizeof(result)};
	union control control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	_exit(sendmsg(sock, &msg, MSG_NOSIGNAL) < 0);
}

static int take(int sock)
{
	int result = -EPIPE, fd = -1;
	struct iovec iov = {&result, sizeof(result)};
	union control control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	const struct cmsghdr *c;

	if (TEMP_FAILURE_RETRY(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC)) != sizeof(result))
		return -EPIPE;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (result < 0)
		return result;
	return fd < 0 ? -EPIPE : fd;
}

int detached_mount(const struct mount_request *m)
{
	_cleanup_close_ int dir = runtime_dir_open();
	int pair[2], r;
	pid_t pid;

	if (dir < 0)
		return dir;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork_quietly();
	if (pid == 0)
		be_child(pair[1], m);
	r = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (r == 0)
		r = take(pair[0]);
	close(pair[0]);
	if (pid > 0)
		wait_status(pid);
	return r;
}
