/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_TCP_SOCKETS_H
#define LXCCKPT_SYS_TCP_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/scout.h"

/* A TCP connection in any state; IPv4 addresses are mapped into IPv6. */
struct tcp_socket {
	struct in6_addr local, remote;
	uint16_t local_port, remote_port; /* in network byte order */
	uint32_t inode;			  /* 0: no process has it */
	bool layered; /* another protocol is above it: its inode may be that of an MPTCP socket.
			 Only tcp_sockets_list_layers() sets it. */
};

/*
 * Lists those of pid's network namespace, except listening, closed and TIME_WAIT sockets. The
 * kernel has an index for this; /proc/PID/net/tcp takes a hundred times as long. Returns 0 or
 * -errno. Caller frees.
 */
int tcp_sockets_list(pid_t pid, struct tcp_socket **ret, size_t *ret_n);

/*
 * The same with the member `layered`. Takes several times as long, and asks the scout: -ETIMEDOUT
 * if a system call of the container keeps one of the sockets locked.
 */
int tcp_sockets_list_layers(struct scout *s, pid_t pid, struct tcp_socket **ret, size_t *ret_n);

/* Whether there is none in any state, as /proc/PID/net/sockstat and sockstat6 count them. Pure. */
bool tcp_sockets_none(const char *sockstat, const char *sockstat6);

#endif
