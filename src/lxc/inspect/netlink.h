/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_INSPECT_NETLINK_H
#define LXCCKPT_INSPECT_NETLINK_H

#include <netlink/netlink.h>

/*
 * Opens a socket to the kernel's tables of links and routes in a network namespace (a descriptor;
 * -1: the caller's own). Returns 0, or libnl's error. The caller calls nl_socket_free().
 */
int netlink_open(int netns, struct nl_sock **ret);

#endif
