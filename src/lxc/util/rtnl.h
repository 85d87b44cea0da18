/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_UTIL_RTNL_H
#define LXCCKPT_UTIL_RTNL_H

#include <stddef.h>

/*
 * A request to the kernel's tables of links and routes, without libnl: that would
 * stay in the memory of every container's monitor for a handful of requests.
 */

/* A socket to those of the caller's network namespace, or -errno. */
int rtnl_open(void);

/*
 * Sends the message (from its struct nlmsghdr on, which has NLM_F_ACK) and waits for
 * the kernel's answer: 0, or -errno.
 */
int rtnl_request(int sock, const void *message, size_t len);

#endif
