/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_RTNL_H
#define LXCCKPT_SYS_RTNL_H

#include <linux/netlink.h>
#include <stddef.h>

/*
 * Requests to the kernel's tables of links, addresses and routes, without libnl: libnl would
 * stay in the memory of every container's monitor for a handful of requests.
 */

/* A socket to the tables of the caller's network namespace, or -errno. */
int rtnl_open(void);

/*
 * Sends the message (from its struct nlmsghdr on, which has NLM_F_ACK) and waits for
 * the kernel's answer: 0, or -errno.
 */
int rtnl_request(int sock, const void *message, size_t len);

/* The same, and calls fn for each message that comes before the end of the answer. */
int rtnl_ask(int sock, const void *message, size_t len,
	     void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

/*
 * Lists a table: header is what follows the struct nlmsghdr of a request of that type.
 * 0 or -errno; -EINTR: the table has changed meanwhile, list it again.
 */
int rtnl_list(int sock, unsigned short type, const void *header, size_t len,
	      void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

/* The attribute of that type behind a header of that size; NULL if none has so many bytes. */
const struct rtattr *rtnl_attribute(const struct nlmsghdr *m, size_t header, unsigned short type,
				    size_t least);

#endif
