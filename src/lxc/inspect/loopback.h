/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_LOOPBACK_H
#define LXCCKPT_INSPECT_LOOPBACK_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/tcp_sockets.h"

/*
 * Whether the network namespace of init_pid has a TCP connection with both ends in it, or the
 * answer is unknown.
 */
bool inspect_loopback(pid_t init_pid);

/* Whether there is any TCP connection, or the answer is unknown. */
bool inspect_connected(pid_t init_pid);

/* Whether both ends of a connection are among them. Pure. */
bool loopback_in(const struct tcp_socket *v, size_t n);

#endif
