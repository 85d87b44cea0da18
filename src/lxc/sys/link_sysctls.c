/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The settings of a link in /proc/sys/net. Runs in the command, which reads them, and in
 * lxc-checkpoint-link, which gives them to a restored link; as root with CAP_NET_ADMIN, in the
 * host's network namespace. Checking names and values is pure.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/link_sysctls.h"
#include "sys/rtnl.h"
#include "sys/setting_text.h"
#include "util/fd.h"
#include "util/mem.h"

/* Not disable_ipv6, which the callback sets itself. */
static const struct {
	const char *family, *name;
	size_t index; /* in the kernel's list of that family */
} sysctls[LINK_SYSCTLS] = {
	{"ipv4", "accept_local", IPV4_DEVCONF_ACCEPT_LOCAL - 1},
	{"ipv4", "accept_redirects", IPV4_DEVCONF_ACCEPT_REDIRECTS - 1},
	{"ipv4", "arp_announce", IPV4_DEVCONF_ARP_ANNOUNCE - 1},
	{"ipv4", "arp_filter", IPV4_DEVCONF_ARPFILTER - 1},
	{"ipv4", "arp_ignore", IPV4_DEVCONF_ARP_IGNORE - 1},
	{"ipv4", "arp_notify", IPV4_DEVCONF_ARP_NOTIFY - 1},
	{"ipv4", "forwarding", IPV4_DEVCONF_FORWARDING - 1},
	{"ipv4", "log_martians", IPV4_DEVCONF_LOG_MARTIANS - 1},
	{"ipv4", "proxy_arp", IPV4_DEVCONF_PROXY_ARP - 1},
	{"ipv4", "proxy_arp_pvlan", IPV4_DEVCONF_PROXY_ARP_PVLAN - 1},
	{"ipv4", "route_localnet", IPV4_DEVCONF_ROUTE_LOCALNET - 1},
	{"ipv4", "rp_filter", IPV4_DEVCONF_RP_FILTER - 1},
	{"ipv4", "send_redirects", IPV4_DEVCONF_SEND_REDIRECTS - 1},
	{"ipv4", "src_valid_mark", IPV4_DEVCONF_SRC_VMARK - 1},
	{"ipv6", "accept_dad", DEVCONF_ACCEPT_DAD},
	{"ipv6", "accept_ra", DEVCONF_ACCEPT_RA},
	{"ipv6", "accept_redirects", DEVCONF_ACCEPT_REDIRECTS},
	{"ipv6", "addr_gen_mode", DEVCONF_ADDR_GEN_MODE},
	{"ipv6", "autoconf", DEVCONF_AUTOCONF},
	{"ipv6", "forwarding", DEVCONF_FORWARDING},
	{"ipv6", "dad_transmits", DEVCONF_DAD_TRANSMITS},
	{"ipv6", "proxy_ndp", DEVCONF_PROXY_NDP},
};

/* All of them are small numbers. */
bool link_sysctl_valid(const char *family, const char *name, const char *value)
{
	for (size_t i = 0; i < LINK_SYSCTLS; i++)
		if (strcmp(sysctls[i].family, family) == 0 && strcmp(sysctls[i].name, name) == 0)
			return setting_number(*value == '-' ? value + 1 : value, INT32_MAX) >= 0;
	return false;
}

static char *path_of(const char *family, const char *link, const char *name)
{
	return xasprintf("/proc/sys/net/%s/conf/%s/%s", family, link, name);
}

int link_sysctl_apply(const char *family, const char *link, const char *name, const char *value)
{
	_cleanup_free_ char *path = path_of(family, link, name);
	int e = write_file_at(AT_FDCWD, path, value);

	return e == -ENOENT ? -EOPNOTSUPP : e;
}

/* A new link has those of "default", of which the kernel tells in files only. */
static void read_usual(struct link_usual *usual)
{
	for (size_t i = 0; i < LINK_SYSCTLS; i++) {
		_cleanup_free_ char *path = path_of(sysctls[i].family, "default", sysctls[i].name);
		_cleanup_free_ char *text = NULL;

		usual->v[i].known = read_file_at(AT_FDCWD, path, 64, &text) > 0;
		if (usual->v[i].known)
			usual->v[i].value = (int)strtol(text, NULL, 10);
	}
	usual->known = true;
}

void link_sysctls_take(const struct nlmsghdr *m, struct link_usual *usual,
		       void (*fn)(const char *name, const char *value, void *userdata),
		       void *userdata)
{
	const struct rtattr *all = rtnl_attribute(m, sizeof(struct ifinfomsg), IFLA_AF_SPEC, 0);
	const struct rtattr *v4 =
		rtnl_within(rtnl_within(all, AF_INET, 0), IFLA_INET_CONF, sizeof(int));
	const struct rtattr *v6 =
		rtnl_within(rtnl_within(all, AF_INET6, 0), IFLA_INET6_CONF, sizeof(int));

	if (!usual->known)
		read_usual(usual);
	for (size_t i = 0; i < LINK_SYSCTLS; i++) {
		const struct rtattr *a = strcmp(sysctls[i].family, "ipv4") == 0 ? v4 : v6;
		_cleanup_free_ char *name = NULL, *value = NULL;
		size_t at = sysctls[i].index * sizeof(int);
		int now;

		if (!a || RTA_PAYLOAD(a) < at + sizeof(now) || !usual->v[i].known)
			continue;
		memcpy(&now, (const char *)rtnl_value(a) + at, sizeof(now));
		if (now == usual->v[i].value)
			continue;
		name = xasprintf("%s.%s", sysctls[i].family, sysctls[i].name);
		value = xasprintf("%d", now);
		fn(name, value, userdata);
	}
}
