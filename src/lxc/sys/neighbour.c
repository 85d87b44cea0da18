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
#include "util/fd.h"
#include "util/mem.h"

#define ADDRESS_MAX 16
#define ADDRESS_MIN 4

/* The request that deletes it. */
struct request {
	struct nlmsghdr h;
	struct ndmsg info;
	struct rtattr attribute;
	unsigned char address[ADDRESS_MAX];
};

struct unanswered {
	struct request *list;
	size_t n;
};

static void take_unanswered(const struct nlmsghdr *m, void *userdata)
{
	struct unanswered *all = userdata;
	const struct rtattr *a = rtnl_attribute(m, sizeof(struct ndmsg), NDA_DST, ADDRESS_MIN);
	struct request *r;
	struct ndmsg info;
	size_t len;

	if (m->nlmsg_type != RTM_NEWNEIGH || !a)
		return;
	memcpy(&info, (const char *)m + NLMSG_HDRLEN, sizeof(info));
	len = a->rta_len - RTA_LENGTH(0);
	if (!(info.ndm_state & NUD_INCOMPLETE) || len > ADDRESS_MAX)
		return;
	r = ARRAY_ADD(all->list, all->n);
	*r = (struct request){
		.h.nlmsg_len = (unsigned int)(NLMSG_LENGTH(sizeof(info)) + RTA_SPACE(len)),
		.h.nlmsg_type = RTM_DELNEIGH,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.info.ndm_family = info.ndm_family,
		.info.ndm_ifindex = info.ndm_ifindex,
		.attribute.rta_len = (unsigned short)RTA_LENGTH(len),
		.attribute.rta_type = NDA_DST,
	};
	memcpy(r->address, (const char *)a + RTA_LENGTH(0), len);
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
		e = rtnl_request(sock, &all.list[i], all.list[i].h.nlmsg_len);
	free(all.list);
	return e == -ENOENT ? 0 : e;
}
