/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks at links of a network namespace and changes them; nothing else in the project does. Runs in
 * the command, in the monitor and in their children, in the caller's network namespace, with
 * CAP_NET_ADMIN there for changes.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/link.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/mem.h"

/* Constants of linux/if.h, which conflicts with net/if.h. */
enum { MODE_DEFAULT = 0, MODE_DORMANT = 1, STATE_DORMANT = 5, STATE_UP = 6 };

/*
 * Begins a request about one link. By its name: the number could belong to another link by the time
 * that the kernel looks.
 */
static int begin(struct rtnl_message *m, unsigned short type, const char *link, unsigned int mask,
		 unsigned int flags)
{
	const struct ifinfomsg header = {.ifi_change = mask, .ifi_flags = flags};
	size_t len = strlen(link);

	if (len == 0 || len >= IFNAMSIZ)
		return -ENODEV;
	rtnl_begin(m, type, &header, sizeof(header));
	rtnl_put(m, IFLA_IFNAME, link, len + 1);
	return 0;
}

/* The same, by its number. */
static void begin_by_number(struct rtnl_message *m, unsigned short type, unsigned int number)
{
	const struct ifinfomsg header = {.ifi_index = (int)number};

	rtnl_begin(m, type, &header, sizeof(header));
}

static void take_info(const struct nlmsghdr *m, void *userdata)
{
	if (m->nlmsg_type == RTM_NEWLINK && m->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		memcpy(userdata, (const char *)m + NLMSG_HDRLEN, sizeof(struct ifinfomsg));
}

static int look(int sock, const char *link, struct ifinfomsg *ret)
{
	struct rtnl_message m;
	int e = begin(&m, RTM_GETLINK, link, 0, 0);

	*ret = (struct ifinfomsg){0};
	return e < 0 ? e : rtnl_ask(sock, &m, m.h.nlmsg_len, take_info, ret);
}

bool link_is_up(const char *link)
{
	_cleanup_close_ int sock = rtnl_open();
	struct ifinfomsg info;

	return sock >= 0 && look(sock, link, &info) == 0 && (info.ifi_flags & IFF_UP);
}

bool link_is_on(const char *link, const char *bridge)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/master", link);
	char target[PATH_MAX] = "";
	const char *last;

	if (readlink(path, target, sizeof(target) - 1) <= 0)
		return false;
	last = strrchr(target, '/');
	return last && (!bridge || strcmp(last + 1, bridge) == 0);
}

bool link_has_mac(const char *link, const char *mac)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/address", link);
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, path, 256, &text) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcasecmp(text, mac) == 0;
}

/* If this kernel lacks the file, it lacks the setting. */
static bool bridge_has(const char *bridge, const char *file, const char *value)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge/%s", bridge, file);
	_cleanup_free_ char *text = NULL;

	if (read_file_at(AT_FDCWD, path, 256, &text) < 0)
		return true;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, value) == 0;
}

bool link_is_plain_bridge(const char *bridge)
{
	return bridge_has(bridge, "vlan_filtering", "0") && bridge_has(bridge, "stp_state", "0");
}

int link_attach(const char *link, const char *bridge)
{
	unsigned int master = if_nametoindex(bridge);
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, 0, 0);

	if (e < 0 || master == 0)
		return e < 0 ? e : -ENODEV;
	rtnl_put(&m, IFLA_MASTER, &master, sizeof(master));
	return rtnl_send(&m);
}

int link_detach(const char *link)
{
	const unsigned int none = 0;
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, 0, 0);

	if (e < 0)
		return e;
	rtnl_put(&m, IFLA_MASTER, &none, sizeof(none));
	return rtnl_send(&m);
}

/* Six numbers in hexadecimal. */
static int put_mac(struct rtnl_message *m, const char *text)
{
	unsigned char mac[6];

	for (size_t i = 0; i < sizeof(mac); i++) {
		char *end;

		mac[i] = (unsigned char)strtoul(text, &end, 16);
		if (end != text + 2 || *end != (i + 1 < sizeof(mac) ? ':' : '\0'))
			return -EINVAL;
		text = end + 1;
	}
	rtnl_put(m, IFLA_ADDRESS, mac, sizeof(mac));
	return 0;
}

int link_connect(const char *link, const struct link_connection *c)
{
	const unsigned char dormant = MODE_DORMANT, state = STATE_DORMANT;
	unsigned int master = c->bridge ? if_nametoindex(c->bridge) : 0;
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, IFF_UP | IFF_NOARP, IFF_UP);

	if (e == 0 && c->bridge && master == 0)
		e = -ENODEV;
	if (e == 0 && c->mac)
		e = put_mac(&m, c->mac);
	if (e < 0)
		return e;
	if (c->mtu)
		rtnl_put(&m, IFLA_MTU, &c->mtu, sizeof(c->mtu));
	if (c->bridge && !c->hold)
		rtnl_put(&m, IFLA_MASTER, &master, sizeof(master));
	if (c->hold) {
		rtnl_put(&m, IFLA_LINKMODE, &dormant, sizeof(dormant));
		rtnl_put(&m, IFLA_OPERSTATE, &state, sizeof(state));
	}
	e = rtnl_send(&m);
	/* the kernel sets the master first of all: this is a second request */
	return e < 0 || !c->bridge || !c->hold ? e : link_attach(link, c->bridge);
}

int link_release(const char *link)
{
	const unsigned char normal = MODE_DEFAULT, state = STATE_UP;
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, 0, 0);

	if (e < 0)
		return e;
	rtnl_put(&m, IFLA_LINKMODE, &normal, sizeof(normal));
	rtnl_put(&m, IFLA_OPERSTATE, &state, sizeof(state));
	return rtnl_send(&m);
}

int link_down(const char *link)
{
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, IFF_UP, 0);

	if (e < 0)
		return e;
	return rtnl_send(&m);
}

int link_up_without_arp(const char *link)
{
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);

	if (e < 0)
		return e;
	return rtnl_send(&m);
}

int link_move(const char *link, pid_t pid)
{
	unsigned int number = (unsigned int)pid;
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, 0, 0);

	if (e < 0)
		return e;
	rtnl_put(&m, IFLA_NET_NS_PID, &number, sizeof(number));
	return rtnl_send(&m);
}

int link_delete(const char *link, unsigned int number)
{
	struct rtnl_message m;

	begin_by_number(&m, RTM_DELLINK, number);
	/*
	 * by its number, since the name may belong to another link by the time that the kernel
	 * looks
	 */
	return number == 0 || if_nametoindex(link) != number ? -ENODEV : rtnl_send(&m);
}

/* The identity of a link. */
struct identity {
	char name[IFNAMSIZ];
	char mac[18];
	bool is_veth;
};

static const struct rtattr *link_attribute(const struct nlmsghdr *m, unsigned short type,
					   size_t least)
{
	return rtnl_attribute(m, sizeof(struct ifinfomsg), type, least);
}

/* The kind is a nested attribute. */
static bool is_of_kind(const struct nlmsghdr *m, const char *kind)
{
	const size_t len = strlen(kind) + 1;
	const struct rtattr *a =
		rtnl_within(link_attribute(m, IFLA_LINKINFO, 0), IFLA_INFO_KIND, len);

	return a && RTA_PAYLOAD(a) == len && memcmp(rtnl_value(a), kind, len) == 0;
}

static void take_identity(const struct nlmsghdr *m, void *userdata)
{
	struct identity *ret = userdata;
	const struct rtattr *name = link_attribute(m, IFLA_IFNAME, 1);
	const struct rtattr *mac = link_attribute(m, IFLA_ADDRESS, 6);
	unsigned char b[6];

	if (m->nlmsg_type != RTM_NEWLINK || !name)
		return;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)RTA_PAYLOAD(name),
		 (const char *)rtnl_value(name));
	ret->is_veth = is_of_kind(m, "veth");
	if (!mac)
		return;
	memcpy(b, rtnl_value(mac), sizeof(b));
	snprintf(ret->mac, sizeof(ret->mac), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2],
		 b[3], b[4], b[5]);
}

static int identify(unsigned int number, struct identity *ret)
{
	_cleanup_close_ int sock = rtnl_open();
	struct rtnl_message m;

	*ret = (struct identity){0};
	begin_by_number(&m, RTM_GETLINK, number);
	return sock < 0 ? sock : rtnl_ask(sock, &m, m.h.nlmsg_len, take_identity, ret);
}

char *link_address(const char *link, unsigned int number)
{
	struct identity found;

	if (number == 0 || identify(number, &found) < 0 || strcmp(found.name, link) != 0 ||
	    !*found.mac)
		return NULL;
	return xstrdup(found.mac);
}

int link_delete_veth(const char *link, unsigned int number, const char *mac)
{
	struct identity found;
	int e = number == 0 ? -ENODEV : identify(number, &found);

	if (e < 0)
		return e;
	if (!found.is_veth || strcmp(found.name, link) != 0 ||
	    (mac && strcasecmp(found.mac, mac) != 0))
		return -ENODEV;
	return link_delete(link, number);
}

int link_delete_unused(const char *link)
{
	_cleanup_free_ char *master = xasprintf("/sys/class/net/%s/master", link);
	unsigned int number = if_nametoindex(link);

	if (link_is_up(link) || access(master, F_OK) == 0)
		return -EBUSY;
	return link_delete_veth(link, number, NULL);
}

/* 0: there is no such link in the socket's network namespace. */
static unsigned int link_number_at(int sock, const char *link)
{
	struct ifinfomsg info = {0};

	return look(sock, link, &info) < 0 ? 0 : (unsigned int)info.ifi_index;
}

int link_try_macvlan(int host, const char *parent, const char *mac)
{
	const uint32_t here = (uint32_t)getpid(), number = link_number_at(host, parent);
	/* older kernels look whether the host has the name */
	_cleanup_free_ char *name = xasprintf("probe%u", here);
	struct rtnl_message m;
	size_t nest;
	int e = begin(&m, RTM_NEWLINK, name, IFF_UP, IFF_UP);

	if (e == 0 && number == 0)
		e = -ENODEV;
	if (e == 0)
		e = put_mac(&m, mac);
	if (e < 0)
		return e;
	m.h.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	rtnl_put(&m, IFLA_LINK, &number, sizeof(number));
	rtnl_put(&m, IFLA_NET_NS_PID, &here, sizeof(here));
	nest = rtnl_nest(&m, IFLA_LINKINFO);
	rtnl_put(&m, IFLA_INFO_KIND, "macvlan", sizeof("macvlan"));
	rtnl_close(&m, nest);
	e = rtnl_request(host, &m, m.h.nlmsg_len);
	return e < 0 ? e : link_delete(name, if_nametoindex(name));
}

int link_disable_ipv6(const char *link)
{
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", link);
	int e = write_file_at(AT_FDCWD, path, "1");

	return e == -ENOENT ? 0 : e;
}

/* Subscribes to changes of links. */
static int listen_to_links(void)
{
	const struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	_cleanup_close_ int sock =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (sock < 0 || bind(sock, (const struct sockaddr *)&links, sizeof(links)) < 0)
		return -errno;
	return TAKE_FD(sock);
}

/* Discards the message, which only means that it is time to look again. */
static void hear(int events, int ms)
{
	struct pollfd p = {.fd = events, .events = POLLIN};
	char said[8192];

	poll(&p, 1, ms);
	while (recv(events, said, sizeof(said), 0) >= 0)
		;
}

int link_wait_for_carrier(const char *link, int ms)
{
	_cleanup_close_ int events = listen_to_links();
	_cleanup_close_ int sock = rtnl_open();
	struct ifinfomsg info;
	int64_t end = monotonic_ms() + ms;

	if (events < 0 || sock < 0)
		return events < 0 ? events : sock;
	for (;;) {
		int64_t left = end - monotonic_ms();
		int e = look(sock, link, &info);

		if (e < 0 || (info.ifi_flags & IFF_RUNNING))
			return e;
		if (left <= 0)
			return -ETIMEDOUT;
		hear(events, (int)left);
	}
}

struct address {
	struct in6_addr address;
	unsigned char prefix;
};

struct addresses {
	unsigned int ifindex;
	struct address *list;
	size_t n;
};

static void take_link_local(const struct nlmsghdr *m, void *userdata)
{
	struct addresses *all = userdata;
	const struct rtattr *a =
		rtnl_attribute(m, sizeof(struct ifaddrmsg), IFA_ADDRESS, sizeof(struct in6_addr));
	struct ifaddrmsg info;
	struct address *found;

	if (m->nlmsg_type != RTM_NEWADDR || !a)
		return;
	memcpy(&info, (const char *)m + NLMSG_HDRLEN, sizeof(info));
	if (info.ifa_family != AF_INET6 || info.ifa_index != all->ifindex ||
	    info.ifa_scope != RT_SCOPE_LINK)
		return;
	found = ARRAY_ADD(all->list, all->n);
	memcpy(&found->address, rtnl_value(a), sizeof(found->address));
	found->prefix = info.ifa_prefixlen;
}

static int delete_address(int sock, unsigned int ifindex, const struct address *a)
{
	const struct ifaddrmsg header = {
		.ifa_family = AF_INET6,
		.ifa_prefixlen = a->prefix,
		.ifa_index = ifindex,
	};
	struct rtnl_message m;

	rtnl_begin(&m, RTM_DELADDR, &header, sizeof(header));
	rtnl_put(&m, IFA_LOCAL, &a->address, sizeof(a->address));
	return rtnl_request(sock, &m, m.h.nlmsg_len);
}

/* The kernel reports a carrier before it has made the address; this waits for the lock. */
static int wait_for_kernel(int sock, const char *link)
{
	struct rtnl_message m;
	int e = begin(&m, RTM_SETLINK, link, 0, 0);

	return e < 0 ? e : rtnl_request(sock, &m, m.h.nlmsg_len);
}

int link_flush_link_local(const char *link)
{
	const struct ifaddrmsg ipv6 = {.ifa_family = AF_INET6};
	struct addresses all = {.ifindex = if_nametoindex(link)};
	_cleanup_close_ int sock = rtnl_open();
	int e = sock < 0 ? sock : wait_for_kernel(sock, link);

	if (e == 0)
		e = rtnl_list(sock, RTM_GETADDR, &ipv6, sizeof(ipv6), take_link_local, &all);
	for (size_t i = 0; (e == 0 || e == -EADDRNOTAVAIL) && i < all.n; i++)
		e = delete_address(sock, all.ifindex, &all.list[i]);
	free(all.list);
	return e == -EADDRNOTAVAIL || e == -EOPNOTSUPP ? 0 : e;
}
