/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/nics.h"
#include "util/fd.h"
#include "util/mem.h"

static int link_cache(struct nl_sock **ret_sock, struct nl_cache **ret_cache)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	if (r == 0)
		r = rtnl_link_alloc_cache(sock, AF_UNSPEC, ret_cache);
	if (r < 0) {
		nl_socket_free(sock);
		return r;
	}
	*ret_sock = sock;
	return 0;
}

/*
 * A netlink socket belongs to the namespace it was made in: the calling thread
 * is in the container's for just that long. It must come back, whatever
 * happens; where it cannot, going on would configure the wrong network.
 */
static int link_cache_in(int netns, struct nl_sock **ret_sock, struct nl_cache **ret_cache)
{
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -NLE_PERM;
	r = link_cache(ret_sock, ret_cache);
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
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

/* The other end of a veth, which must be a veth that says the same of this one. */
static void nic_add_host_side(struct nic *nic, struct rtnl_link *link, struct nl_cache *host)
{
	struct rtnl_link *peer = rtnl_link_get(host, rtnl_link_get_link(link));
	struct rtnl_link *bridge;

	if (!peer)
		return;
	if (rtnl_link_get_link(peer) == rtnl_link_get_ifindex(link) && rtnl_link_get_type(peer) &&
	    strcmp(rtnl_link_get_type(peer), "veth") == 0) {
		nic->host_name = xstrdup(rtnl_link_get_name(peer));
		nic->host_mac = link_mac(peer);
		nic->host_ipv6_disabled = ipv6_disabled(nic->host_name);
		bridge = rtnl_link_get(host, rtnl_link_get_master(peer));
		if (bridge) {
			nic->bridge = xstrdup(rtnl_link_get_name(bridge));
			rtnl_link_put(bridge);
		}
	}
	rtnl_link_put(peer);
}

static void add_nics(struct container_facts *facts, struct nl_cache *inside, struct nl_cache *host)
{
	for (struct nl_object *o = nl_cache_get_first(inside); o; o = nl_cache_get_next(o)) {
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
		if (strcmp(nic->type, "veth") == 0)
			nic_add_host_side(nic, link, host);
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
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int)facts->init_pid);
	_cleanup_close_ int netns = open(path, O_RDONLY | O_CLOEXEC);
	struct nl_sock *inside_sock = NULL, *host_sock = NULL;
	struct nl_cache *inside = NULL, *host = NULL;
	int r;

	if (netns < 0)
		return error_errno(reterr, "cannot look at the container's network (%s)", path);
	if (same_file(netns, "/proc/thread-self/ns/net"))
		return 0; /* lxc.net.0.type = none: the host's network is not the container's */

	r = link_cache_in(netns, &inside_sock, &inside);
	if (r == 0)
		r = link_cache(&host_sock, &host);
	if (r == 0)
		add_nics(facts, inside, host);
	else
		error_set(reterr, EIO, "cannot list network interfaces: %s", nl_geterror(r));
	nl_cache_free(inside);
	nl_cache_free(host);
	nl_socket_free(inside_sock);
	nl_socket_free(host_sock);
	return r == 0 ? 0 : -EIO;
}
