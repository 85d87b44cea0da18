/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "util/rtnl.h"

int rtnl_open(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return sock < 0 ? -errno : sock;
}

int rtnl_request(int sock, const void *message, size_t len)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[8192]; /* the request itself, and words of the kernel's */
	} answer;
	ssize_t n;

	if (send(sock, message, len, 0) < 0)
		return -errno;
	n = recv(sock, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(answer.header) + sizeof(answer.error) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return answer.error.error;
}
