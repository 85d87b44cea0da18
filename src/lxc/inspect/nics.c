/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists a container's network interfaces and their ends on the host. Runs in the caller's process,
 * as root, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/netlink.h"
#include "inspect/nics.h"
#include "sys/link.h"
#include "sys/link_settings.h"
#include "sys/netns.h"
#include "util/fd.h"
#include "util/mem.h"

#define SETTINGS_MAX 4096

/* The links of one network namespace. */
struct view {
	struct nl_sock *sock;
	struct nl_cache *links;
	struct nl_cache *addresses;
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
static void nic_add_host_side(struct nic *nic, struct rtnl_link *link, struct nl_cache *host,
			      int32_t nsid)
{
	struct rtnl_link *peer = rtnl_link_get(host, rtnl_link_get_link(link));
	struct rtnl_link *bridge;
	int r;

	if (!peer)
		return;
	if (rtnl_link_get_link(peer) == rtnl_link_get_ifindex(link) && rtnl_link_get_type(peer) &&
	    strcmp(rtnl_link_get_type(peer), "veth") == 0 && is_in(peer, nsid)) {
		nic->host_name = xstrdup(rtnl_link_get_name(peer));
		nic->host_mac = link_mac(peer);
		nic->host_ipv6_disabled = ipv6_disabled(nic->host_name);
		bridge = rtnl_link_get(host, rtnl_link_get_master(peer));
		if (bridge) {
			nic->bridge = xstrdup(rtnl_link_get_name(bridge));
			nic->special_port = !link_is_plain_bridge(nic->bridge);
			rtnl_link_put(bridge);
		}
		r = link_settings_read(nic->host_name, nic->mtu, add_setting, nic);
		if (r < 0)
			nic->settings_error = r;
	}
	rtnl_link_put(peer);
}

/* The kernel names the namespace of the other end only if it differs. Caller frees. */
static char *inner_peer(struct rtnl_link *link, struct nl_cache *links)
{
	struct rtnl_link *peer;
	char *name = NULL;
	int32_t nsid;

	if (rtnl_link_get_link_netnsid(link, &nsid) == 0)
		return NULL;
	peer = rtnl_link_get(links, rtnl_link_get_link(link));
	if (peer) {
		name = xstrdup(rtnl_link_get_name(peer));
		rtnl_link_put(peer);
	}
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

static void add_nics(struct container_facts *facts, const struct view *inside,
		     const struct view *host, int32_t nsid)
{
	for (struct nl_object *o = nl_cache_get_first(inside->links); o; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;
		const char *type = rtnl_link_get_type(link);
		struct nic *nic;

		if (rtnl_link_get_flags(link) & IFF_LOOPBACK)
			continue;
		nic = ARRAY_ADD(facts->nics, facts->n_nics);
		nic->ifindex = (unsigned int)rtnl_link_get_ifindex(link);
		nic->type = xstrdup(type ? type : "phys");
		nic->name = xstrdup(rtnl_link_get_name(link));
		nic->mac = link_mac(link);
		nic->mtu = rtnl_link_get_mtu(link);
		nic->ipv6_link_local = has_link_local(inside, rtnl_link_get_ifindex(link));
		if (strcmp(nic->type, "veth") != 0)
			continue;
		nic->inner_peer = inner_peer(link, inside->links);
		if (!nic->inner_peer)
			nic_add_host_side(nic, link, host->links, nsid);
	}
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int inspect_nics(struct container_facts *facts, struct error **reterr)
{
	_cleanup_close_ int netns = netns_open(facts->init_pid);
	struct view inside = {0}, host = {0};
	int r;

	if (netns < 0)
		return error_set(reterr, -netns, "cannot look at the container's network: %s",
				 strerror(-netns));
	facts->host_network = same_file(netns, "/proc/thread-self/ns/net");
	if (facts->host_network)
		return 0;

	r = view_open(netns, &inside);
	if (r == 0)
		r = view_open(-1, &host);
	if (r == 0)
		add_nics(facts, &inside, &host, ask_nsid(host.sock, netns));
	else
		error_set(reterr, EIO, "cannot list network interfaces: %s", nl_geterror(r));
	view_clear(&inside);
	view_clear(&host);
	return r == 0 ? 0 : -EIO;
}
