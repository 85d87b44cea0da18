/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_TOOLS_IP_STATE_H
#define LXCCKPT_TOOLS_IP_STATE_H

/*
 * The state of a network namespace for which CRIU calls no program: settings of links, labels of
 * addresses, proxied neighbours, traffic control. It follows the rules in CRIU's file of them, as
 * the requests that make it.
 */

#include <linux/netlink.h>
#include <stddef.h>

/* Takes the requests. */
struct ip_out {
	void (*fn)(const struct nlmsghdr *m, void *userdata);
	void *userdata;
};

/* Sends a saved message as a request of that type. Returns 0 or -errno. */
int ip_state_request(int sock, unsigned short type, const struct nlmsghdr *m, unsigned int flags);

/* Returns 0 or -errno; -EINTR: something changed meanwhile, list it again. */
int ip_state_list(int sock, void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata);

/* saved: the whole file. Prints what fails. Returns 0 or -errno. */
int ip_state_make(int sock, void *saved, size_t len);

#endif
