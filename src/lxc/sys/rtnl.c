/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The transport of rtnetlink: sends one request, and reads its answer to the end. Runs in any of
 * our processes, in the network namespace in which the socket was opened; changes need
 * CAP_NET_ADMIN there.
 */
#include "config.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/rtnl.h"
#include "util/mem.h"

/* The kernel puts no more than this into one packet of a list. */
#define PACKET_SIZE (32 * 1024)

int rtnl_open(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return sock < 0 ? -errno : sock;
}

/* An NLMSG_ERROR, and from Linux 5.x on an NLMSG_DONE, begin with the error number. */
static int ending(const struct nlmsghdr *m)
{
	int error = 0;

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return m->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, (const char *)m + NLMSG_HDRLEN, sizeof(error));
	return error > 0 ? 0 : error;
}

int rtnl_packet(const char *packet, size_t len, struct rtnl_answer *a)
{
	while (!a->ended && len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *m = (const void *)packet;
		size_t n;

		if (m->nlmsg_len < sizeof(*m) || m->nlmsg_len > len)
			return -EBADMSG;
		a->interrupted = a->interrupted || (m->nlmsg_flags & NLM_F_DUMP_INTR);
		a->ended = m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR;
		if (a->ended)
			return ending(m);
		if (a->fn && m->nlmsg_type >= NLMSG_MIN_TYPE)
			a->fn(m, a->userdata);
		n = NLMSG_ALIGN((size_t)m->nlmsg_len);
		n = n < len ? n : len;
		packet += n;
		len -= n;
	}
	return 0;
}

int rtnl_ask(int sock, const void *message, size_t len,
	     void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata)
{
	_cleanup_free_ char *packet = xcalloc(1, PACKET_SIZE);
	struct rtnl_answer a = {.fn = fn, .userdata = userdata};
	int e = send(sock, message, len, 0) < 0 ? -errno : 0;

	while (e == 0 && !a.ended) {
		/* with its own length, as far as it fits */
		ssize_t n = recv(sock, packet, PACKET_SIZE, MSG_TRUNC);

		if (n < 0)
			e = errno == EINTR ? 0 : -errno;
		else if (n == 0 || n > PACKET_SIZE)
			e = -EBADMSG;
		else
			e = rtnl_packet(packet, (size_t)n, &a);
	}
	return e == 0 && a.interrupted ? -EINTR : e;
}

int rtnl_request(int sock, const void *message, size_t len)
{
	return rtnl_ask(sock, message, len, NULL, NULL);
}

int rtnl_list(int sock, unsigned short type, const void *header, size_t len,
	      void (*fn)(const struct nlmsghdr *m, void *userdata), void *userdata)
{
	struct {
		struct nlmsghdr h;
		char header[64];
	} request = {
		.h.nlmsg_len = (unsigned int)NLMSG_LENGTH(len),
		.h.nlmsg_type = type,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};

	if (len > sizeof(request.header))
		return -EINVAL;
	memcpy(request.header, header, len);
	return rtnl_ask(sock, &request, request.h.nlmsg_len, fn, userdata);
}

const struct rtattr *rtnl_take(const void **attributes, size_t *len, unsigned short type,
			       size_t least)
{
	while (*len >= sizeof(struct rtattr)) {
		const struct rtattr *a = *attributes;
		size_t n = RTA_ALIGN((size_t)a->rta_len);

		if (a->rta_len < sizeof(*a) || a->rta_len > *len)
			return NULL;
		n = n < *len ? n : *len;
		*attributes = (const char *)*attributes + n;
		*len -= n;
		if ((a->rta_type & NLA_TYPE_MASK) == type && RTA_PAYLOAD(a) >= least)
			return a;
	}
	return NULL;
}

const struct rtattr *rtnl_attribute(const struct nlmsghdr *m, size_t header, unsigned short type,
				    size_t least)
{
	const void *p = (const char *)m + NLMSG_SPACE(header);
	size_t len = m->nlmsg_len > NLMSG_SPACE(header) ? m->nlmsg_len - NLMSG_SPACE(header) : 0;

	return rtnl_take(&p, &len, type, least);
}

const struct rtattr *rtnl_within(const struct rtattr *nest, unsigned short type, size_t least)
{
	const void *p = nest ? rtnl_value(nest) : NULL;
	size_t len = nest ? RTA_PAYLOAD(nest) : 0;

	return rtnl_take(&p, &len, type, least);
}
