/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists a container's network interfaces and their ends on the host. Runs in the caller's process,
 * as root, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/nested_nics.h"
#include "inspect/netlink.h"
#include "inspect/nic_kinds.h"
#include "inspect/nics.h"
#include "sys/link.h"
#include "sys/link_settings.h"
#include "sys/netns.h"
#include "sys/networks.h"
#include "util/fd.h"
#include "util/mem.h"

#define SETTINGS_MAX 4096
#define ASK_MAX	     NETWORKS_MAX /* requests for IDs of network namespaces */
/* Each is a word of CRIU's command line, and the container can stack macvlans without end. */
#define NICS_MAX 256

/* The links of one network namespace. */
struct view {
	struct nl_sock *sock;
	struct nl_cache *links;
	struct nl_cache *addresses;
};

struct views {
	struct view inside, host;
	struct network_ids ids; /* that the container's namespace has for those of its processes */
	size_t budget;
	struct link_usual usual;
	int32_t nsid;	   /* the host's ID for the container's namespace */
	int32_t host_nsid; /* the container's ID for the host's */
};

static void view_clear(struct view *v)
{
	nl_cache_free(v->links);
	nl_cache_free(v->addresses);
	nl_socket_free(v->sock);
}

static int view_open(int netns, struct view *v)
{
	int r = netlink_open(netns, &v->sock);

	if (r == 0)
		r = rtnl_link_alloc_cache(v->sock, AF_UNSPEC, &v->links);
	if (r == 0)
		r = rtnl_addr_alloc_cache(v->sock, &v->addresses);
	return r;
}

static char *link_mac(struct rtnl_link *link)
{
	struct nl_addr *addr = rtnl_link_get_addr(link);
	char text[64];

	if (!addr || nl_addr_get_len(addr) != 6)
		return NULL;
	return xstrdup(nl_addr2str(addr, text, sizeof(text)));
}

static bool ipv6_disabled(const char *link)
{
	_cleanup_free_ char *path = xasprintf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", link);
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, path, 64, &text) > 0 && text[0] == '1';
}

/* The host's ID for the container's network namespace; -1: none. */
static int take_nsid(struct nl_msg *msg, void *userdata)
{
	struct nlattr *nsid = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct rtgenmsg), NETNSA_NSID);

	if (nsid)
		*(int32_t *)userdata = (int32_t)nla_get_u32(nsid);
	return NL_OK;
}

static int32_t ask_nsid(struct nl_sock *host, int netns)
{
	const struct rtgenmsg general = {.rtgen_family = AF_UNSPEC};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETNSID, 0);
	int32_t nsid = -1;

	nl_socket_disable_auto_ack(host);
	if (msg && nlmsg_append(msg, (void *)(uintptr_t)&general, sizeof(general), 0) == 0 &&
	    nla_put_u32(msg, NETNSA_FD, (uint32_t)netns) == 0 &&
	    nl_socket_modify_cb(host, NL_CB_VALID, NL_CB_CUSTOM, take_nsid, &nsid) == 0 &&
	    nl_send_auto(host, msg) >= 0)
		nl_recvmsgs_default(host);
	nlmsg_free(msg);
	return nsid;
}

/* Numbers alone prove little: a container chooses those of its links. */
static bool is_in(struct rtnl_link *peer, int32_t nsid)
{
	int32_t other;

	return nsid >= 0 && rtnl_link_get_link_netnsid(peer, &other) == 0 && other == nsid;
}

static void add_setting(const char *name, const char *value, void *userdata)
{
	struct nic *nic = userdata;
	struct nic_setting *s;

	if (nic->n_host_settings == SETTINGS_MAX) {
		nic->settings_error = -E2BIG;
		return;
	}
	s = ARRAY_ADD(nic->host_settings, nic->n_host_settings);
	s->name = xstrdup(name);
	s->value = xstrdup(value);
	nic->special_port = nic->special_port || link_setting_is_of_port(name);
}

/* Finds the other end of a veth, which must be a veth that names this one as its peer. */
static void nic_add_host_side(struct nic *nic, struct rtnl_link *link, struct views *v)
{
	struct rtnl_link *peer = rtnl_link_get(v->host.links, rtnl_link_get_link(link));
	struct rtnl_link *bridge;
	int r;

	if (!peer)
		return;
	if (rtnl_link_get_link(peer) == rtnl_link_get_ifindex(link) && rtnl_link_get_type(peer) &&
	    strcmp(rtnl_link_get_type(peer), "veth") == 0 && is_in(peer, v->nsid)) {
		nic->host_name = xstrdup(rtnl_link_get_name(peer));
		nic->host_mac = link_mac(peer);
		nic->host_ipv6_disabled = ipv6_disabled(nic->host_name);
		bridge = rtnl_link_get(v->host.links, rtnl_link_get_master(peer));
		if (bridge) {
			nic->bridge = xstrdup(rtnl_link_get_name(bridge));
			nic->special_port = !link_is_plain_bridge(nic->bridge);
			rtnl_link_put(bridge);
		}
		r = link_settings_read(nic->host_name, nic->mtu, &v->usual, add_setting, nic);
		if (r < 0)
			nic->settings_error = r;
	}
	rtnl_link_put(peer);
}

/* --- links without a part on the host --------------------------------------------------------- */

/* The kernel names the namespace of the other end only if it differs. */
static bool is_inner_veth(struct rtnl_link *link, struct views *v)
{
	int32_t nsid;

	return rtnl_link_get_link_netnsid(link, &nsid) != 0 ||
	       network_ids_have(&v->ids, nsid, &v->budget);
}

/* --- macvlan --------------------------------------------------------------------------------- */

/* The link on which it is; NULL: it is in the container, or of a form that CRIU loses. */
static char *macvlan_parent(struct rtnl_link *link, struct nl_cache *host, int32_t host_nsid)
{
	struct rtnl_link *parent =
		is_in(link, host_nsid) ? rtnl_link_get(host, rtnl_link_get_link(link)) : NULL;
	char *name = NULL;

	if (parent && rtnl_link_macvlan_get_mode(link) != MACVLAN_MODE_SOURCE)
		name = xstrdup(rtnl_link_get_name(parent));
	rtnl_link_put(parent);
	return name;
}

static bool has_link_local(const struct view *v, int ifindex)
{
	for (struct nl_object *o = nl_cache_get_first(v->addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (rtnl_addr_get_ifindex(a) == ifindex && rtnl_addr_get_family(a) == AF_INET6 &&
		    rtnl_addr_get_scope(a) == RT_SCOPE_LINK)
			return true;
	}
	return false;
}

static struct nic *add_nic(struct container_facts *facts, struct rtnl_link *link,
			   const struct view *inside, const char *type)
{
	struct nic *nic = ARRAY_ADD(facts->nics, facts->n_nics);

	nic->ifindex = (unsigned int)rtnl_link_get_ifindex(link);
	nic->type = xstrdup(type);
	nic->name = xstrdup(rtnl_link_get_name(link));
	nic->mac = link_mac(link);
	nic->mtu = rtnl_link_get_mtu(link);
	nic->ipv6_link_local = has_link_local(inside, rtnl_link_get_ifindex(link));
	return nic;
}

/* The part on the host is that of a link in the manifest. */
static bool add_macvlan(struct container_facts *facts, struct rtnl_link *link, struct views *v)
{
	char *parent =
		facts->n_idmaps == 0 ? macvlan_parent(link, v->host.links, v->host_nsid) : NULL;

	if (!parent || facts->n_nics >= NICS_MAX) {
		free(parent);
		return false;
	}
	add_nic(facts, link, &v->inside, "macvlan")->parent = parent;
	return true;
}

/* Those with a part on the host go to the manifest; CRIU alone makes others that it knows. */
static void sort_link(struct container_facts *facts, struct rtnl_link *link, struct views *v)
{
	const char *type = rtnl_link_get_type(link);
	struct nic_kind k = {
		.type = type ? type : "phys",
		.name = rtnl_link_get_name(link),
		.hardware = rtnl_link_get_arptype(link),
		.is_up = rtnl_link_get_flags(link) & IFF_UP,
	};

	if (strcmp(k.type, "veth") == 0) {
		if (!is_inner_veth(link, v))
			nic_add_host_side(add_nic(facts, link, &v->inside, k.type), link, v);
		return;
	}
	if (nic_is_made(&k) || (strcmp(k.type, "macvlan") == 0 && add_macvlan(facts, link, v)))
		return;
	nic_add_obstacle(facts, &k, nic_is_fallback(&k) ? INNER_FALLBACK : INNER_KIND, 0);
}

static void add_nics(struct container_facts *facts, struct views *v)
{
	struct nl_cache *all = v->inside.links;

	for (struct nl_object *o = nl_cache_get_first(all); o; o = nl_cache_get_next(o))
		if (!(rtnl_link_get_flags((struct rtnl_link *)o) & IFF_LOOPBACK))
			sort_link(facts, (struct rtnl_link *)o, v);
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int look_at_both(struct container_facts *facts, int netns, struct error **reterr)
{
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int for_ids = netns_netlink_socket(facts->init_pid, NETLINK_ROUTE);
	struct views v = {.nsid = -1, .host_nsid = -1, .budget = ASK_MAX};
	int r = view_open(netns, &v.inside);

	if (r == 0)
		r = view_open(-1, &v.host);
	if (r == 0) {
		v.ids.sock = for_ids;
		v.ids.all = facts->obstacles.networks;
		v.ids.n = facts->obstacles.n_networks;
		v.nsid = ask_nsid(v.host.sock, netns);
		v.host_nsid = ask_nsid(v.inside.sock, own);
		add_nics(facts, &v);
	} else {
		error_set(reterr, EIO, "cannot list network interfaces: %s", nl_geterror(r));
	}
	view_clear(&v.inside);
	view_clear(&v.host);
	return r == 0 ? 0 : -EIO;
}

int inspect_nics(struct container_facts *facts, struct error **reterr)
{
	_cleanup_close_ int netns = netns_open(facts->init_pid);
	struct obstacles *o = &facts->obstacles;
	int r;

	if (netns < 0)
		return error_set(reterr, -netns, "cannot look at the container's network: %s",
				 strerror(-netns));
	facts->host_network = same_file(netns, "/proc/thread-self/ns/net");
	o->n_networks = networks_find(facts->init_pid, &o->networks, &o->more_networks);
	if (facts->host_network)
		return 0;
	r = look_at_both(facts, netns, reterr);
	if (r == 0)
		inspect_nested_nics(facts);
	return r;
}
