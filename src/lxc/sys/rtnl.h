/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_RTNL_H
#define LXCCKPT_SYS_RTNL_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Requests to the kernel's tables of links, addresses and routes, without libnl: for a handful of
 * requests, libnl would take memory in every container's monitor.
 */

/*
 * Opens a socket to the tables of the caller's network namespace. Returns a descriptor or -errno.
 */
int rtnl_open(void);

/*
 * Sends the message (from its struct nlmsghdr on, which has NLM_F_ACK) and waits for the kernel's
 * answer. Returns 0 or -errno.
 */
int rtnl_request(int sock, const void *message, size_t len);

/* The same, and calls fn for each message before the end of the answer. */
int rtnl_ask(int sock, const void *message, size_t len,
	     void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

/* The state of an answer that comes in packets. fn may be NULL. */
struct rtnl_answer {
	void (*fn)(const struct nlmsghdr *m, void *userdata);
	void *userdata;
	bool interrupted, ended;
};

/* Calls fn for each message in a packet. Returns 0, or -errno of the packet or of the answer. */
int rtnl_packet(const char *packet, size_t len, struct rtnl_answer *a);

/*
 * Lists a table: header follows the struct nlmsghdr of a request of that type. Returns 0 or -errno;
 * -EINTR: the table changed meanwhile, list it again.
 */
int rtnl_list(int sock, unsigned short type, const void *header, size_t len,
	      void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

/* The attribute of that type after a header of that size; NULL: missing or shorter. */
const struct rtattr *rtnl_attribute(const struct nlmsghdr *m, size_t header, unsigned short type,
				    size_t least);

/* The attribute of that type within another one, which may be NULL. */
const struct rtattr *rtnl_within(const struct rtattr *nest, unsigned short type, size_t least);

/*
 * Takes the next attribute of that type from *len bytes of attributes, and moves both on behind it;
 * NULL: there is no more.
 */
const struct rtattr *rtnl_take(const void **attributes, size_t *len, unsigned short type,
			       size_t least);

static inline const void *rtnl_value(const struct rtattr *a)
{
	/* RTA_DATA() of older headers drops a const */
	return (const char *)a + RTA_LENGTH(0);
}

#endif
