/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_TRAFFIC_CONTROL_H
#define LXCCKPT_SYS_TRAFFIC_CONTROL_H

/*
 * Queueing disciplines and their classes, as the requests that make them. The kernel reports some
 * kinds completely. Filters, and the rest of the kinds, cannot be made from its reports.
 */

#include <linux/netlink.h>

struct tc_listing {
	/* A request that makes a discipline or a class; NULL: not wanted. */
	void (*carried)(const struct nlmsghdr *request, void *userdata);
	/* Called for what cannot be made again on the link of that number; NULL: not wanted. */
	void (*lost)(int link, const char *what, void *userdata);
	void *userdata;
};

/*
 * Lists those of the socket's network namespace, but for the kernel's default ones. Returns 0 or
 * -errno; -EINTR: list them again.
 */
int tc_list(int sock, const struct tc_listing *l);

#endif
