/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opens a netlink socket in another network namespace. Runs in the caller's process, as root: the
 * calling thread is in that namespace for a moment.
 */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

#include "inspect/netlink.h"
#include "util/fd.h"

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

/*
 * A netlink socket belongs to the namespace in which it was made, so the calling thread enters the
 * container's for a moment. It must come back, whatever happens; if it cannot, continuing would
 * configure the wrong network.
 */
int netlink_open(int netns, struct nl_sock **ret)
{
	_cleanup_close_ int own = -1;
	int r;

	if (netns < 0)
		return open_here(ret);
	own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -NLE_PERM;
	r = open_here(ret);
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	return r;
}
