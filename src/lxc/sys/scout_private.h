/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_SCOUT_PRIVATE_H
#define LXCCKPT_SYS_SCOUT_PRIVATE_H

/* Shared by scout.c and scout_sockets.c. Nobody else includes this. */

#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "sys/scout.h"
#include "sys/scout_sockets.h"

#define SCOUT_PART (1024 * 1024) /* the part of a file in one answer */

enum scout_task {
	SCOUT_TASK_OPEN,
	SCOUT_TASK_FILESYSTEM,
	SCOUT_TASK_STAT,
	SCOUT_TASK_READ,
	SCOUT_TASK_READ_ON,
	SCOUT_TASK_COPY,
	SCOUT_TASK_SOCKET,
	SCOUT_TASK_NETLINK,
	SCOUT_TASK_NETLINK_ON,
};

/* Shared memory: the child writes, its parent reads. */
struct scout_shared {
	struct stat st;
	struct socket_answers socket;
	char part[SCOUT_PART];
};

struct scout_request {
	enum scout_task task;
	int flags;
	pid_t pid;  /* SCOUT_TASK_COPY, SCOUT_TASK_SOCKET, SCOUT_TASK_NETLINK: the process */
	int number; /* ... its descriptor; SCOUT_TASK_NETLINK: the protocol */
	ino_t inode;
	char root[32];	     /* SCOUT_TASK_OPEN: the start of the path */
	char path[PATH_MAX]; /* SCOUT_TASK_NETLINK: the message, of `flags` bytes */
};

/* ret_fd: for SCOUT_TASK_OPEN and SCOUT_TASK_COPY. Returns the child's result, or -errno. */
long scout_ask(struct scout *s, const struct scout_request *q, int *ret_fd);

/* The child's half: system calls only. Each returns 0 or more, or -errno. */
long scout_child_copy(const struct scout_request *q); /* a descriptor */
long scout_child_socket(const struct scout_request *q, struct scout_shared *shared);
long scout_child_netlink(const struct scout_request *q, int *netlink);
long scout_child_netlink_on(int netlink, struct scout_shared *shared);

#endif
