/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks for links that CRIU cannot make again in the network namespaces that processes of a
 * container have made. CRIU makes a veth whose both ends are in the container, but takes one for
 * the container's own if it has the same name, and it makes no other link with a part outside. Runs
 * in the caller's process, as root, and only reads. The container chooses names, numbers and how
 * many links there are.
 */
#include "config.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "inspect/nested_nics.h"
#include "inspect/nic_kinds.h"
#include "sys/netns.h"
#include "sys/networks.h"
#include "sys/rtnl.h"
#include "util/fd.h"
#include "util/mem.h"

#define ASK_MAX	     32768 /* requests for IDs */
#define LISTINGS_MAX 3	   /* of a table that changes meanwhile */

struct nested {
	struct container_facts *facts;
	pid_t pid; /* a process in the network namespace */
	struct network_ids *ids;
	size_t budget;
};

static char *text_of(const struct rtattr *a)
{
	return a ? xstrndup(rtnl_value(a), RTA_PAYLOAD(a)) : NULL;
}

/* The link has the name of one for which CRIU is told an end on the host. */
static bool is_name_of_outer(const struct container_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_nics; i++)
		if (strcmp(facts->nics[i].name, name) == 0)
			return true;
	return false;
}

static void judge_veth(struct nested *n, const struct nic_kind *k, const struct nlmsghdr *m)
{
	const struct rtattr *a =
		rtnl_attribute(m, sizeof(struct ifinfomsg), IFLA_LINK_NETNSID, sizeof(int32_t));
	int32_t id = -1;

	if (a)
		memcpy(&id, rtnl_value(a), sizeof(id));
	if (a && !network_ids_have(n->ids, id, &n->budget))
		nic_add_obstacle(n->facts, k, INNER_OTHER_END, n->pid);
	else if (is_name_of_outer(n->facts, k->name))
		nic_add_obstacle(n->facts, k, INNER_SAME_NAME, n->pid);
}

/* The kernel answers no request on this socket before the listing ends, so IDs have another one. */
static void take_link(const struct nlmsghdr *m, void *userdata)
{
	const size_t size = sizeof(struct ifinfomsg);
	_cleanup_free_ char *name = text_of(rtnl_attribute(m, size, IFLA_IFNAME, 1));
	_cleanup_free_ char *type =
		text_of(rtnl_within(rtnl_attribute(m, size, IFLA_LINKINFO, 0), IFLA_INFO_KIND, 1));
	struct nic_kind k = {.type = type ? type : "phys", .name = name};
	struct nested *n = userdata;
	struct ifinfomsg header;

	if (m->nlmsg_type != RTM_NEWLINK || !name)
		return;
	memcpy(&header, (const char *)m + NLMSG_HDRLEN, sizeof(header));
	k.hardware = header.ifi_type;
	k.is_up = header.ifi_flags & IFF_UP;
	if (header.ifi_flags & IFF_LOOPBACK)
		return;
	if (strcmp(k.type, "veth") == 0)
		judge_veth(n, &k, m);
	else if (!nic_is_made(&k))
		nic_add_obstacle(n->facts, &k, nic_is_fallback(&k) ? INNER_FALLBACK : INNER_KIND,
				 n->pid);
}

static void look_into(struct nested *n)
{
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	_cleanup_close_ int sock = netns_netlink_socket(n->pid, NETLINK_ROUTE);
	_cleanup_close_ int for_ids = netns_netlink_socket(n->pid, NETLINK_ROUTE);
	int e = -EINTR;

	/* the process has just exited */
	if (sock < 0 || for_ids < 0)
		return;
	n->ids->sock = for_ids;
	n->ids->asked = 0;
	/* a link that is listed twice is one finding */
	for (int i = 0; e == -EINTR && i < LISTINGS_MAX; i++)
		e = rtnl_list(sock, RTM_GETLINK, &any, sizeof(any), take_link, n);
}

void inspect_nested_nics(struct container_facts *facts)
{
	const struct obstacles *o = &facts->obstacles;
	_cleanup_free_ struct network_ids *ids = xcalloc(1, sizeof(*ids));
	struct nested n = {.facts = facts, .ids = ids, .budget = ASK_MAX};

	ids->all = o->networks;
	ids->n = o->n_networks;
	for (size_t i = 1; i < o->n_networks; i++) {
		n.pid = o->networks[i];
		look_into(&n);
	}
}
