/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_LOOPBACK_H
#define LXCCKPT_INSPECT_LOOPBACK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether in the network namespace of init_pid there is a TCP connection with both of
 * its ends in that namespace, or so many of all kinds that there may be one.
 */
bool inspect_loopback(pid_t init_pid);

/* Whether there is a TCP connection at all. */
bool inspect_connected(pid_t init_pid);

/* Whether texts of /proc/PID/net/tcp and tcp6, NULL for none, have both ends of a connection. Pure.
 */
bool loopback_in(const char *tcp, const char *tcp6);

#endif
