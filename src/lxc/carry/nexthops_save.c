/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The nexthop objects of the container's network, and the routes by them. Runs in the caller's
 * process as root, with a socket in the container's network namespace, and only reads.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include "carry/nexthops.h"
#include "carry/table_save.h"
#include "inspect/netlink.h"
#include "sys/netns.h"
#include "util/fd.h"
#include "util/hex.h"
#include "util/mem.h"

static int add_message(struct nl_msg *msg, void *userdata)
{
	struct container_facts *facts = userdata;
	_cleanup_free_ struct nlmsghdr *request = nexthop_request(nlmsg_hdr(msg));

	if (request)
		ARRAY_ADD(facts->nexthops, facts->n_nexthops)->message =
			hex_encode(request, request->nlmsg_len);
	return NL_OK;
}

static int dump(struct nl_sock *sock, int type, void *header, size_t size)
{
	int r = nl_send_simple(sock, type, NLM_F_DUMP, header, size);

	return r < 0 ? r : nl_recvmsgs_default(sock);
}

static int read_nexthops(struct nl_sock *sock)
{
	struct nhmsg nexthop = {.nh_family = AF_UNSPEC};
	struct rtmsg route = {.rtm_family = AF_INET};
	int r = dump(sock, RTM_GETNEXTHOP, &nexthop, sizeof(nexthop));

	/* a kernel before 5.3 has none */
	if (r == -NLE_OPNOTSUPP)
		return 0;
	if (r == 0)
		r = dump(sock, RTM_GETROUTE, &route, sizeof(route));
	route.rtm_family = AF_INET6;
	if (r == 0)
		r = dump(sock, RTM_GETROUTE, &route, sizeof(route));
	/* IPv6 can be missing */
	return r == -NLE_OPNOTSUPP || r == -NLE_AF_NOSUPPORT ? 0 : r;
}

int nexthops_save(struct saving *s, struct error **reterr)
{
	struct container_facts *facts = s->facts;
	_cleanup_close_ int netns = netns_open(facts->init_pid);
	struct nl_sock *sock = NULL;
	int r;

	if (facts->host_network)
		return 0;
	if (netns < 0)
		return error_set(reterr, -netns, "cannot look at the container's network: %s",
				 strerror(-netns));
	r = netlink_open(netns, &sock);
	if (r == 0)
		r = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, add_message, facts);
	if (r == 0)
		r = read_nexthops(sock);
	nl_socket_free(sock);
	return r == 0 ? 0
		      : error_set(reterr, EIO, "cannot list the container's nexthops: %s",
				  nl_geterror(r));
}
