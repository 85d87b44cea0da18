/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_LOOPBACK_H
#define LXCCKPT_INSPECT_LOOPBACK_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/tcp_sockets.h"

/*
 * Whether in the network namespace of init_pid there is a TCP connection with both of
 * its ends in that namespace, or there is no telling.
 */
bool inspect_loopback(pid_t init_pid);

/* Whether there is a TCP connection at all, or there is no telling. */
bool inspect_connected(pid_t init_pid);

/* Whether both ends of a connection are among them. Pure. */
bool loopback_in(const struct tcp_socket *v, size_t n);

#endif
