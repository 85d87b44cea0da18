/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Forgets incomplete neighbours of a network namespace. Runs in a child of the monitor, in the
 * container's network namespace, with CAP_NET_ADMIN there.
 */
#include "config.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/neighbour.h"
#include "sys/rtnl.h"
#include "sys/rtnl_message.h"
#include "util/fd.h"
#include "util/mem.h"

#define ADDRESS_MAX 16
#define ADDRESS_MIN 4

struct neighbour {
	struct ndmsg info;
	unsigned char address[ADDRESS_MAX];
	size_t len;
};

struct unanswered {
	struct neighbour *list;
	size_t n;
};

static void take_unanswered(const struct nlmsghdr *m, void *userdata)
{
	struct unanswered *all = userdata;
	const struct rtattr *a = rtnl_attribute(m, sizeof(struct ndmsg), NDA_DST, ADDRESS_MIN);
	struct neighbour *found;
	struct ndmsg info;
	size_t len;

	if (m->nlmsg_type != RTM_NEWNEIGH || !a)
		return;
	memcpy(&info, (const char *)m + NLMSG_HDRLEN, sizeof(info));
	len = RTA_PAYLOAD(a);
	if (!(info.ndm_state & NUD_INCOMPLETE) || len > ADDRESS_MAX)
		return;
	found = ARRAY_ADD(all->list, all->n);
	*found = (struct neighbour){
		.info.ndm_family = info.ndm_family,
		.info.ndm_ifindex = info.ndm_ifindex,
		.len = len,
	};
	memcpy(found->address, rtnl_value(a), len);
}

static int forget(int sock, const struct neighbour *n)
{
	struct rtnl_message m;

	rtnl_begin(&m, RTM_DELNEIGH, &n->info, sizeof(n->info));
	rtnl_put(&m, NDA_DST, n->address, n->len);
	return rtnl_request(sock, &m, m.h.nlmsg_len);
}

int neighbours_forget_unanswered(void)
{
	const struct ndmsg all_families = {.ndm_family = AF_UNSPEC};
	struct unanswered all = {0};
	_cleanup_close_ int sock = rtnl_open();
	int e = sock < 0 ? sock
			 : rtnl_list(sock, RTM_GETNEIGH, &all_families, sizeof(all_families),
				     take_unanswered, &all);

	/* entries that change meanwhile are fine */
	if (e == -EINTR)
		e = 0;
	for (size_t i = 0; (e == 0 || e == -ENOENT) && i < all.n; i++)
		e = forget(sock, &all.list[i]);
	free(all.list);
	return e == -ENOENT ? 0 : e;
}
