/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LXCCKPT_SYS_LINK_SYSCTLS_H
#define LXCCKPT_SYS_LINK_SYSCTLS_H

/*
 * The files of net.ipv4.conf.LINK and net.ipv6.conf.LINK that an administrator sets, as settings
 * "ipv4.NAME" and "ipv6.NAME" (see link_settings.h).
 */

#include <linux/netlink.h>
#include <stdbool.h>

#define LINK_SYSCTLS 22

/* What a new link has, which is read once for any number of links: struct link_usual u = {0}. */
struct link_usual {
	bool known;
	struct {
		bool known; /* this kernel has it */
		int value;
	} v[LINK_SYSCTLS];
};

/*
 * Calls fn for each that differs from a new link's. m: the link, as the kernel answers with all of
 * its files in one message.
 */
void link_sysctls_take(const struct nlmsghdr *m, struct link_usual *usual,
		       void (*fn)(const char *name, const char *value, void *userdata),
		       void *userdata);

/* family: "ipv4" or "ipv6". Pure. */
bool link_sysctl_valid(const char *family, const char *name, const char *value);

/* Returns 0 or -errno; -EOPNOTSUPP: this kernel lacks it. */
int link_sysctl_apply(const char *family, const char *link, const char *name, const char *value);

#endif
