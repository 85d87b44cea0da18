/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_SCOUT_SOCKETS_H
#define LXCCKPT_SYS_SCOUT_SOCKETS_H

/*
 * Some questions about a TCP or UDP socket take the lock of the socket, which a system call of the
 * container holds while it waits for memory that nobody serves (userfaultfd, FUSE). The scout's
 * child asks them.
 */

#include <linux/netlink.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "sys/scout.h"

struct socket_answers {
	struct sockaddr_storage local, remote; /* AF_UNSPEC: not connected */
	socklen_t local_len;
	int tcp_state;	      /* TCP_ESTABLISHED …; 0: another protocol */
	unsigned int waiting; /* connections that a listening TCP socket has not accepted */
	int unread, unsent;   /* bytes of datagrams */
};

/*
 * Asks about the IPv4 or IPv6 socket with that inode, the process's descriptor `number`. Returns 0
 * or -errno; -ETIMEDOUT: no answer, now or earlier; -ESTALE: the descriptor is another file by now.
 */
int scout_socket(struct scout *s, pid_t pid, int number, ino_t inode, struct socket_answers *ret);

/*
 * Sends a netlink message in the process's network namespace, and calls fn for each message of the
 * answer. Returns 0 or -errno, as rtnl_list() does.
 */
int scout_netlink(struct scout *s, pid_t pid, int protocol, const void *message, size_t len,
		  void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

#endif
