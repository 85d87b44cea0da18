/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_NETNS_H
#define LXCCKPT_SYS_NETNS_H

#include <sys/types.h>

/*
 * Calls fn(userdata) in a thread of its own that is in the network namespace netns. Descriptors
 * that fn opens are the whole process's; the caller's thread never leaves its own namespace.
 * Returns what fn returns, or -errno: fn was not called.
 */
int netns_call(int netns, int (*fn)(void *userdata), void *userdata);

/*
 * Opens the network namespace of the process. Returns a descriptor or -errno.
 */
int netns_open(pid_t pid);

/*
 * Opens a netlink socket of that protocol (NETLINK_SOCK_DIAG …) in the network namespace of the
 * process. Returns a descriptor or -errno.
 */
int netns_netlink_socket(pid_t pid, int protocol);

#endif
