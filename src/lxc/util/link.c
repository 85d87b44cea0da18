/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/link.h"
#include "util/mem.h"
#include "util/rtnl.h"

bool link_is_up(const char *link)
{
	_cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};

	strncpy(ifr.ifr_name, link, sizeof(ifr.ifr_name) - 1);
	return ioctl(sock, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP);
}

bool link_is_on(const char *link, const char *bridge)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/master", link);
	char target[PATH_MAX] = "";
	const char *last;

	if (readlink(path, target, sizeof(target) - 1) <= 0)
		return false;
	last = strrchr(target, '/');
	return last && strcmp(last + 1, bridge) == 0;
}

/* A file that this kernel does not have is a setting that cannot be lost. */
static bool has_value(const char *link, const char *dir, const char *file, const char *value)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/%s/%s", link, dir, file);
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, path, 256, &text) < 0)
		return true;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, value) == 0;
}

bool link_is_plain_port(const char *link, const char *bridge)
{
	static const struct {
		const char *file, *value; /* what a new port has */
	} port[] = {
		{"hairpin_mode", "0"},
		{"isolated", "0"},
		{"bpdu_guard", "0"},
		{"root_block", "0"},
		{"learning", "1"},
		{"unicast_flood", "1"},
		{"multicast_flood", "1"},
		{"broadcast_flood", "1"},
		{"multicast_fast_leave", "0"},
		{"proxyarp", "0"},
		{"proxyarp_wifi", "0"},
		{"multicast_router", "1"},
		{"neigh_suppress", "0"},
		{"multicast_to_unicast", "0"},
		{"group_fwd_mask", "0x0"},
		{"priority", "32"},
		{"path_cost", "2"},
		{"backup_port", ""},
	};
	bool plain = has_value(bridge, "bridge", "vlan_filtering", "0") &&
		     has_value(bridge, "bridge", "stp_state", "0");

	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++)
		plain = plain && has_value(link, "brport", port[i].file, port[i].value);
	return plain;
}

struct link_change {
	unsigned short type; /* RTM_SETLINK or RTM_DELLINK */
	unsigned int flags_mask, flags;
	unsigned short attribute; /* 0: none */
	unsigned int value;
};

static int change(const char *link, const struct link_change *c)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct rtattr attribute;
		unsigned int value;
	} message = {
		.header.nlmsg_len = offsetof(typeof(message), attribute),
		.header.nlmsg_type = c->type,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.info.ifi_index = (int)if_nametoindex(link),
		.info.ifi_change = c->flags_mask,
		.info.ifi_flags = c->flags,
		.attribute.rta_len = RTA_LENGTH(sizeof(message.value)),
		.attribute.rta_type = c->attribute,
		.value = c->value,
	};
	_cleanup_close_ int sock = -1;

	if (message.info.ifi_index == 0)
		return -errno;
	if (c->attribute)
		message.header.nlmsg_len = sizeof(message);
	sock = rtnl_open();
	return sock < 0 ? sock : rtnl_request(sock, &message, message.header.nlmsg_len);
}

int link_attach(const char *link, const char *bridge)
{
	struct link_change c = {
		.type = RTM_SETLINK,
		.attribute = IFLA_MASTER,
		.value = if_nametoindex(bridge),
	};

	return c.value == 0 ? -errno : change(link, &c);
}

int link_up_without_arp(const char *link)
{
	return change(link, &(struct link_change){.type = RTM_SETLINK,
						  .flags_mask = IFF_UP | IFF_NOARP,
						  .flags = IFF_UP | IFF_NOARP});
}

int link_move(const char *link, pid_t pid)
{
	return change(link, &(struct link_change){.type = RTM_SETLINK,
						  .attribute = IFLA_NET_NS_PID,
						  .value = (unsigned int)pid});
}

int link_delete(const char *link)
{
	return change(link, &(struct link_change){.type = RTM_DELLINK});
}
