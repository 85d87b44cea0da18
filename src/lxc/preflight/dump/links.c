/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks for network state in the container that neither CRIU nor lxc-checkpoint-ip brings back:
 * options of bridges, traffic control in part, IPsec. Runs in the command, as root of the host,
 * with sockets in the container's network namespaces. The container chooses names and
 * numbers.
 */
#include "config.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "preflight/survey.h"
#include "sys/bridge_port.h"
#include "sys/netns.h"
#include "sys/rtnl.h"
#include "sys/traffic_control.h"
#include "util/fd.h"
#include "util/mem.h"

#define WARNINGS_MAX 8 /* more say nothing new */

struct links {
	struct survey *s;
	pid_t pid; /* a process in the network namespace */
	size_t warned;
	bool ipsec;
	struct link_name {
		int number;
		char *name;
	} *v;
	size_t n;
};

static void warn(struct links *l, const char *link, const char *what)
{
	if (l->warned++ >= WARNINGS_MAX)
		return;
	findings_add(l->s->found,
		     FINDING("network-settings", FINDING_WARNING, "set it again after the restore"),
		     "the network interface %s of %s has %s, which a restore does not bring back",
		     link, l->s->p->facts->name, what);
}

/* --- links ----------------------------------------------------------------------------------- */

static uint32_t number_in(const struct rtattr *nest, unsigned short type, uint32_t otherwise)
{
	const struct rtattr *a = rtnl_within(nest, type, sizeof(uint32_t));
	uint32_t n = otherwise;

	if (a)
		memcpy(&n, rtnl_value(a), sizeof(n));
	return n;
}

static bool is_usual_bridge(const struct rtattr *data)
{
	const struct rtattr *filter = rtnl_within(data, IFLA_BR_VLAN_FILTERING, 1);
	const struct rtattr *priority = rtnl_within(data, IFLA_BR_PRIORITY, sizeof(uint16_t));
	uint16_t first = 32768;

	if (priority)
		memcpy(&first, rtnl_value(priority), sizeof(first));
	return first == 32768 && (!filter || *(const uint8_t *)rtnl_value(filter) == 0) &&
	       number_in(data, IFLA_BR_STP_STATE, 0) == 0 &&
	       number_in(data, IFLA_BR_FORWARD_DELAY, 1500) == 1500 &&
	       number_in(data, IFLA_BR_AGEING_TIME, 30000) == 30000;
}

static bool is_kind(const struct rtattr *info, unsigned short type, const char *kind)
{
	const struct rtattr *a = rtnl_within(info, type, strlen(kind) + 1);

	return a && memcmp(rtnl_value(a), kind, strlen(kind) + 1) == 0;
}

static void check_bridges(struct links *l, const char *name, const struct rtattr *info)
{
	if (is_kind(info, IFLA_INFO_KIND, "bridge") &&
	    !is_usual_bridge(rtnl_within(info, IFLA_INFO_DATA, 0)))
		warn(l, name, "options of a bridge (STP, VLANs, priority, times)");
	if (is_kind(info, IFLA_INFO_SLAVE_KIND, "bridge") &&
	    bridge_port_has_options(rtnl_within(info, IFLA_INFO_SLAVE_DATA, 0)))
		warn(l, name, "options of a bridge port");
}

static void check_xdp(struct links *l, const char *name, const struct rtattr *xdp)
{
	const struct rtattr *attached = rtnl_within(xdp, IFLA_XDP_ATTACHED, 1);

	if (attached && *(const uint8_t *)rtnl_value(attached) != XDP_ATTACHED_NONE)
		warn(l, name, "an XDP program");
}

static void take_link(const struct nlmsghdr *m, void *userdata)
{
	const size_t size = sizeof(struct ifinfomsg);
	const struct rtattr *name = rtnl_attribute(m, size, IFLA_IFNAME, 1);
	_cleanup_free_ char *text = NULL;
	struct links *l = userdata;

	if (m->nlmsg_type != RTM_NEWLINK || !name || l->warned >= WARNINGS_MAX)
		return;
	text = xstrndup(rtnl_value(name), RTA_PAYLOAD(name));
	check_bridges(l, text, rtnl_attribute(m, size, IFLA_LINKINFO, 0));
	check_xdp(l, text, rtnl_attribute(m, size, IFLA_XDP, 0));
}

/* --- traffic control ------------------------------------------------------------------------- */

static void take_lost(int number, const char *what, void *userdata)
{
	struct links *l = userdata;
	struct link_name *link;

	if (l->n >= WARNINGS_MAX)
		return;
	link = ARRAY_ADD(l->v, l->n);
	link->number = number;
	link->name = xstrdup(what);
}

/* By the number; the list of links gives the name. */
static void take_name(const struct nlmsghdr *m, void *userdata)
{
	const struct rtattr *name = rtnl_attribute(m, sizeof(struct ifinfomsg), IFLA_IFNAME, 1);
	_cleanup_free_ char *text = NULL;
	struct links *l = userdata;
	struct ifinfomsg header;

	if (m->nlmsg_type != RTM_NEWLINK || !name)
		return;
	memcpy(&header, (const char *)m + NLMSG_HDRLEN, sizeof(header));
	text = xstrndup(rtnl_value(name), RTA_PAYLOAD(name));
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].number == header.ifi_index)
			warn(l, text, l->v[i].name);
}

static void check_tc(struct links *l, int sock)
{
	const struct tc_listing listing = {.lost = take_lost, .userdata = l};
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};

	ignore_result(tc_list(sock, &listing));
	if (l->n)
		ignore_result(rtnl_list(sock, RTM_GETLINK, &link, sizeof(link), take_name, l));
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(TAKE_PTR(l->v));
	l->n = 0;
}

/* --- IPsec ----------------------------------------------------------------------------------- */

static void note_any(const struct nlmsghdr *m, void *userdata)
{
	(void)m;
	*(bool *)userdata = true;
}

/* Without its policies what was encrypted goes out in clear. */
static void check_ipsec(struct links *l)
{
	const struct xfrm_usersa_id association = {0};
	const struct xfrm_userpolicy_id policy = {0};
	_cleanup_close_ int sock = netns_netlink_socket(l->pid, NETLINK_XFRM);
	bool found = false;

	if (sock < 0 || l->ipsec)
		return;
	ignore_result(rtnl_list(sock, XFRM_MSG_GETSA, &association, sizeof(association), note_any,
				&found));
	ignore_result(
		rtnl_list(sock, XFRM_MSG_GETPOLICY, &policy, sizeof(policy), note_any, &found));
	l->ipsec = found;
	if (found)
		findings_add(l->s->found,
			     FINDING("ipsec", FINDING_BLOCKS,
				     "stop what set it up; ip xfrm state flush and ip xfrm policy "
				     "flush remove it"),
			     "%s has IPsec associations or policies, which cannot be restored",
			     l->s->p->facts->name);
}

/* --- network namespaces ---------------------------------------------------------------------- */

static void check_network(struct links *l, pid_t pid)
{
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	_cleanup_close_ int sock = netns_netlink_socket(pid, NETLINK_ROUTE);

	l->pid = pid;
	if (sock < 0)
		return;
	ignore_result(rtnl_list(sock, RTM_GETLINK, &any, sizeof(any), take_link, l));
	check_tc(l, sock);
	check_ipsec(l);
}

void check_links(struct survey *s)
{
	const struct obstacles *o = &s->p->facts->obstacles;
	struct links l = {.s = s};

	/* the first one may be the host's */
	for (size_t i = s->p->facts->host_network ? 1 : 0; i < o->n_networks; i++)
		check_network(&l, o->networks[i]);
	if (o->more_networks)
		findings_add(s->found,
			     FINDING("network-namespaces", FINDING_BLOCKS,
				     "stop processes that have one of their own"),
			     "%s has more than %zu network namespaces, too many to look for what a "
			     "restore would lose there",
			     s->p->facts->name, o->n_networks);
}
