/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opens one of libnl's sockets in another network namespace. Runs in the caller's process, as root.
 */
#include "config.h"

#include <netlink/errno.h>

#include "inspect/netlink.h"
#include "sys/netns.h"

static int open_here(struct nl_sock **ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	if (r < 0) {
		nl_socket_free(sock);
		return r;
	}
	*ret = sock;
	return 0;
}

struct opening {
	struct nl_sock **sock;
	int result; /* libnl's */
};

static int open_for(void *userdata)
{
	struct opening *o = userdata;

	o->result = open_here(o->sock);
	return 0;
}

int netlink_open(int netns, struct nl_sock **ret)
{
	struct opening o = {.sock = ret};
	int e;

	if (netns < 0)
		return open_here(ret);
	e = netns_call(netns, open_for, &o);
	return e < 0 ? -nl_syserr2nlerr(e) : o.result;
}
