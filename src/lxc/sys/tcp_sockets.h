/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_TCP_SOCKETS_H
#define LXCCKPT_SYS_TCP_SOCKETS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A TCP connection, or what a connection begins or ends as; IPv4 addresses as mapped into IPv6. */
struct tcp_socket {
	struct in6_addr local, remote;
	uint16_t local_port, remote_port; /* in network byte order */
	uint32_t inode;			  /* 0: no process has it */
};

/*
 * Those of pid's network namespace, but for what listens, is closed or only remembered
 * (TIME_WAIT). The kernel has an index, and /proc/PID/net/tcp takes a hundred times as long.
 * 0 or -errno. Caller frees.
 */
int tcp_sockets_list(pid_t pid, struct tcp_socket **ret, size_t *ret_n);

#endif
